"""ModifyOTAFirmware through the signed door (api-contract 8.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import make_device, make_firmware, make_job, make_multi_firmware, make_product
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "ModifyOTAFirmware"


async def info_of(door: SignedDoor, firmware_id: str) -> dict[str, Any]:
    """What does not depend on the moment of the question."""
    info: dict[str, Any] = (await door.ok("QueryOTAFirmware", FirmwareId=firmware_id))["FirmwareInfo"]
    return {name: value for name, value in info.items() if name not in ("FirmwareUrl", "MultiFiles")}


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({"FirmwareDesc": "新 <1>"}, {"FirmwareDesc": "新 <1>"}),
        ({"FirmwareName": "other"}, {"FirmwareName": "other"}),
        ({"FirmwareUdi": '{"a":1}'}, {"Udi": '{"a":1}'}),
        ({"Udi": "u"}, {"Udi": "u"}),
        ({"Udi": "u", "FirmwareUdi": "u"}, {"Udi": "u"}),
        ({"DestVersion": "9", "FirmwareName": "", "FirmwareDesc": "", "Udi": ""}, {}),
    ],
)
async def test_only_what_is_given_changes(given: Any, changed: Any, door: SignedDoor, case: Case) -> None:
    """The envelope alone is answered; versions, files and what is not given stay, and an empty value is not given."""
    contents = {"a": b"1", "b": b"2"}
    extra = {"FirmwareDesc": "old", "Udi": "old"}
    firmware_id = await make_multi_firmware(door, await make_product(door), contents, **extra)
    before = await info_of(door, firmware_id)
    door.clock.at_ms += 1
    check_answer(await door.call(ACTION, case=case, FirmwareId=firmware_id, **given), case, {})
    assert await info_of(door, firmware_id) == before | changed | {"UtcModified": "2025-01-02T03:04:05.679Z"}


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        ({"FirmwareName": "a" * 39}, True),
        ({"FirmwareName": "a" * 40}, True),
        ({"FirmwareName": "a" * 41}, False),
        ({"FirmwareName": "-a"}, False),
        ({"FirmwareDesc": "d" * 99}, True),
        ({"FirmwareDesc": "述" * 100}, True),
        ({"FirmwareDesc": "d" * 101}, False),
        ({"FirmwareUdi": "u" * 4095}, True),
        ({"FirmwareUdi": "u" * 4096}, True),
        ({"FirmwareUdi": "u" * 4097}, False),
        ({"Udi": "u" * 4096}, True),
        ({"Udi": "u" * 4097}, False),
        ({"Udi": "one", "FirmwareUdi": "another"}, False),
    ],
)
async def test_limits(given: dict[str, str], is_taken: bool, door: SignedDoor) -> None:
    """A name of 40 characters, a description of 100, a Udi of 4096, which has one value."""
    firmware_id = await make_firmware(door, await make_product(door))
    if is_taken:
        await door.ok(ACTION, FirmwareId=firmware_id, **given)
    else:
        assert await door.refusal(ACTION, FirmwareId=firmware_id, **given) == "iot.ota.InvalidParameter"


async def test_a_name_stays_unique(door: SignedDoor) -> None:
    """Another firmware's name is refused, also of another product; its own is no change; another account's is free."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    firmware_id = await make_firmware(door, lamp, FirmwareName="mine")
    await make_firmware(door, plug, FirmwareName="taken")
    neighbour = await door.make_key("neighbour")
    await make_firmware(door, await make_product(door, by=neighbour), FirmwareName="theirs", by=neighbour)
    assert await door.refusal(ACTION, FirmwareId=firmware_id, FirmwareName="taken") == "iot.ota.FirmwareAlreadyExist"
    for name in ("mine", "theirs"):
        await door.ok(ACTION, FirmwareId=firmware_id, FirmwareName=name)


async def test_I10_jobs_go_on_with_what_they_pinned(door: SignedDoor) -> None:
    """A job made before sends the old Udi and shows the old name."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key, FirmwareName="old", Udi="old")
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    job_id = await make_job(door, product_key, firmware_id, "lamp-0001")
    await door.ok(ACTION, FirmwareId=firmware_id, FirmwareName="new", Udi="new")
    notice = await device.ask()
    assert notice is not None
    assert notice.extra == {"_package_udi": "old"}
    assert (await door.ok("QueryOTAJob", JobId=job_id))["Data"]["Name"] == "old"


async def test_the_product_must_be_the_firmwares(door: SignedDoor) -> None:
    """ProductKey, which one vendor requires, is checked when it is given."""
    lamp, plug = await make_product(door, "lamp"), await make_product(door, "plug")
    firmware_id = await make_firmware(door, lamp)
    await door.ok(ACTION, FirmwareId=firmware_id, ProductKey=lamp, FirmwareDesc="x")
    for product_key in (plug, "k404"):
        given = {"FirmwareId": firmware_id, "ProductKey": product_key, "FirmwareDesc": "y"}
        assert await door.refusal(ACTION, **given) == "iot.ota.FirmwareNotFound"


async def test_I15_unknown_and_foreign_firmware(door: SignedDoor) -> None:
    """Another account's firmware does not exist."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_firmware(door, await make_product(door, by=neighbour), by=neighbour)
    for firmware_id in (theirs, "404", "x", "9" * 65):
        assert await door.refusal(ACTION, FirmwareId=firmware_id, FirmwareDesc="x") == "iot.ota.FirmwareNotFound"


async def test_the_id_is_required(door: SignedDoor) -> None:
    """Without it: HTTP 400."""
    assert await door.refusal(ACTION, FirmwareDesc="x") == "MissingFirmwareId"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not change firmware."""
    firmware_id = await make_firmware(door, await make_product(door))
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.FIRMWARE_WRITE})
    assert await door.refusal(ACTION, by=key, FirmwareId=firmware_id, FirmwareDesc="x") == "Forbidden.RAM"
