"""Lets the next stage of a job begin now, whatever the one under way has come to.

1. Only of a job with stages, one of which is under way; after the last one all other devices follow.
2. A job that is held is refused: resume it first. One that has not started, or has ended, is refused too.
3. Gate, pace and windows hold as before.
4. Of a job that needed approval by somebody other than its maker: two people stand behind each stage.
5. Repeated, it lets one stage more begin, unless it is repeated with its ClientToken.

Source: ours; design.md part 4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.approval import is_own
from whimbrel.domain.rollout import REASON_LENGTH_MAX
from whimbrel.domain.stages import advance_fault, stage_begin
from whimbrel.errors import JobNotFoundError, JobStatusError, OtaInvalidParameterError, OwnApprovalError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.ports.store import Because, job_turn


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]
    reason: Annotated[str, Field("Why, for who reads XQueryOTARollout.", length_max=REASON_LENGTH_MAX)]


class AdvanceData(msgspec.Struct, frozen=True, kw_only=True):
    stage: Annotated[int, Field("The stage that has begun, from 1; one more than there are: all other devices.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[AdvanceData, Field("Where the job is now.")]


EXAMPLE = Example(
    request={"JobId": "502", "Reason": "the others of the canary are switched off"},
    response=Response(data=AdvanceData(stage=2)),
)


@operation(
    action="XAdvanceOTAJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(JobNotFoundError, JobStatusError, OwnApprovalError, OtaInvalidParameterError),
    manner=Manner(creates=True),
)
async def handle(request: Request, context: Context) -> Response:
    job = await find_job(context, request.job_id)
    # In its turn, so that the engine does not begin the same stage meanwhile.
    await context.store.hold(job_turn(job.id))
    state = await context.store.jobs.state(job.account_id, job.id)
    assert state is not None, "jobs are never deleted"
    fault = advance_fault(state.job)
    if fault:
        raise JobStatusError(f"the job {job.id} {fault}")
    who = context.caller.access_key_id
    if is_own(state.job, who):
        raise OwnApprovalError(f"the job {job.id} was made by {who}; somebody else lets its next stage begin")
    move = stage_begin(state.job, state.job.stage + 1, state.standing.tasks)
    await context.store.rollouts.move(state.job, move, Because(request.reason, who), context.now_ms)
    return Response(data=AdvanceData(stage=move.stage + 1))
