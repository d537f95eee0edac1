"""Lets a job go that waits for a second person's approval.

1. A job waits when its account asked for approval as the job was made (XUpdateRolloutDefaults: XApproval).
2. Whoever made the job cannot approve it: another user of the console can, or another AccessKey (A29).
3. A job that does not wait is refused: one that goes already, that was rejected, or that has ended.
4. What is approved is what goes out: from its making on, the job can only become slower or smaller (UpdateOTAJob). A
   PLANNED one still starts at its ScheduleTime, with the devices of then.

Source: ours; threat-model A29.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.approval import is_own
from whimbrel.domain.rollout import REASON_LENGTH_MAX, Hold
from whimbrel.errors import JobNotFoundError, JobStatusError, OtaInvalidParameterError, OwnApprovalError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.ports.store import Because, job_turn


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]
    reason: Annotated[str, Field("What was looked at, for who reads it later.", length_max=REASON_LENGTH_MAX)] = ""


EXAMPLE = Example(
    request={"JobId": "502", "Reason": "seen on the test bench, 4 lamps"},
    response=EmptyResponse(),
)


@operation(
    action="XApproveOTAJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(JobNotFoundError, JobStatusError, OwnApprovalError, OtaInvalidParameterError),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    job = await find_job(context, request.job_id)
    # In its turn, so that what is read is what a rejection or a cancel has left.
    await context.store.hold(job_turn(job.id))
    job = await find_job(context, request.job_id)
    if not job.is_unfinished:
        raise JobStatusError(f"the job {job.id} has ended")
    if job.hold is not Hold.AWAITING_APPROVAL:
        what = "was rejected" if job.hold is Hold.REJECTED else "does not wait for approval"
        raise JobStatusError(f"the job {job.id} {what}")
    who = context.caller.access_key_id
    if is_own(job, who):
        raise OwnApprovalError(f"the job {job.id} was made by {who}; somebody else approves it")
    is_approved = await context.store.rollouts.approve(job.id, Because(request.reason, who), context.now_ms)
    assert is_approved, "the job's turn is held, and nobody else changes it"
    return EmptyResponse()
