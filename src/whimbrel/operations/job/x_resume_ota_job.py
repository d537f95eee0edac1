"""Lets a job go on that was paused, or that its gate halted.

1. A job that is not held, or has ended, is refused.
2. After a halt gate and pace begin anew: what was told before is excused, and the next devices are as few as the first.
   After a pause they go on where they were: pausing makes no failure unseen.
3. Devices that were told before are told again when they connect or ask, or at once when they are connected.
4. A stage that was soaking soaks anew.

Source: ours; design.md part 4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.rollout import REASON_LENGTH_MAX
from whimbrel.errors import JobNotFoundError, JobStatusError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.ports.store import Because


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
    errors=(JobNotFoundError, JobStatusError, OtaInvalidParameterError),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    job = await find_job(context, request.job_id)
    because = Because(request.reason, context.caller.access_key_id)
    if not await context.store.rollouts.resume(job.id, because, context.now_ms):
        what = "is not held" if job.is_unfinished else "has ended"
        raise JobStatusError(f"the job {job.id} {what}")
    return EmptyResponse()
