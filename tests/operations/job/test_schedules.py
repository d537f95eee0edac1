"""Jobs that start later (api-contract 7.5, 10.7, 11.2; I2)."""

from __future__ import annotations

from tests.operations.fleet import (
    job_status,
    make_device,
    make_firmware,
    make_job,
    make_product,
    statuses_of,
    tasks_of,
)
from tests.operations.signed_door import NOW_MS, SignedDoor

START_MS = NOW_MS + 300_000


async def test_a_planned_job_has_no_tasks(door: SignedDoor) -> None:
    """Before its start a job is PLANNED, holds no device, and takes nothing."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    job_id = await make_job(door, product_key, firmware_id, ScheduleTime=START_MS)
    await door.engine.settle()
    assert (await job_status(door, job_id), await statuses_of(door, job_id)) == ("PLANNED", {})
    assert await door.refusal("DeleteOTAFirmware", FirmwareId=firmware_id) == "iot.ota.FirmwareInUse"
    other = await make_job(door, product_key, firmware_id)
    assert await statuses_of(door, other) == {"lamp-1": "QUEUED"}


async def test_the_target_set_is_fixed_at_the_start(door: SignedDoor) -> None:
    """Devices that come before the start are in it; named ones are looked up at creation."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    everything = await make_job(door, product_key, firmware_id, ScheduleTime=START_MS)
    named = await make_job(door, product_key, firmware_id, "lamp-1", ScheduleTime=START_MS)
    parameters = {"FirmwareId": firmware_id, "ProductKey": product_key, "ScheduleTime": START_MS}
    code = await door.refusal(
        "CreateOTAStaticUpgradeJob", **parameters, TargetSelection="SPECIFIC", TargetDeviceName=["nobody"]
    )
    assert code == "iot.device.NotExistedDevice"
    await make_device(door, product_key, "lamp-2", "1.0.0")
    account_id = await door.account_id()
    for job_id in (everything, named):
        async with door.store.transaction() as store:
            job = await store.jobs.by_id(account_id, int(job_id))
            assert job is not None
            assert await store.job_moves.start(job, START_MS)
            assert not await store.job_moves.start(job, START_MS)
    await make_device(door, product_key, "lamp-3", "1.0.0")
    door.clock.at_ms = START_MS
    await door.engine.settle()
    assert await statuses_of(door, everything) == {"lamp-1": "QUEUED", "lamp-2": "QUEUED"}
    assert await statuses_of(door, named) == {"lamp-1": "FAILED"}


async def test_cancel_before_the_start(door: SignedDoor) -> None:
    """CancelScheduledTask cancels a planned job as a whole; the other flags find no task in it."""
    product_key = await make_product(door)
    firmware_id = await make_firmware(door, product_key)
    job_id = await make_job(door, product_key, firmware_id, ScheduleTime=START_MS)
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
    assert await job_status(door, job_id) == "PLANNED"
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelScheduledTask=True)
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    assert (job["JobStatus"], "UtcStartTime" in job, "UtcEndTime" in job) == ("CANCELED", False, True)
    door.clock.at_ms = START_MS
    await door.engine.settle()
    assert await job_status(door, job_id) == "CANCELED"
    await door.ok("DeleteOTAFirmware", FirmwareId=firmware_id)


async def test_cancel_scheduled_after_the_start(door: SignedDoor) -> None:
    """A job that runs is refused, and none of its tasks is touched by the other flags of the call."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1", "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    code = await door.refusal("CancelOTATaskByJob", JobId=job_id, CancelScheduledTask=True, CancelQueuedTask=True)
    assert code == "iot.ota.JobStatusError"


async def test_confirmation_only_inside_the_schedule(door: SignedDoor) -> None:
    """From ScheduleFinishTime on no task is confirmed."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1", "1.0.0")
    firmware_id = await make_firmware(door, product_key)
    job_id = await make_job(door, product_key, firmware_id, NeedConfirm=True, ScheduleFinishTime=NOW_MS + 3_600_000)
    task_id = (await tasks_of(door, job_id))["lamp-1"]["TaskId"]
    door.clock.at_ms = NOW_MS + 3_600_000
    assert await door.refusal("ConfirmOTATask", TaskId=[task_id]) == "iot.ota.JobStatusError"
    door.clock.at_ms = NOW_MS + 3_599_999
    await door.ok("ConfirmOTATask", TaskId=[task_id])
