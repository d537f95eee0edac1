"""Stages: which devices of a job go first, and when the next ones follow (design.md part 4).

A job's tasks are made in the order of its seed, so a stage is everything up to one task. It goes on when enough of its
devices have succeeded and the soak time since then has passed; a gate that trips meanwhile halts it before.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from typing import NamedTuple

from whimbrel.domain.claims import Standing
from whimbrel.domain.job import Job
from whimbrel.domain.rollout import Hold, Stage

MINUTE_MS = 60_000
STAGES_MAX = 20
SOAK_MINUTES_MAX = 30 * 24 * 60


class StageMove(NamedTuple):
    """What is to be done: let the first `devices` of the job (None: all) leave in `stage`, or note that it soaks."""

    stage: int
    devices: int | None = None
    soaks: bool = False


def stage_devices(stage: Stage, tasks: int) -> int:
    """How many devices, counted from the job's first, belong to the stage of a job of so many tasks; at least one."""
    if stage.devices is not None:
        return stage.devices
    return max(1, int((Decimal(stage.percent) * tasks / 100).to_integral_value(ROUND_CEILING)))


def devices_until(stages: tuple[Stage, ...], number: int, tasks: int) -> int:
    """How many devices, counted from the job's first, may have begun once this stage has, the first being 0.

    Never fewer than in a stage before: shares and numbers may take turns.
    """
    return max(stage_devices(stage, tasks) for stage in stages[: number + 1])


def needed_successes(stages: tuple[Stage, ...], number: int, tasks: int) -> int:
    """How many of the devices up to the stage's end must have succeeded before the next stage."""
    return -(-min(devices_until(stages, number, tasks), tasks) * stages[number].succeeded_percent // 100)


def stages_fault(stages: tuple[Stage, ...]) -> str:
    """What is wrong with the order of a job's stages, empty when nothing is: shares grow, and so do numbers."""
    for sizes in ([Decimal(s.percent) for s in stages if s.percent], [s.devices for s in stages if s.devices]):
        if any(following <= size for size, following in pairwise(sizes)):  # type: ignore[operator]
            return "each stage must take in more devices than those before it"
    return ""


def stage_move(job: Job, standing: Standing, proved: int, now_ms: int) -> StageMove | None:
    """The next move; None when there is none now. `proved`: successes of all eras.

    A static job begins its stages when its tasks are made: only then a share is known. A dynamic one begins at once,
    and its stage takes in devices as they come.
    """
    stages = job.rollout.stages
    if not stages or job.is_held or job.stage >= len(stages) or not (job.is_filled or job.is_dynamic):
        return None
    stage = stages[job.stage]
    if job.stage_until == 0:
        return stage_begin(job, 0, standing.tasks) if standing.tasks else None
    if proved >= needed_successes(stages, job.stage, standing.tasks) and standing.tasks:
        if job.soaked_ms is None and stage.soak_minutes:
            return StageMove(job.stage, soaks=True)
        if now_ms >= (job.soaked_ms or 0) + stage.soak_minutes * MINUTE_MS:
            return stage_begin(job, job.stage + 1, standing.tasks)
    return stage_begin(job, job.stage, standing.tasks) if job.is_dynamic else None


def stage_begin(job: Job, number: int, tasks: int) -> StageMove:
    """Let the stage begin, in a job of so many tasks; after the last one, all others."""
    stages = job.rollout.stages
    return StageMove(number, devices_until(stages, number, tasks) if number < len(stages) else None)


def advance_fault(job: Job) -> str:
    """Why the job's next stage cannot begin now, empty when it can."""
    if not job.rollout.stages:
        return "has no stages"
    if not job.is_unfinished:
        return "has ended"
    if job.is_held:
        return "waits to be approved" if job.hold is Hold.AWAITING_APPROVAL else "is held; resume it first"
    if job.stage_until == 0:
        return "has not begun its first stage"
    return "has no stage left" if job.stage >= len(job.rollout.stages) else ""


def soaks_until_ms(job: Job) -> int | None:
    """When the stage that soaks may be followed by the next; None when none soaks."""
    if job.soaked_ms is None or job.stage >= len(job.rollout.stages):
        return None
    return job.soaked_ms + job.rollout.stages[job.stage].soak_minutes * MINUTE_MS
