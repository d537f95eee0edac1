"""QueryOTAFirmware through the signed door (api-contract 8.6, 6.1)."""

from __future__ import annotations

import hashlib

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import CONTENT, make_device, make_firmware, make_product, make_verify_job
from tests.operations.signed_door import LINK_KEY, NOW_MS, NOW_TEXT, PUBLIC_URL, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.domain.download_link import LinkedFile, make_firmware_link
from whimbrel.rpc.dialect import Case

DAY_SECONDS = 86_400


async def test_a_firmware_in_full(door: SignedDoor, case: Case) -> None:
    """Every field of the contract, with a link to the file that lives 24 hours."""
    product_key = await make_product(door)
    extra = {"FirmwareName": "fw-a", "FirmwareDesc": "new", "Udi": "for you", "NeedToVerify": True}
    firmware_id = await make_firmware(door, product_key, "1.1.0", **extra)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    token = make_firmware_link(LINK_KEY, int(firmware_id), LinkedFile(sha256), NOW_MS // 1000 + DAY_SECONDS)
    info = {
        "FirmwareId": firmware_id,
        "FirmwareName": "fw-a",
        "FirmwareDesc": "new",
        "FirmwareSign": hashlib.md5(CONTENT).hexdigest(),
        "SignMethod": "MD5",
        "FirmwareSize": len(CONTENT),
        "FirmwareUrl": f"{PUBLIC_URL}/f/{token}",
        "DestVersion": "1.1.0",
        "SrcVersion": "",
        "ModuleName": "default",
        "ProductKey": product_key,
        "ProductName": "lamp",
        "Status": 0,
        "Type": 0,
        "Udi": "for you",
        "VerifyProgress": 0,
        "UtcCreate": NOW_TEXT,
        "UtcModified": NOW_TEXT,
    }
    answer = await door.call("QueryOTAFirmware", case=case, FirmwareId=firmware_id)
    check_answer(answer, case, {"FirmwareInfo": info})
    alias = await door.call("QueryOTAFirmware", case=case, FirmwareID=firmware_id)
    check_answer(alias, case, {"FirmwareInfo": info})


async def test_verify_progress_is_the_share_of_ended_tasks(door: SignedDoor) -> None:
    """0, 33, 66 and 100 while the three devices of the newest verify job end one after the other."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key, NeedToVerify=True)
    devices = [await make_device(door, product_key, f"lamp-000{number}", "1.0.0") for number in range(3)]
    await make_verify_job(door, product_key, firmware_id, *(device.name for device in devices))
    shown = []
    for device in [None, *devices]:
        if device is not None:
            await device.report_version("1.1.0")
        info = (await door.ok("QueryOTAFirmware", FirmwareId=firmware_id))["FirmwareInfo"]
        shown.append((info["VerifyProgress"], info["Status"]))
    assert shown == [(0, 2), (33, 2), (66, 2), (100, 2)]
    await door.engine.settle()
    info = (await door.ok("QueryOTAFirmware", FirmwareId=firmware_id))["FirmwareInfo"]
    assert (info["VerifyProgress"], info["Status"]) == (100, 1)


@pytest.mark.parametrize(
    "firmware_id", ["404", "0", "-1", "01", "1e3", "x", "9" * 19, "9" * 64, "9" * 65, str(1 << 63)]
)
async def test_ids_that_name_nothing(firmware_id: str, door: SignedDoor) -> None:
    """Ids are opaque: whatever their form, they are not found."""
    assert await door.refusal("QueryOTAFirmware", FirmwareId=firmware_id) == "iot.ota.FirmwareNotFound"


async def test_ids_are_not_numbers(door: SignedDoor) -> None:
    """Another spelling of the same number is another id."""
    firmware_id = await make_firmware(door, await make_product(door))
    for text in (f"0{firmware_id}", f"+{firmware_id}", f" {firmware_id}", f"{firmware_id}.0"):
        assert await door.refusal("QueryOTAFirmware", FirmwareId=text) == "iot.ota.FirmwareNotFound"


async def test_I15_foreign_firmware(door: SignedDoor) -> None:
    """Another account's firmware does not exist."""
    neighbour = await door.make_key("neighbour")
    firmware_id = await make_firmware(door, await make_product(door, by=neighbour), by=neighbour)
    assert await door.refusal("QueryOTAFirmware", FirmwareId=firmware_id) == "iot.ota.FirmwareNotFound"


async def test_the_id_is_required(door: SignedDoor) -> None:
    """Without it: HTTP 400."""
    assert await door.refusal("QueryOTAFirmware") == "MissingFirmwareId"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not read firmware."""
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.FIRMWARE_READ})
    assert await door.refusal("QueryOTAFirmware", by=key, FirmwareId="1") == "Forbidden.RAM"
