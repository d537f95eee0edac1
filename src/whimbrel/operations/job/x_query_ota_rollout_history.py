"""Answers how a job stood over time: samples of its tasks by status, for a chart.

1. Samples are oldest first, at most 500. A running job is sampled a minute after its last sample at first, and only if
   it has changed. When there are more than 500, every other one goes, and the time between them doubles.
2. The last sample of a job that has ended is its end. A server that did not run leaves a gap.
3. Now is how the job stands, sampled or not. At risk and silent are as XQueryOTARollout has them.
4. Of what happened before this server's release kept samples, there are none.

Source: ours; ADR 0058.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.rollout_history import Sample
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import JobNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.operations.job.task_counts import TaskCounts


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]


class SampleInfo(msgspec.Struct, frozen=True, kw_only=True):
    utc_time: Annotated[str, Field("When.")]
    tasks: Annotated[TaskCounts, Field("How many tasks it had, by status.")]
    at_risk: Annotated[int, Field("Devices at risk.")]
    silent: Annotated[int, Field("Silent devices.")]


class SampleList(msgspec.Struct, frozen=True, kw_only=True):
    sample: Annotated[list[SampleInfo], Field("Oldest first.")]


class HistoryData(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("As asked.")]
    samples: Annotated[SampleList, Field("Wrapper.")]
    now: Annotated[SampleInfo, Field("How the job stands.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[HistoryData, Field("The history.")]


EXAMPLE = Example(
    request={"JobId": "502"},
    response=Response(
        data=HistoryData(
            job_id="502",
            samples=SampleList(
                sample=[
                    SampleInfo(
                        utc_time="2025-01-02T03:04:05.678Z",
                        tasks=TaskCounts(
                            confirm=0, queued=9_900, notified=80, in_progress=20, succeeded=0, failed=0, canceled=0
                        ),
                        at_risk=100,
                        silent=0,
                    )
                ]
            ),
            now=SampleInfo(
                utc_time="2025-01-02T03:05:00.000Z",
                tasks=TaskCounts(
                    confirm=0, queued=9_500, notified=150, in_progress=150, succeeded=196, failed=4, canceled=0
                ),
                at_risk=300,
                silent=1,
            ),
        )
    ),
)


@operation(
    action="XQueryOTARolloutHistory",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(JobNotFoundError,),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    job = await find_job(context, request.job_id)
    samples = await context.store.rollout_history.samples(job.id)
    now = await context.store.rollout_history.now(job.id, context.now_ms)
    return Response(
        data=HistoryData(
            job_id=str(job.id),
            samples=SampleList(sample=[_answer(sample) for sample in samples]),
            now=_answer(now),
        )
    )


def _answer(sample: Sample) -> SampleInfo:
    return SampleInfo(
        utc_time=utc_text(sample.at_ms),
        tasks=TaskCounts(**{name: getattr(sample, name) for name in TaskCounts.__struct_fields__}),
        at_risk=sample.at_risk,
        silent=sample.silent,
    )
