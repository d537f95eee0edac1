"""How tasks are made, by the one rule of `queries/births.sql`: from a product's devices or a job's gathered targets.

What is made is counted by a statement too: a step of ten thousand rows must not pass through Python one by one.
"""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.adapters.store.repositories.trials import count_move, reasons_list, standing_task, tasks_list
from whimbrel.adapters.store.session import BLOCK_BITS, NO_ROW_ABOVE, Row, Session
from whimbrel.domain.failure import FailureCode
from whimbrel.domain.job import MATCHES_MAX, Job
from whimbrel.domain.task import OVERWRITABLE, TaskStatus, birth_status
from whimbrel.errors import StoreConflictError


class Source(NamedTuple):
    """The statements that take devices from one place."""

    standing: str
    overwrite: str
    fill: str


def _source(name: str) -> Source:
    return Source(f"standing_for_{name}", f"overwrite_for_{name}", f"fill_{name}")


PRODUCT = _source("product")  # by ids
TARGETS = _source("targets")  # by ids
PLACES = _source("places")  # by places


async def make_tasks(session: Session, job: Job, source: Source, range_: tuple[int, int], now_ms: int) -> int:
    """Tasks for devices with ids (of PLACES: places) above the first and up to the second of the range;
    how many.
    """
    await hold_births(session, job.product_id)
    birth = birth_status(need_confirm=job.need_confirm, has_open_task=False, cancelled=job.cancelling)
    where: dict[str, object] = {
        "job_id": job.id,
        "product_id": job.product_id,
        "module_name": job.module_name,
        "dest_version": job.dest_version,
        "has_sources": int(bool(job.source_versions)),
        "open_scope": job.open_scope,
        "matches_max": MATCHES_MAX if job.is_dynamic else 1,
        "after": range_[0],
        "bound": range_[1],
        "until": NO_ROW_ABOVE if job.is_dynamic else job.fill_until,
        "now_ms": now_ms,
    }
    if source is PRODUCT:
        where["rule_group_id"] = job.group_row_id or 0
    if job.overwrites and birth is not TaskStatus.CANCELED:
        await _overwrite(session, source, where)
    newest = await session.one("newest_task", job_id=job.id)
    assert newest is not None, "an aggregate has a row"
    made = await session.run_apart(source.fill, birth_status=birth.value, **where)
    if made:
        births = await session.all_apart("births_after", job_id=job.id, newest=newest[0], block_bits=BLOCK_BITS)
        _count_births(session, job.id, births)
        await _describe_conflicts(session, job, births)
    return made


async def hold_births(session: Session, product_id: int) -> None:
    """One job of a product opens tasks at a time: two that see no open task of a device would both open one (I3)."""
    await session.lock(f"tasks:{product_id}")


async def _overwrite(session: Session, source: Source, where: dict[str, object]) -> None:
    for status in OVERWRITABLE:
        groups = await session.all_apart(source.standing, old=status.value, block_bits=BLOCK_BITS, **where)
        count_cancelled(session, groups)
        if groups and await session.run_apart(source.overwrite, old=status.value, **where) != in_all(groups):
            raise StoreConflictError("a task became open while others were overwritten; nothing was changed")


def count_cancelled(session: Session, groups: list[Row]) -> None:
    """Tasks are cancelled, given as (block, job, standing, how many) of `standing_groups`."""
    for block, job_id, status, *standing, n in groups:
        old = standing_task(block << BLOCK_BITS, job_id, TaskStatus(status), standing)
        count_move(session, old, old._replace(status=TaskStatus.CANCELED), n)


def in_all(groups: list[Row]) -> int:
    """How many tasks the groups have."""
    return sum(group[-1] for group in groups)


def _count_births(session: Session, job_id: int, births: list[Row]) -> None:
    """Enter new tasks, given as `births_after` has them, into the job's lists."""
    for status, block, n, _, _ in births:
        session.count(tasks_list(job_id), block << BLOCK_BITS, n)
        session.count(tasks_list(job_id, TaskStatus(status)), block << BLOCK_BITS, n)
        if status == TaskStatus.FAILED.value:
            session.count(reasons_list(job_id, FailureCode.CONFLICT.value), block << BLOCK_BITS, n)


async def _describe_conflicts(session: Session, job: Job, births: list[Row]) -> None:
    conflicts = [(first_id, last_id) for status, _, _, first_id, last_id in births if status == TaskStatus.FAILED.value]
    if conflicts:
        where = {
            "job_id": job.id,
            "first_id": min(first_id for first_id, _ in conflicts),
            "last_id": max(last_id for _, last_id in conflicts),
        }
        await session.run_apart("describe_conflicts", open_scope=job.open_scope, **where)
        await session.run_apart("put_conflict_reason", reason=FailureCode.CONFLICT.value, **where)
