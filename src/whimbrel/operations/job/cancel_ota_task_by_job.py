"""Cancels a job's tasks by their status.

1. At least one flag must be given; all default to false.
2. With CancelUnconfirmedTask absent, CancelQueuedTask also cancels tasks that wait for confirmation; when it is given,
   CancelQueuedTask touches queued tasks only.
3. CancelScheduledTask cancels a job that has not started, as a whole; of one that has, it is refused.
4. Once answered, none of those tasks is sent any more (I8); the rows follow at once, a large job's in the background.
5. In a job that has ended there is nothing to cancel, and nothing changes. A dynamic job goes on to take devices.
6. A device that is told nothing goes on with a download it has begun; its reports update its version only.

Source: api-contract 10.7, device-protocol 9.5.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.job import TRANSITIONS, JobStatus
from whimbrel.domain.task import TaskStatus
from whimbrel.errors import JobNotFoundError, JobStatusError, OtaInvalidParameterError, OtaMissingParameterError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job

FIRST_CANCEL_TASKS = 500  # cancelled within the call; the engine goes on with the rest


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]
    cancel_scheduled_task: Annotated[bool | None, Field("A job that has not started.")] = None
    cancel_queued_task: Annotated[bool | None, Field("Tasks in QUEUED.")] = None
    cancel_notified_task: Annotated[bool | None, Field("Tasks in NOTIFIED.")] = None
    cancel_in_progress_task: Annotated[bool | None, Field("Tasks in IN_PROGRESS.")] = None
    cancel_unconfirmed_task: Annotated[bool | None, Field("Tasks in CONFIRM.")] = None


EXAMPLE = Example(request={"JobId": "502", "CancelQueuedTask": "true"}, response=EmptyResponse())


@operation(
    action="CancelOTATaskByJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(JobNotFoundError, JobStatusError, OtaInvalidParameterError, OtaMissingParameterError),
    manner=Manner(idempotent=True, qps=5, halts=True),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    statuses = cancelled_statuses(request)
    job = await find_job(context, request.job_id)
    if request.cancel_scheduled_task:
        if not await context.store.job_moves.cancel_planned(job.id, context.now_ms):
            raise JobStatusError("CancelScheduledTask needs a job that has not started")
        return EmptyResponse()
    if statuses and JobStatus.COMPLETED in TRANSITIONS[job.status]:
        await context.store.jobs.cancel_tasks(job.id, statuses, context.now_ms)
        job = await find_job(context, request.job_id)
        await context.store.fleet.cancel(job, FIRST_CANCEL_TASKS, context.now_ms)
    return EmptyResponse()


def cancelled_statuses(request: Request) -> frozenset[TaskStatus]:
    """The statuses that the flags name. Raises OtaMissingParameterError when no flag was given."""
    flags = {
        TaskStatus.QUEUED: request.cancel_queued_task,
        TaskStatus.NOTIFIED: request.cancel_notified_task,
        TaskStatus.IN_PROGRESS: request.cancel_in_progress_task,
        TaskStatus.CONFIRM: request.cancel_unconfirmed_task,
    }
    if request.cancel_scheduled_task is None and all(flag is None for flag in flags.values()):
        raise OtaMissingParameterError(
            "give at least one of CancelScheduledTask, CancelQueuedTask, CancelNotifiedTask, CancelInProgressTask,"
            " CancelUnconfirmedTask"
        )
    if request.cancel_unconfirmed_task is None:
        flags[TaskStatus.CONFIRM] = request.cancel_queued_task
    return frozenset(status for status, flag in flags.items() if flag)
