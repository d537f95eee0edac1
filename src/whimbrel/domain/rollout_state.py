"""Where a rollout stands, in one word and by its stages: what people are told (design.md part 4)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.job import Job, JobStatus
from whimbrel.domain.stages import devices_until, needed_successes, soaks_until_ms
from whimbrel.domain.window import is_open


class RolloutState(StrEnum):
    """The first that holds, in this order."""

    ENDED = "ENDED"
    HALTED = "HALTED"
    PAUSED = "PAUSED"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    REJECTED = "REJECTED"
    PLANNED = "PLANNED"
    WAITING_WINDOW = "WAITING_WINDOW"
    SOAKING = "SOAKING"
    RUNNING = "RUNNING"


class StageState(StrEnum):
    DONE = "DONE"
    SOAKING = "SOAKING"
    UNDER_WAY = "UNDER_WAY"
    WAITING = "WAITING"


class StageStanding(NamedTuple):
    """A stage of a job. `devices` are its own, `until` those from the job's first to its last; `needed_successes` of
    those are needed before the next stage, None of the last, which holds all others.
    """

    number: int
    state: StageState
    devices: int
    until: int
    needed_successes: int | None


def rollout_state(job: Job, now_ms: int) -> RolloutState:
    """The job's state now."""
    if not job.is_unfinished:
        return RolloutState.ENDED
    if job.is_held:
        return RolloutState[job.hold.name]
    if job.status is JobStatus.PLANNED:
        return RolloutState.PLANNED
    if not is_open(job.rollout.windows, job.rollout.time_zone, now_ms):
        return RolloutState.WAITING_WINDOW
    return RolloutState.SOAKING if _soaks(job, now_ms) else RolloutState.RUNNING


def stage_standings(job: Job, tasks: int, now_ms: int) -> list[StageStanding]:
    """The stages of a job of so many tasks, the implicit last one too; empty without stages."""
    stages, before = job.rollout.stages, 0
    standings = []
    for number in range(len(stages) + 1 if stages else 0):
        is_last = number == len(stages)
        until = tasks if is_last else min(devices_until(stages, number, tasks), tasks)
        needed = None if is_last else needed_successes(stages, number, tasks)
        standings.append(StageStanding(number, _stage_state(job, number, now_ms), until - before, until, needed))
        before = until
    return standings


def _stage_state(job: Job, number: int, now_ms: int) -> StageState:
    if number < job.stage:
        return StageState.DONE
    if number > job.stage or job.stage_until == 0:
        return StageState.WAITING
    return StageState.SOAKING if _soaks(job, now_ms) else StageState.UNDER_WAY


def _soaks(job: Job, now_ms: int) -> bool:
    until_ms = soaks_until_ms(job)
    return until_ms is not None and until_ms > now_ms
