"""What gates and paces count, kept as lists whose blocks are waves or eras (domain/gate.py, domain/claims.py)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from whimbrel.adapters.store.session import BLOCK_BITS, Session
from whimbrel.domain.claims import Standing
from whimbrel.domain.failure import FailureCode
from whimbrel.domain.gate import Wave
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task, TaskStatus

_ERA_KINDS_FROM = 3  # of job_trials: the kinds before it are counted by wave


class TrialLists(NamedTuple):
    """The names of a job's lists: by wave, who started, fails, or waits; by era, who is at risk, silent, or proof."""

    started: str
    failing: str
    waiting: str
    exposed: str
    silent: str
    proved: str


def trial_lists(job_id: int) -> TrialLists:
    return TrialLists._make(f"{name}:{job_id}" for name in TrialLists._fields)


def tasks_list(job_id: int, status: TaskStatus | None = None) -> str:
    """The name of the list of a job's tasks, of all or of one status."""
    return f"tasks:{job_id}" if status is None else f"tasks:{job_id}:{status.value}"


def reasons_list(job_id: int, number: int) -> str:
    """The name of the list of a job's tasks that have the reason of this number now (domain/failure.py)."""
    return f"reasons:{job_id}:{number}"


def count_move(session: Session, old: Task, new: Task, tasks: int = 1) -> None:
    """A task has moved, or so many of its block alike: its lists change with it."""
    if new.status is not old.status:
        session.count(tasks_list(old.job_id, old.status), old.id, -tasks)
        session.count(tasks_list(old.job_id, new.status), old.id, tasks)
    lists = trial_lists(old.job_id)
    for task, n in ((old, -tasks), (new, tasks)):
        if task.is_unheard:
            session.count(reasons_list(task.job_id, FailureCode.SILENT.value), task.id, n)
        if task.wave > 0 and old.wave != new.wave:
            session.count(lists.started, task.wave << BLOCK_BITS, n)
        if task.is_failing:
            session.count(lists.failing, task.wave << BLOCK_BITS, n)
        if task.is_waiting:
            session.count(lists.waiting, task.wave << BLOCK_BITS, n)
        if task.is_exposed:
            session.count(lists.exposed, task.era << BLOCK_BITS, n)
            if task.is_silent:
                session.count(lists.silent, task.era << BLOCK_BITS, n)
        if task.is_proof:
            session.count(lists.proved, task.era << BLOCK_BITS, n)


def standing_task(task_id: int, job_id: int, status: TaskStatus, standing: Sequence[int]) -> Task:
    """A task as far as it is counted: `standing` are its retries, wave, era, and whether it is silent."""
    retries, wave, era, is_silent = standing
    return Task(
        task_id, job_id, 0, status, 1, 0, None, "", "", retries=retries, wave=wave, era=era, is_silent=bool(is_silent)
    )


async def standing_of(session: Session, job: Job, tasks: int, told: int) -> Standing:
    """Where the job's gate and pace stand now; `told`: how many devices it told within the minute."""
    if job.rollout.gate is None and job.rollout.pace is None and not job.rollout.stages:
        return Standing(tasks, told)
    lists = trial_lists(job.id)
    waves: dict[int, list[int]] = {}
    of_era = [0, 0, 0]
    rows = await session.all("job_trials", gate_wave=job.gate_wave, era=job.era, **lists._asdict())
    # A batch claims for many devices in one transaction: those before count already (I6).
    rows += [(kind, block, n) for kind, name in enumerate(lists) for block, n in session.counted(name).items()]
    for kind, block, n in rows:
        if kind < _ERA_KINDS_FROM and block >= job.gate_wave:
            waves.setdefault(block, [0, 0, 0])[kind] += n
        elif kind >= _ERA_KINDS_FROM and block == job.era:
            of_era[kind - _ERA_KINDS_FROM] += n
    counted = tuple(Wave(number, *counts) for number, counts in sorted(waves.items()))
    exposed, silent, proved = of_era
    return Standing(tasks, told, exposed, silent, proved, counted)
