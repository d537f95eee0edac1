"""DeleteOTAFirmware through the signed door (api-contract 8.4, 7.1)."""

from __future__ import annotations

from tests.operations.answers import check_answer
from tests.operations.fleet import (
    job_status,
    make_device,
    make_firmware,
    make_job,
    make_product,
    make_verify_job,
    statuses_of,
)
from tests.operations.signed_door import SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case


async def test_deleting(door: SignedDoor, case: Case) -> None:
    """The envelope alone is answered; afterwards the firmware does not exist, and a second time says so."""
    firmware_id = await make_firmware(door, await make_product(door))
    check_answer(await door.call("DeleteOTAFirmware", case=case, FirmwareId=firmware_id), case, {})
    for action in ("QueryOTAFirmware", "DeleteOTAFirmware"):
        assert await door.refusal(action, FirmwareId=firmware_id) == "iot.ota.FirmwareNotFound"


async def test_name_and_version_are_free_again(door: SignedDoor) -> None:
    """The same name and version can be created anew, under another id."""
    product_key = await make_product(door)
    old = await make_firmware(door, product_key)
    await door.ok("DeleteOTAFirmware", FirmwareId=old)
    assert await make_firmware(door, product_key) != old


async def test_firmware_of_a_running_job_stays(door: SignedDoor) -> None:
    """Refused while a job runs; when it has ended the firmware goes, and the job stays with its tasks."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    job_id = await make_job(door, product_key, firmware_id, "lamp-0001")
    assert await door.refusal("DeleteOTAFirmware", FirmwareId=firmware_id) == "iot.ota.FirmwareInUse"
    await device.report_version("1.1.0")
    await door.engine.settle()
    await door.ok("DeleteOTAFirmware", FirmwareId=firmware_id)
    assert await job_status(door, job_id) == "COMPLETED"
    assert await statuses_of(door, job_id) == {"lamp-0001": "SUCCEEDED"}


async def test_firmware_that_is_being_verified_stays(door: SignedDoor) -> None:
    """A verify job is a job."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key, NeedToVerify=True)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    await make_verify_job(door, product_key, firmware_id, "lamp-0001")
    assert await door.refusal("DeleteOTAFirmware", FirmwareId=firmware_id) == "iot.ota.FirmwareInUse"


async def test_I15_unknown_and_foreign_firmware(door: SignedDoor) -> None:
    """Another account's firmware cannot be deleted, because it does not exist."""
    neighbour = await door.make_key("neighbour")
    theirs = await make_firmware(door, await make_product(door, by=neighbour), by=neighbour)
    for firmware_id in (theirs, "404", "x"):
        assert await door.refusal("DeleteOTAFirmware", FirmwareId=firmware_id) == "iot.ota.FirmwareNotFound"
    await door.ok("QueryOTAFirmware", by=neighbour, FirmwareId=theirs)


async def test_the_id_is_required(door: SignedDoor) -> None:
    """Without it: HTTP 400."""
    assert await door.refusal("DeleteOTAFirmware") == "MissingFirmwareId"


async def test_without_permission(door: SignedDoor) -> None:
    """A key that may do everything else may not delete firmware."""
    firmware_id = await make_firmware(door, await make_product(door))
    key = await door.make_key(permissions=frozenset(Permission) - {Permission.FIRMWARE_WRITE})
    assert await door.refusal("DeleteOTAFirmware", by=key, FirmwareId=firmware_id) == "Forbidden.RAM"
