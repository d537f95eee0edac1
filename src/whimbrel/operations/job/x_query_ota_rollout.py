"""Answers how a job goes out: its policy, where it stands, what holds it back, and what happened to it.

1. State is the first that holds: ENDED; HALTED by its gate; PAUSED; AWAITING_APPROVAL; REJECTED; PLANNED;
   WAITING_WINDOW, until UtcNextOpening; SOAKING, until UtcSoaksUntil; RUNNING.
2. At risk are devices that were told and of which nothing is known yet; silent ones are among them. What counts for
   gate and pace counts since the last halt was resumed.
3. The gate goes by GateFailing of the first GateStarted devices: the evidence on which it halts; while there is none,
   all that started. So many failing ones among these as GateHaltsAt says halt the job.
4. Events: the newest 50, newest first. Who is the AccessKey, or `user:` and a name; empty is the server.

Source: ours; design.md part 4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.claims import risk_max
from whimbrel.domain.gate import failures_to_halt, weighed
from whimbrel.domain.job import Job
from whimbrel.domain.rollout_state import rollout_state, stage_standings
from whimbrel.domain.stages import soaks_until_ms
from whimbrel.domain.window import next_opening_ms
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import JobNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.info import utc_or_none
from whimbrel.operations.job.lookup import find_job
from whimbrel.operations.job.rollout_info import EXAMPLE_POLICY, PolicyInfo, policy_info
from whimbrel.operations.job.task_counts import TaskCounts, task_counts
from whimbrel.ports.store import JobEvent, JobState

EVENTS_MAX = 50


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]


class StageProgress(msgspec.Struct, frozen=True, kw_only=True):
    number: Annotated[int, Field("From 1; the last is of all other devices.")]
    state: Annotated[str, Field("DONE, SOAKING, UNDER_WAY or WAITING.")]
    devices: Annotated[int, Field("Its devices.")]
    until_device: Annotated[int, Field("Devices from the job's first to its last.")]
    needed_successes: Annotated[int | None, Field("Successes among those before the next stage; absent of the last.")]


class StageProgressList(msgspec.Struct, frozen=True, kw_only=True):
    stage: Annotated[list[StageProgress], Field("Empty without stages.")]


class EventInfo(msgspec.Struct, frozen=True, kw_only=True):
    utc_time: Annotated[str, Field("When.")]
    kind: Annotated[str, Field("PAUSED, HALTED, RESUMED, STAGE, SOAKS, AWAITING_APPROVAL, APPROVED or REJECTED.")]
    who: Annotated[str, Field("The AccessKey; empty for the server.")]
    reason: Annotated[str, Field("Why.")]


class EventList(msgspec.Struct, frozen=True, kw_only=True):
    event: Annotated[list[EventInfo], Field("Newest first.")]


class RolloutData(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("As asked.")]
    job_status: Annotated[str, Field("As QueryOTAJob shows it.")]
    state: Annotated[str, Field("See rule 1.")]
    hold_reason: Annotated[str | None, Field("Why it is held; absent when it is not.")]
    held_by: Annotated[str | None, Field("Who held it; empty for its gate; absent when it is not held.")]
    created_by: Annotated[str, Field("Who made it: an AccessKey, or `user:` and a name; empty where nobody is known.")]
    approved_by: Annotated[str | None, Field("Who approved it; absent when nobody did or had to.")]
    utc_hold: Annotated[str | None, Field("Since when; absent when it is not held.")]
    utc_next_opening: Annotated[str | None, Field("Its next window; absent when devices may be told now.")]
    utc_soaks_until: Annotated[str | None, Field("When the next stage may begin; absent when none soaks.")]
    policy: Annotated[PolicyInfo, Field("What it pinned when it was made.")]
    tasks: Annotated[TaskCounts, Field("How many tasks it has, by status.")]
    started: Annotated[int, Field("Devices that its gate looks at.")]
    failing: Annotated[int, Field("Of those, failed or silent ones.")]
    gate_started: Annotated[int | None, Field("See rule 3; absent without a gate.")]
    gate_failing: Annotated[int | None, Field("See rule 3; absent without a gate.")]
    gate_halts_at: Annotated[int | None, Field("See rule 3; absent without a gate.")]
    at_risk: Annotated[int, Field("Devices at risk.")]
    at_risk_max: Annotated[int | None, Field("How many may be; absent without a pace.")]
    silent: Annotated[int, Field("Silent devices.")]
    succeeded: Annotated[int, Field("Devices that were told and succeeded.")]
    stages: Annotated[StageProgressList, Field("Wrapper.")]
    events: Annotated[EventList, Field("Wrapper.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[RolloutData, Field("The rollout.")]


EXAMPLE = Example(
    request={"JobId": "502"},
    response=Response(
        data=RolloutData(
            job_id="502",
            job_status="IN_PROGRESS",
            state="HALTED",
            hold_reason="9 of the first 35 devices failed or went silent; the limit is 3 %",
            held_by="",
            created_by="n3Xy7QbW0kTfLr5JcVhPs2Ga",
            approved_by=None,
            utc_hold="2025-01-02T03:14:05.678Z",
            utc_next_opening=None,
            utc_soaks_until=None,
            policy=EXAMPLE_POLICY,
            tasks=TaskCounts(confirm=0, queued=9_955, notified=4, in_progress=2, succeeded=30, failed=9, canceled=0),
            started=45,
            failing=9,
            gate_started=35,
            gate_failing=9,
            gate_halts_at=7,
            at_risk=6,
            at_risk_max=100,
            silent=0,
            succeeded=30,
            stages=StageProgressList(
                stage=[
                    StageProgress(number=1, state="UNDER_WAY", devices=100, until_device=100, needed_successes=50),
                    StageProgress(number=2, state="WAITING", devices=9_900, until_device=10_000, needed_successes=None),
                ]
            ),
            events=EventList(
                event=[
                    EventInfo(
                        utc_time="2025-01-02T03:14:05.678Z",
                        kind="HALTED",
                        who="",
                        reason="9 of the first 35 devices failed or went silent; the limit is 3 %",
                    )
                ]
            ),
        )
    ),
)


@operation(
    action="XQueryOTARollout",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(JobNotFoundError,),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    job = await find_job(context, request.job_id)
    state = await context.store.jobs.state(job.account_id, job.id)
    assert state is not None, "jobs are never deleted"
    events = await context.store.rollouts.events(job.id, EVENTS_MAX)
    return Response(data=_answer(state, events, context.now_ms))


def _answer(state: JobState, events: list[JobEvent], now_ms: int) -> RolloutData:
    job, standing = state.job, state.standing
    gate, windows = job.rollout.gate, job.rollout.windows
    limit_basis_points = 0 if gate is None else gate.limit_basis_points
    evidence = None if gate is None else weighed(standing.waves, limit_basis_points)
    return RolloutData(
        job_id=str(job.id),
        job_status=job.shown_status,
        state=rollout_state(job, now_ms),
        hold_reason=job.hold_reason if job.is_held else None,
        held_by=_held_by(job, events) if job.is_held else None,
        created_by=job.created_by,
        approved_by=job.approved_by or None,
        utc_hold=utc_or_none(job.hold_ms),
        utc_next_opening=utc_or_none(next_opening_ms(windows, job.rollout.time_zone, now_ms)),
        utc_soaks_until=utc_or_none(soaks_until_ms(job)),
        policy=policy_info(job.rollout),
        tasks=task_counts(state.counts),
        started=standing.started,
        failing=standing.failing,
        gate_started=None if evidence is None else evidence.started,
        gate_failing=None if evidence is None else evidence.failing,
        gate_halts_at=None if evidence is None else failures_to_halt(evidence.started, limit_basis_points),
        at_risk=standing.exposed,
        at_risk_max=risk_max(job, standing),
        silent=standing.silent,
        succeeded=standing.proved,
        stages=_stages(state, now_ms),
        events=EventList(event=[_event(event) for event in events]),
    )


def _held_by(job: Job, events: list[JobEvent]) -> str:
    return next((event.who for event in events if event.kind == job.hold.name), "")


def _stages(state: JobState, now_ms: int) -> StageProgressList:
    return StageProgressList(
        stage=[
            StageProgress(
                number=stage.number + 1,
                state=stage.state,
                devices=stage.devices,
                until_device=stage.until,
                needed_successes=stage.needed_successes,
            )
            for stage in stage_standings(state.job, state.standing.tasks, now_ms)
        ]
    )


def _event(event: JobEvent) -> EventInfo:
    return EventInfo(utc_time=utc_text(event.at_ms), kind=event.kind, who=event.who, reason=event.words)
