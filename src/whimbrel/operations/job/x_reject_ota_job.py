"""Cancels a job that waits for a second person's approval.

1. Anybody who may change the job, also who made it: then it is taken back.
2. A job that does not wait is refused; CancelOTATaskByJob cancels one that goes.
3. The job is cancelled as a whole, a dynamic one with its strategy; no device was told of it. Its tasks follow at
   once, a large job's in the background. It cannot be approved any more, nor can its tasks be started again.

Source: ours; threat-model A29.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.job import Job, JobStatus
from whimbrel.domain.rollout import REASON_LENGTH_MAX
from whimbrel.domain.task import TaskStatus
from whimbrel.errors import JobNotFoundError, JobStatusError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.ports.store import Because

FIRST_CANCEL_TASKS = 500  # cancelled within the call; the engine goes on with the rest


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]
    reason: Annotated[str, Field("Why, for who made it.", length_max=REASON_LENGTH_MAX)]


EXAMPLE = Example(
    request={"JobId": "502", "Reason": "not before the fair is over"},
    response=EmptyResponse(),
)


@operation(
    action="XRejectOTAJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(JobNotFoundError, JobStatusError, OtaInvalidParameterError),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    job = await find_job(context, request.job_id)
    because = Because(request.reason, context.caller.access_key_id)
    if not await context.store.rollouts.reject(job.id, because, context.now_ms):
        raise JobStatusError(f"the job {job.id} does not wait for approval")
    await _cancel(await find_job(context, request.job_id), context)
    return EmptyResponse()


async def _cancel(job: Job, context: Context) -> None:
    """The job has its turn since it was rejected, so that the engine neither starts nor ends it meanwhile."""
    store, now_ms = context.store, context.now_ms
    if job.status is JobStatus.PLANNED:
        await store.job_moves.cancel_planned(job.id, now_ms)
        return
    if job.is_dynamic:
        await store.job_moves.end_strategy(job.id, now_ms)
    await store.jobs.cancel_tasks(job.id, frozenset(status for status in TaskStatus if status.is_open), now_ms)
    await store.fleet.cancel(await store.jobs.by_id(job.account_id, job.id) or job, FIRST_CANCEL_TASKS, now_ms)
