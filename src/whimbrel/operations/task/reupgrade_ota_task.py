"""Starts tasks of a job again that failed or were cancelled, each as a new attempt.

1. 1 to 10 tasks of the job, each named once. All or nothing.
2. A task that needs confirmation must have been confirmed.
3. A device that was deleted, that has another open task in the way (I3), or that is at DestVersion by now (7.3)
   refuses the call.
4. A job that has ended goes on with them. A verification that has ended does not, nor a job that is planned, whose
   ScheduleFinishTime has come, whose tasks are being cancelled, that was rejected, or whose firmware was deleted.

Source: api-contract 11.3, 7.2, 7.5.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.delivery import is_in_schedule
from whimbrel.domain.job import Job, JobStatus, JobType
from whimbrel.domain.rollout import Hold
from whimbrel.domain.task import Task, reopened
from whimbrel.errors import (
    FirmwareNotFoundError,
    JobNotFoundError,
    JobStatusError,
    OtaInvalidParameterError,
    TaskNotFoundError,
    TaskStatusError,
)
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.operations.task.lookup import find_tasks

TASKS_MAX = 10


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]
    task_id: Annotated[tuple[str, ...], Field("Its tasks.", items_max=TASKS_MAX, length_max=ID_LENGTH_MAX)]


EXAMPLE = Example(request={"JobId": "502", "TaskId.1": "9001"}, response=EmptyResponse())


@operation(
    action="ReupgradeOTATask",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(
        JobNotFoundError,
        JobStatusError,
        TaskNotFoundError,
        TaskStatusError,
        FirmwareNotFoundError,
        OtaInvalidParameterError,
    ),
    manner=Manner(qps=20),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    job = await find_job(context, request.job_id)
    found = await find_tasks(context, request.task_id)
    if any(of_job.id != job.id for _, of_job in found):
        raise TaskNotFoundError(f"a task is not of the job {job.id}")
    await _check_job(job, context)
    for task, _ in found:
        await _reopen(job, task, context)
    return EmptyResponse()


async def _check_job(job: Job, context: Context) -> None:
    if job.status is JobStatus.PLANNED or not is_in_schedule(job.schedule_ms, job.schedule_finish_ms, context.now_ms):
        raise JobStatusError(f"the job {job.id} runs from its start to its ScheduleFinishTime only")
    if job.job_type is JobType.VERIFY and job.status is not JobStatus.IN_PROGRESS:
        raise JobStatusError("the verification has its verdict; verify the firmware again with CreateOTAVerifyJob")
    if job.hold is Hold.REJECTED:
        raise JobStatusError(f"the job {job.id} was rejected; make another one")
    if job.cancelling:
        raise JobStatusError(f"tasks of the job {job.id} are being cancelled; repeat the call a little later")
    if await context.store.firmware.by_id(job.account_id, job.firmware_id) is None:
        raise FirmwareNotFoundError(f"the firmware of the job {job.id} was deleted")


async def _reopen(job: Job, task: Task, context: Context) -> None:
    reported = await context.store.module_versions.get(task.device_id, job.module_name)
    again = reopened(task, reported, need_confirm=job.need_confirm)
    if again is None:
        raise TaskStatusError(f"task {task.id} is {task.status.name}; it can be started again once it failed or was"
                              " cancelled, and was confirmed where that is needed")  # fmt: skip
    if reported == job.dest_version:
        raise TaskStatusError(f"the device of task {task.id} has the version {reported} already")
    if not await context.store.tasks.reopen(job, task, again, context.now_ms):
        raise TaskStatusError(f"the device of task {task.id} has another open task, or was deleted")
