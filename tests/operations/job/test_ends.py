"""How jobs reach their end by the engine, and what a verification decides (api-contract 6.1, 6.4)."""

from __future__ import annotations

import pytest

from tests.operations.fleet import (
    FieldDevice,
    firmware_status,
    job_status,
    make_device,
    make_firmware,
    make_job,
    make_product,
    make_verify_job,
    statuses_of,
    tasks_of,
)
from tests.operations.signed_door import NOW_MS, SignedDoor

#: Ways a device's task ends; `open` leaves it open.
ENDS = ("succeeded", "failed", "cancelled", "open")


async def end_task(door: SignedDoor, job_id: str, device: FieldDevice, end: str) -> None:
    """Bring the task of a notified device to this end, through what devices and operators do."""
    if end == "succeeded":
        await device.report_version("1.1.0")
    elif end == "failed":
        await device.report_progress(-3, "bad sum")
    elif end == "cancelled":
        await door.ok("CancelOTATaskByJob", JobId=job_id, CancelNotifiedTask=True)


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        (("succeeded", "succeeded"), "COMPLETED"),
        (("succeeded", "failed"), "COMPLETED"),
        (("failed", "failed"), "COMPLETED"),
        (("succeeded", "cancelled"), "COMPLETED"),
        (("failed", "cancelled"), "COMPLETED"),
        (("cancelled", "cancelled"), "CANCELED"),
        (("succeeded", "open"), "IN_PROGRESS"),
        (("open", "open"), "IN_PROGRESS"),
    ],
)
async def test_how_an_upgrade_job_ends(ends: tuple[str, str], status: str, door: SignedDoor) -> None:
    """COMPLETED when no task is open, but CANCELED when none ever succeeded or failed (api-contract 6.4)."""
    product_key = await make_product(door)
    devices = [await make_device(door, product_key, f"lamp-000{number}", "1.0.0") for number in range(2)]
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    for device in devices:
        await device.connect()
    await door.engine.settle()
    for device, end in zip(devices, ends, strict=True):
        await end_task(door, job_id, device, end)
    await door.engine.settle()
    assert await job_status(door, job_id) == status
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    assert ("UtcEndTime" in job) is (status != "IN_PROGRESS")


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        (("succeeded", "succeeded"), 1),
        (("succeeded", "cancelled"), 1),
        (("succeeded", "failed"), 3),
        (("failed", "cancelled"), 3),
        (("cancelled", "cancelled"), 0),
        (("succeeded", "open"), 2),
    ],
)
async def test_verdicts(ends: tuple[str, str], verdict: int, door: SignedDoor) -> None:
    """One success and no failure verifies; all cancelled puts back; else failed; before the end, verifying (6.1)."""
    product_key = await make_product(door)
    devices = [await make_device(door, product_key, f"lamp-000{number}", "1.0.0") for number in range(2)]
    firmware_id = await make_firmware(door, product_key, NeedToVerify=True)
    job_id = await make_verify_job(door, product_key, firmware_id, *(device.name for device in devices))
    for device in devices:
        await device.connect()
    await door.engine.settle()
    for device, end in zip(devices, ends, strict=True):
        await end_task(door, job_id, device, end)
    assert await firmware_status(door, firmware_id) == 2
    await door.engine.settle()
    assert await firmware_status(door, firmware_id) == verdict


async def test_verified_firmware_stays_verified_when_an_upgrade_job_ends(door: SignedDoor) -> None:
    """Only verify jobs give verdicts."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    await device.connect()
    firmware_id = await make_firmware(door, product_key)
    job_id = await make_job(door, product_key, firmware_id)
    await device.report_progress(-1)
    await door.engine.settle()
    assert (await job_status(door, job_id), await firmware_status(door, firmware_id)) == ("COMPLETED", -1)


@pytest.mark.parametrize("version", [None, "1.1.0"])
async def test_a_job_for_nobody_completes(version: str | None, door: SignedDoor) -> None:
    """ALL of a product without devices, or with all of them at the version, is an empty job that completes."""
    product_key = await make_product(door)
    if version is not None:
        await make_device(door, product_key, "lamp-0001", version)
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    await door.engine.settle()
    assert await job_status(door, job_id) == "COMPLETED"
    assert await statuses_of(door, job_id) == {}


async def test_a_job_whose_devices_are_all_busy_completes(door: SignedDoor) -> None:
    """Tasks born FAILED are ended tasks."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-0001", "1.0.0")
    await make_job(door, product_key, await make_firmware(door, product_key, "1.1.0"))
    second = await make_job(door, product_key, await make_firmware(door, product_key, "1.2.0"))
    await door.engine.settle()
    assert (await job_status(door, second), await statuses_of(door, second)) == ("COMPLETED", {"lamp-0001": "FAILED"})


@pytest.mark.parametrize(("after_ms", "status"), [(59_999, "IN_PROGRESS"), (60_000, "FAILED"), (60_001, "FAILED")])
async def test_a_timeout_counts_from_the_first_progress(after_ms: int, status: str, door: SignedDoor) -> None:
    """One minute after the first report, not the last, the task fails and the job ends."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    await device.connect()
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), TimeoutInMinutes=1)
    await door.engine.settle()
    await device.report_progress(10)
    door.clock.at_ms = NOW_MS + 30_000
    await device.report_progress(50)
    door.clock.at_ms = NOW_MS + after_ms
    await door.engine.settle()
    task = (await tasks_of(door, job_id))["lamp-0001"]
    assert (task["TaskStatus"], task["Progress"], task["Timeout"]) == (status, "50", "1")
    assert await job_status(door, job_id) == ("IN_PROGRESS" if status == "IN_PROGRESS" else "COMPLETED")
    assert (task["TaskDesc"] != "") is (status == "FAILED")


async def test_an_offline_device_gets_its_task_when_it_connects(door: SignedDoor) -> None:
    """QUEUED until then, NOTIFIED from then on; with NeedPush=false it waits for the device to ask."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    await door.engine.settle()
    assert (await statuses_of(door, job_id), device.notices) == ({"lamp-0001": "QUEUED"}, [])
    await device.connect()
    assert await statuses_of(door, job_id) == {"lamp-0001": "NOTIFIED"}
    (notice,) = device.notices
    assert (notice.dest_version, notice.module_name, notice.url.startswith("https://ota.example.com/f/t")) == (
        "1.1.0",
        "default",
        True,
    )


async def test_a_job_that_does_not_push_waits_for_the_device(door: SignedDoor) -> None:
    """NeedPush=false: neither the engine nor a connection sends the notice."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-0001", "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), NeedPush=False)
    await device.connect()
    await door.engine.settle()
    assert (await statuses_of(door, job_id), device.notices) == ({"lamp-0001": "QUEUED"}, [])
