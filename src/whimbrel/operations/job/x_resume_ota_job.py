"""Lets a job go on that was paused, or that its gate halted.

1. A job that is not held, or has ended, is refused; so is one that waits for approval (XApproveOTAJob).
2. After a halt gate and pace begin anew: what was told before is excused, and the next devices are as few as the first.
   After a pause they go on where they were: pausing makes no failure unseen.
3. Devices that were told before are told again when they connect or ask, or at once when they are connected.
4. A stage that was soaking soaks anew.
5. Of a job that needed approval, a halt is resumed by somebody other than its maker: two people stand behind each era.

Source: ours; design.md part 4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.approval import is_own
from whimbrel.domain.job import Job
from whimbrel.domain.rollout import REASON_LENGTH_MAX, Hold
from whimbrel.errors import JobNotFoundError, JobStatusError, OtaInvalidParameterError, OwnApprovalError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.ports.store import Because, job_turn


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]
    reason: Annotated[str, Field("Why, for who reads XQueryOTARollout.", length_max=REASON_LENGTH_MAX)]


EXAMPLE = Example(
    request={"JobId": "502", "Reason": "the lamps that failed had no power"},
    response=EmptyResponse(),
)


@operation(
    action="XResumeOTAJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(JobNotFoundError, JobStatusError, OwnApprovalError, OtaInvalidParameterError),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    job = await find_job(context, request.job_id)
    await context.store.hold(job_turn(job.id))
    job = await find_job(context, request.job_id)
    who = context.caller.access_key_id
    if job.hold is Hold.HALTED and is_own(job, who):
        raise OwnApprovalError(f"the job {job.id} was made by {who}; after a halt somebody else lets it go on")
    if not await context.store.rollouts.resume(job.id, Because(request.reason, who), context.now_ms):
        raise JobStatusError(f"the job {job.id} {_fault(job)}")
    return EmptyResponse()


def _fault(job: Job) -> str:
    if not job.is_unfinished:
        return "has ended"
    if job.hold is Hold.AWAITING_APPROVAL:
        return "waits for approval; XApproveOTAJob lets it go"
    return "was rejected" if job.hold is Hold.REJECTED else "is not held"
