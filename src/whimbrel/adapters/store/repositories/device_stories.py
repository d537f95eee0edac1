"""What happened to devices: rings of events and of stays, and what is read off their tasks."""

from __future__ import annotations

from collections.abc import Iterator

from whimbrel.adapters.store.repositories.tasks import TASK_COLUMNS, task_of
from whimbrel.adapters.store.session import Row, Session
from whimbrel.domain.device_story import Kept, Stay, TaskChange, TaskStanding, VersionChange
from whimbrel.domain.task import TaskStatus

JOBS_MAX = 50  # of a product, looked through for tasks of the device: as many as a ring has events


class DeviceStoryRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def of_device(self, device_id: int) -> Kept:
        stays = await self._session.all("device_stays", device_id=device_id)
        events = await self._session.all("device_events", device_id=device_id)
        tasks = await self._session.all("tasks_of_device", device_id=device_id, jobs_max=JOBS_MAX)
        return Kept(
            [Stay._make(row) for row in stays],
            [change for row in events for change in _changes(row)],
            [_standing(row) for row in tasks],
        )


async def write_events(session: Session) -> None:
    """What happened to devices in this transaction; only counts may be written afterwards."""
    counts, puts = session.late.take_events()
    if counts:
        await session.run_many("count_events", counts)
        await session.run_many("put_event", puts)


async def forget_story(session: Session, device_id: int) -> None:
    """The device is deleted."""
    for statement in ("forget_events", "forget_stays", "forget_story"):
        await session.run(statement, device_id=device_id)


def _changes(row: Row) -> Iterator[VersionChange | TaskChange]:
    at_ms, task_id, job_id, module_name, attempt, status, told_ms, begun_ms, progress, words, before, after = row
    if after is not None:
        yield VersionChange(at_ms, module_name, before, after, task_id, job_id)
    if task_id is not None:
        ended = TaskStatus(status)
        yield TaskChange(at_ms, task_id, job_id, module_name, attempt, ended, told_ms, begun_ms, progress, words)


def _standing(row: Row) -> TaskStanding:
    module_name, need_confirm, created_ms, dest_version = row[TASK_COLUMNS:]
    return TaskStanding(task_of(row), module_name, bool(need_confirm), created_ms, dest_version)
