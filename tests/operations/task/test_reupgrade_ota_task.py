"""ReupgradeOTATask through the signed door (api-contract 11.3; I3, I4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.answers import check_answer
from tests.operations.fleet import (
    FieldDevice,
    firmware_status,
    job_status,
    make_device,
    make_devices,
    make_firmware,
    make_job,
    make_product,
    make_verify_job,
    statuses_of,
    tasks_of,
)
from tests.operations.group.keys import key_without
from tests.operations.signed_door import NOW_MS, SignedDoor
from whimbrel.domain.access import Permission
from whimbrel.rpc.dialect import Case

ACTION = "ReupgradeOTATask"


async def make_failed(door: SignedDoor, **parameters: Any) -> tuple[str, str, FieldDevice]:
    """A job whose one task has failed, and which has ended; its id, the task's and the device."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-1", "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), **parameters)
    await device.connect()
    await door.engine.settle()
    await device.report_progress(-2)
    await door.engine.settle()
    assert await job_status(door, job_id) == "COMPLETED"
    return job_id, (await tasks_of(door, job_id))["lamp-1"]["TaskId"], device


async def test_a_failed_task_starts_again(door: SignedDoor, case: Case) -> None:
    """It is sent again as a new attempt, its job goes on, and both end as ever."""
    job_id, task_id, device = await make_failed(door)
    check_answer(await door.call(ACTION, case=case, JobId=job_id, TaskId=[task_id]), case, {})
    [task] = (await tasks_of(door, job_id)).values()
    assert (task["TaskStatus"], task["TaskDesc"], task["Progress"]) == ("QUEUED", "", "0")
    assert await job_status(door, job_id) == "IN_PROGRESS"
    await door.engine.settle()
    assert [notice.attempt for notice in device.notices] == [1, 2]
    await device.report_version("1.1.0")
    await door.engine.settle()
    assert await statuses_of(door, job_id) == {"lamp-1": "SUCCEEDED"}
    assert await job_status(door, job_id) == "COMPLETED"


async def test_a_device_that_has_the_version_by_now(door: SignedDoor) -> None:
    """A device that reports DestVersion after its task ended is not told to upgrade to what it runs (7.3)."""
    job_id, task_id, device = await make_failed(door)
    await device.report_version("1.1.0")
    assert await door.refusal(ACTION, JobId=job_id, TaskId=[task_id]) == "iot.ota.TaskStatusError"
    await door.engine.settle()
    assert len(device.notices) == 1
    assert await job_status(door, job_id) == "COMPLETED"


async def test_a_cancelled_task_starts_again(door: SignedDoor) -> None:
    """So does one that was cancelled."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1", "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
    await door.engine.settle()
    assert await job_status(door, job_id) == "CANCELED"
    await door.ok(ACTION, JobId=job_id, TaskId=[(await tasks_of(door, job_id))["lamp-1"]["TaskId"]])
    assert (await statuses_of(door, job_id), await job_status(door, job_id)) == ({"lamp-1": "QUEUED"}, "IN_PROGRESS")


async def test_other_statuses_are_refused(door: SignedDoor) -> None:
    """A task that is open or succeeded is refused, and with it the whole call."""
    product_key = await make_product(door)
    devices = [await make_device(door, product_key, f"lamp-{n}", "1.0.0") for n in (1, 2)]
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    for device in devices:
        await device.connect()
    await door.engine.settle()
    await devices[0].report_progress(-1)
    ids = [task["TaskId"] for task in (await tasks_of(door, job_id)).values()]
    assert await door.refusal(ACTION, JobId=job_id, TaskId=ids) == "iot.ota.TaskStatusError"
    await devices[1].report_version("1.1.0")
    assert await door.refusal(ACTION, JobId=job_id, TaskId=ids) == "iot.ota.TaskStatusError"


@pytest.mark.parametrize("is_confirmed", [False, True])
async def test_confirmation(is_confirmed: bool, door: SignedDoor) -> None:
    """A task that needs confirmation is started again only if it was confirmed."""
    product_key = await make_product(door)
    await make_device(door, product_key, "lamp-1", "1.0.0")
    job_id = await make_job(door, product_key, await make_firmware(door, product_key), NeedConfirm=True)
    task_id = (await tasks_of(door, job_id))["lamp-1"]["TaskId"]
    if is_confirmed:
        await door.ok("ConfirmOTATask", TaskId=[task_id])
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
    await door.engine.settle()
    if not is_confirmed:
        assert await door.refusal(ACTION, JobId=job_id, TaskId=[task_id]) == "iot.ota.TaskStatusError"
        return
    await door.ok(ACTION, JobId=job_id, TaskId=[task_id])
    assert await statuses_of(door, job_id) == {"lamp-1": "QUEUED"}


async def test_I3_a_busy_device(door: SignedDoor) -> None:
    """A device that another job holds refuses the call; once it is free, the task starts again."""
    job_id, task_id, device = await make_failed(door)
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    other = await make_job(door, job["ProductKey"], job["FirmwareId"])
    assert await door.refusal(ACTION, JobId=job_id, TaskId=[task_id]) == "iot.ota.TaskStatusError"
    await door.engine.settle()
    await device.report_progress(-1)
    await door.engine.settle()
    assert await job_status(door, other) == "COMPLETED"
    await door.ok(ACTION, JobId=job_id, TaskId=[task_id])


async def test_a_deleted_device(door: SignedDoor) -> None:
    """A device that is gone refuses the call."""
    job_id, task_id, _ = await make_failed(door)
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    await door.ok("DeleteDevice", ProductKey=job["ProductKey"], DeviceName="lamp-1")
    assert await door.refusal(ACTION, JobId=job_id, TaskId=[task_id]) == "iot.ota.TaskStatusError"


async def test_deleted_firmware(door: SignedDoor) -> None:
    """A job whose firmware was deleted has nothing to send."""
    job_id, task_id, _ = await make_failed(door)
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    await door.ok("DeleteOTAFirmware", FirmwareId=job["FirmwareId"])
    assert await door.refusal(ACTION, JobId=job_id, TaskId=[task_id]) == "iot.ota.FirmwareNotFound"


async def test_an_ended_verification(door: SignedDoor) -> None:
    """A verification that has its verdict is not taken up again."""
    product_key = await make_product(door)
    device = await make_device(door, product_key, "lamp-1", "1.0.0")
    firmware_id = await make_firmware(door, product_key, NeedToVerify=True)
    job_id = await make_verify_job(door, product_key, firmware_id, "lamp-1")
    await device.connect()
    await door.engine.settle()
    await device.report_progress(-1)
    await door.engine.settle()
    assert await firmware_status(door, firmware_id) == 3
    task_id = (await tasks_of(door, job_id))["lamp-1"]["TaskId"]
    assert await door.refusal(ACTION, JobId=job_id, TaskId=[task_id]) == "iot.ota.JobStatusError"


async def test_after_the_schedule(door: SignedDoor) -> None:
    """From ScheduleFinishTime on nothing starts again."""
    job_id, task_id, _ = await make_failed(door, ScheduleFinishTime=NOW_MS + 3_600_000)
    door.clock.at_ms = NOW_MS + 3_600_000
    assert await door.refusal(ACTION, JobId=job_id, TaskId=[task_id]) == "iot.ota.JobStatusError"


@pytest.mark.parametrize("number", [10, 11])
async def test_number_of_tasks_at_the_limit(number: int, door: SignedDoor) -> None:
    """At most 10 tasks in a call."""
    product_key = await make_product(door)
    await make_devices(door, product_key, 11)
    job_id = await make_job(door, product_key, await make_firmware(door, product_key))
    await door.ok("CancelOTATaskByJob", JobId=job_id, CancelQueuedTask=True)
    await door.engine.settle()
    ids = [task["TaskId"] for task in (await tasks_of(door, job_id)).values()][:number]
    if number > 10:
        assert await door.refusal(ACTION, JobId=job_id, TaskId=ids) == "iot.ota.InvalidParameter"
    else:
        await door.ok(ACTION, JobId=job_id, TaskId=ids)


async def test_what_is_not_there(door: SignedDoor) -> None:
    """Unknown jobs and tasks, tasks of other jobs, those of another account, and a task named twice."""
    job_id, task_id, _ = await make_failed(door)
    job = (await door.ok("QueryOTAJob", JobId=job_id))["Data"]
    other = await make_job(door, job["ProductKey"], job["FirmwareId"])
    assert await door.refusal(ACTION, JobId="999", TaskId=[task_id]) == "iot.ota.JobNotFound"
    assert await door.refusal(ACTION, JobId=job_id, TaskId=["999"]) == "iot.ota.TaskNotFound"
    assert await door.refusal(ACTION, JobId=other, TaskId=[task_id]) == "iot.ota.TaskNotFound"
    assert await door.refusal(ACTION, JobId=job_id, TaskId=[task_id, task_id]) == "iot.ota.InvalidParameter"
    assert await door.refusal(ACTION, JobId=job_id) == "MissingTaskId1"
    stranger = await door.make_key(account="other")
    assert await door.refusal(ACTION, by=stranger, JobId=job_id, TaskId=[task_id]) == "iot.ota.JobNotFound"


async def test_without_permission(door: SignedDoor) -> None:
    """The action needs the right to change jobs."""
    key = await key_without(door, Permission.JOB_WRITE)
    assert await door.refusal(ACTION, by=key, JobId="1", TaskId=["1"]) == "Forbidden.RAM"
