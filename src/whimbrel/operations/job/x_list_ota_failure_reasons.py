"""Lists why tasks of a job failed, the most frequent reason first, each with the number of its tasks.

1. A reason is a code, and for most codes the device's words, made alike: what differs from device to device though the
   cause is the same is #. At most 50 reasons of a job have words; failures with other words count under their code,
   without words.
2. SILENT: the task has not failed; its device was told and has said nothing for longer than the job's gate allows.
   TIMEOUT: its time ran out. CONFLICT: another job's task held the device when this one was made. WRONG_VERSION, with
   the version that the device reported. UPGRADE_FAILED, DOWNLOAD_FAILED, CHECKSUM_FAILED, BURN_FAILED: the device
   reported -1 to -4.
3. What was retried or upgraded again has not failed, and counts when it fails anew. XListOTATaskByReason has the tasks.

Source: ours; ADR 0058.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.errors import JobNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.ports.store import FailureReason


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]


class ReasonInfo(msgspec.Struct, frozen=True, kw_only=True):
    reason_id: Annotated[str, Field("Its id within the job.")]
    code: Annotated[str, Field("See rule 2.")]
    step: Annotated[int | None, Field("What the devices reported; absent for what they do not report as a step.")]
    words: Annotated[str, Field("What the devices said, made alike; empty for the code alone.")]
    tasks: Annotated[int, Field("How many tasks have it now.")]


class ReasonList(msgspec.Struct, frozen=True, kw_only=True):
    reason: Annotated[list[ReasonInfo], Field("The most frequent first.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[ReasonList, Field("The reasons.")]


EXAMPLE = Example(
    request={"JobId": "502"},
    response=Response(
        data=ReasonList(
            reason=[
                ReasonInfo(reason_id="16", code="DOWNLOAD_FAILED", step=-2, words="HTTP 503 from #", tasks=7),
                ReasonInfo(reason_id="1", code="SILENT", step=None, words="", tasks=2),
            ]
        )
    ),
)


@operation(
    action="XListOTAFailureReasons",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(JobNotFoundError,),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    job = await find_job(context, request.job_id)
    reasons = await context.store.failures.reasons(job.id)
    return Response(data=ReasonList(reason=[_answer(reason) for reason in reasons]))


def _answer(reason: FailureReason) -> ReasonInfo:
    return ReasonInfo(
        reason_id=str(reason.number),
        code=reason.code.name,
        step=reason.code.step,
        words=reason.words,
        tasks=reason.tasks,
    )
