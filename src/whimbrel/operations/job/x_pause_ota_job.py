"""Holds a job back: once this is answered, no device is told of it any more (I8).

1. What devices have begun they go on with; nothing is sent again to those that were told, and who asks gets nothing.
   CancelOTATaskByJob stops more.
2. A job that is PLANNED may be paused: it starts at its time and makes its tasks, and tells nobody.
3. A job that is held already, also by its gate or because it waits for approval, stays as it is.
4. A job that has ended is refused. Of a dynamic job whose strategy ended, the tasks that go on are held back.
5. The gate goes on to watch, and may halt the job.

Source: ours; design.md part 4, I8.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.rollout import REASON_LENGTH_MAX, Hold
from whimbrel.errors import JobNotFoundError, JobStatusError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.ports.store import Because


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]
    reason: Annotated[str, Field("Why, for who reads XQueryOTARollout.", length_max=REASON_LENGTH_MAX)]


EXAMPLE = Example(
    request={"JobId": "502", "Reason": "three lamps in hall 2 flicker"},
    response=EmptyResponse(),
)


@operation(
    action="XPauseOTAJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(JobNotFoundError, JobStatusError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, halts=True),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    job = await find_job(context, request.job_id)
    because = Because(request.reason, context.caller.access_key_id)
    if not await context.store.rollouts.hold(job.id, Hold.PAUSED, because, context.now_ms):
        job = await find_job(context, request.job_id)
        if not job.is_held or not job.is_unfinished:
            raise JobStatusError(f"the job {job.id} has ended")
    return EmptyResponse()
