"""Ends the rule of a dynamic job: it takes no more devices.

1. Dynamic jobs only; of one that has ended already, nothing changes.
2. The job is CANCELED; tasks that it has made go on. CancelOTATaskByJob cancels those.

Source: api-contract 10.6, 7.4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.errors import JobNotFoundError, JobStatusError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]


EXAMPLE = Example(request={"JobId": "503"}, response=EmptyResponse())


@operation(
    action="CancelOTAStrategyByJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(JobNotFoundError, JobStatusError),
    manner=Manner(idempotent=True, halts=True),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    job = await find_job(context, request.job_id)
    if not job.is_dynamic:
        raise JobStatusError(f"the job {job.id} is not dynamic; CancelOTATaskByJob cancels its tasks")
    await context.store.job_moves.end_strategy(job.id, context.now_ms)
    return EmptyResponse()
