"""How tasks are made, by the one rule of `queries/births.sql`: from a product's devices or a job's gathered targets."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.adapters.store.repositories.trials import count_move, standing_task, tasks_list
from whimbrel.adapters.store.session import NO_ROW_ABOVE, Row, Session
from whimbrel.domain.job import MATCHES_MAX, Job
from whimbrel.domain.task import OVERWRITABLE, TaskStatus, birth_status


class Source(NamedTuple):
    """The statements that take devices from one place."""

    overwrite: str
    fill: str


PRODUCT = Source("overwrite_for_product", "fill_product")
TARGETS = Source("overwrite_for_targets", "fill_targets")
PLACES = Source("overwrite_for_places", "fill_places")


async def make_tasks(session: Session, job: Job, source: Source, range_: tuple[int, int], now_ms: int) -> int:
    """Tasks for devices with ids (of PLACES: places) above the first and up to the second of the range; how many."""
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
        for status in OVERWRITABLE:
            rows = await session.all(source.overwrite, old=status.value, **where)
            for task_id, job_id, *standing in rows:
                old = standing_task(task_id, job_id, status, standing)
                count_move(session, old, old._replace(status=TaskStatus.CANCELED))
    rows = await session.all(source.fill, birth_status=birth.value, **where)
    _count_births(session, job.id, rows)
    conflicts = [task_id for task_id, status in rows if status == TaskStatus.FAILED.value]
    if conflicts:
        await session.run(
            "describe_conflicts",
            job_id=job.id,
            open_scope=job.open_scope,
            first_id=min(conflicts),
            last_id=max(conflicts),
        )
    return len(rows)


async def hold_births(session: Session, product_id: int) -> None:
    """One job of a product opens tasks at a time: two that see no open task of a device would both open one (I3)."""
    await session.lock(f"tasks:{product_id}")


def _count_births(session: Session, job_id: int, rows: list[Row]) -> None:
    """Enter new tasks, given as (id, status code), into the job's lists."""
    names = {status.value: tasks_list(job_id, status) for status in TaskStatus}
    everything = tasks_list(job_id)
    for task_id, status in rows:
        session.count(everything, task_id, 1)
        session.count(names[status], task_id, 1)
