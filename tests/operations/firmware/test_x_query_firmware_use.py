"""XQueryFirmwareUse through the signed door (A06, I15)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_job, make_product
from tests.operations.group.keys import key_without, limited_key
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "XQueryFirmwareUse"
NOT_FOUND = "iot.ota.FirmwareNotFound"


async def test_where_it_runs(door: SignedDoor, case: Case) -> None:
    """Devices at its version, jobs by state with the held ones first, and their tasks together."""
    product_key = await make_product(door)
    devices = [await make_device(door, product_key, f"lamp-{number:04d}", "1.0.0") for number in range(4)]
    firmware_id = await make_firmware(door, product_key)
    await make_job(door, product_key, firmware_id, "lamp-0000")
    paused = await make_job(door, product_key, firmware_id, "lamp-0001", "lamp-0002")
    await door.ok("XPauseOTAJob", JobId=paused, Reason="why not")
    await make_job(door, product_key, firmware_id, "lamp-0003")
    await devices[0].connect()
    await door.engine.settle()
    await devices[0].report_version("1.1.0")
    await door.engine.settle()
    tasks = {"Confirm": 0, "Queued": 3, "Notified": 0, "InProgress": 0, "Succeeded": 1, "Failed": 0, "Canceled": 0}
    data = {
        "FirmwareId": firmware_id,
        "ProductKey": product_key,
        "ModuleName": "default",
        "Version": "1.1.0",
        "DeviceCount": 1,
        "ProductDeviceCount": 4,
        "JobCount": 3,
        "Jobs": [{"State": state, "Count": 1} for state in ("PAUSED", "RUNNING", "ENDED")],
        "Tasks": tasks,
    }
    check_answer(await door.call(ACTION, case=case, FirmwareId=firmware_id), case, {"Data": data})
    found = await door.ok("XListDevices", ProductKey=product_key, ReportedVersion="1.1.0")
    assert found["Total"] == data["DeviceCount"]
    for state in ("PAUSED", "ENDED"):
        assert (await door.ok("XListOTAJobs", FirmwareId=firmware_id, State=[state]))["Total"] == 1


async def test_unused_firmware(door: SignedDoor) -> None:
    """Nothing runs it, and nothing is under way."""
    firmware_id = await make_firmware(door, await make_product(door))
    data = (await door.ok(ACTION, FirmwareId=firmware_id))["Data"]
    assert (data["DeviceCount"], data["JobCount"], data["Jobs"]) == (0, 0, [])
    assert set(data["Tasks"].values()) == {0}


async def test_I15_A06_whose_it_is(door: SignedDoor) -> None:
    """Another account's firmware, and one outside a key's products, is not found."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    firmware_id = await make_firmware(door, lamp)
    other = await door.make_key("neighbour")
    assert await door.refusal(ACTION, by=other, FirmwareId=firmware_id) == NOT_FOUND
    assert await door.refusal(ACTION, FirmwareId="404") == NOT_FOUND
    of_plug, of_lamp = await limited_key(door, products=(plug,)), await limited_key(door, products=(lamp,))
    assert await door.refusal(ACTION, by=of_plug, FirmwareId=firmware_id) == NOT_FOUND
    assert (await door.ok(ACTION, by=of_lamp, FirmwareId=firmware_id))["Data"]["JobCount"] == 0
    of_group = await limited_key(door, groups=("HtMLECKbdJQL7xBz",))
    assert await door.refusal(ACTION, by=of_group, FirmwareId=firmware_id) == "Forbidden.RAM"


async def test_rights(door: SignedDoor) -> None:
    """The key needs the right to read firmware."""
    firmware_id = await make_firmware(door, await make_product(door))
    without = await key_without(door, Permission.FIRMWARE_READ)
    assert await door.refusal(ACTION, by=without, FirmwareId=firmware_id) == "Forbidden.RAM"
