"""Firmware for modules other than `default`, through the signed door to the devices (api-contract 7.1, 8.2, 9)."""

from __future__ import annotations

import pytest

from tests.operations.fleet import (
    make_device,
    make_firmware,
    make_job,
    make_module,
    make_product,
    statuses_of,
    upload_file,
)
from tests.operations.signed_door import SignedDoor


async def test_the_module_must_exist(door: SignedDoor) -> None:
    """In the firmware's product and in its case; `default` always does."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    await make_module(door, plug, "mcu")
    await make_module(door, lamp, "Radio")
    given = {"FirmwareName": "fw", "DestVersion": "1", "FirmwareUrl": await upload_file(door), "ProductKey": lamp}
    for name in ("mcu", "radio"):
        assert await door.refusal("CreateOTAFirmware", **given, ModuleName=name) == "iot.ota.ModuleNotFound"
    await door.ok("CreateOTAFirmware", **given, ModuleName="Radio")


async def test_a_version_is_taken_once_per_module(door: SignedDoor) -> None:
    """The same version of two modules are two firmware; both are listed with their module."""
    product_key = await make_product(door)
    await make_module(door, product_key)
    await make_firmware(door, product_key, "2", FirmwareName="whole")
    await make_firmware(door, product_key, "2", FirmwareName="part", ModuleName="mcu")
    given = {"FirmwareName": "x", "DestVersion": "2", "FirmwareUrl": await upload_file(door), "ProductKey": product_key}
    assert await door.refusal("CreateOTAFirmware", **given, ModuleName="mcu") == "iot.ota.FirmwareAlreadyExist"
    rows = (await door.ok("ListOTAFirmware", CurrentPage=1, PageSize=10, DestVersion="2"))["FirmwareInfo"]
    assert [row["ModuleName"] for row in rows["SimpleFirmwareInfo"]] == ["mcu", "default"]


async def test_I7_the_modules_own_version_is_the_success(door: SignedDoor) -> None:
    """A device is told the module, and succeeds when it reports the version for it, not for another."""
    product_key = await make_product(door)
    await make_module(door, product_key)
    firmware_id = await make_firmware(door, product_key, "2", ModuleName="mcu")
    device = await make_device(door, product_key, "lamp-0001", "1")
    await device.report_version("1", "mcu")
    job_id = await make_job(door, product_key, firmware_id, "lamp-0001")
    await device.connect()
    assert [(notice.module_name, notice.dest_version) for notice in device.notices] == [("mcu", "2")]
    seen = []
    for version, module in (("2", "default"), ("2", "radio"), ("2", "mcu")):
        await device.report_version(version, module)
        seen.append((await statuses_of(door, job_id))["lamp-0001"])
    assert seen == ["NOTIFIED", "NOTIFIED", "SUCCEEDED"]


async def test_progress_counts_for_its_module(door: SignedDoor) -> None:
    """A progress report for another module changes nothing."""
    product_key = await make_product(door)
    await make_module(door, product_key)
    firmware_id = await make_firmware(door, product_key, "2", ModuleName="mcu")
    device = await make_device(door, product_key, "lamp-0001", "1")
    job_id = await make_job(door, product_key, firmware_id, "lamp-0001")
    await device.connect()
    seen = []
    for module in ("default", "mcu"):
        await device.report_progress(50, module=module)
        seen.append((await statuses_of(door, job_id))["lamp-0001"])
    assert seen == ["NOTIFIED", "IN_PROGRESS"]


@pytest.mark.parametrize(("wanted", "is_told"), [("mcu", True), ("", True), ("default", False), ("MCU", False)])
async def test_a_pull_for_a_module(wanted: str, is_told: bool, door: SignedDoor) -> None:
    """A pull for the module or for the whole device brings the module's task, one for another module nothing."""
    product_key = await make_product(door)
    await make_module(door, product_key)
    firmware_id = await make_firmware(door, product_key, "2", ModuleName="mcu")
    device = await make_device(door, product_key, "lamp-0001", "1")
    await make_job(door, product_key, firmware_id, "lamp-0001")
    notice = await device.ask(wanted)
    assert (notice.module_name if notice else None) == ("mcu" if is_told else None)


async def test_I9_a_difference_for_a_module(door: SignedDoor) -> None:
    """Only a device whose module is at the SrcVersion is told, and that it is a difference; no other module counts."""
    product_key = await make_product(door)
    await make_module(door, product_key)
    difference = {"ModuleName": "mcu", "Type": 1, "SrcVersion": "1"}
    firmware_id = await make_firmware(door, product_key, "2", **difference)
    devices = []
    for name, version in (("right", "1"), ("wrong", "0"), ("never", None)):
        device = await make_device(door, product_key, name, "1")
        if version is not None:
            await device.report_version(version, "mcu")
        devices.append(device)
    job_id = await make_job(door, product_key, firmware_id)
    await door.engine.settle()
    assert await statuses_of(door, job_id) == {"right": "QUEUED"}
    told = [await device.ask("mcu") for device in devices]
    assert [notice.is_difference if notice else None for notice in told] == [True, None, None]
