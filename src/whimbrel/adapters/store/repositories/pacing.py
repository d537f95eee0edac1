"""How fast jobs tell devices. Claims are counted in the transaction that makes them, the job's turn being held (I6)."""

from __future__ import annotations

from collections.abc import Collection
from operator import itemgetter

from whimbrel.adapters.store.repositories.jobs import tasks_list
from whimbrel.adapters.store.repositories.padding import ID_WIDTH, given, padded
from whimbrel.adapters.store.repositories.tasks import task_of
from whimbrel.adapters.store.session import Row, Session
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task, TaskStatus
from whimbrel.ports.store.pacing import Notices

ROW_MS = 2_000  # notices of so long share a row: a job has some 30 of them


class PacingRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def ready(self, task: Task) -> None:
        if self._session.ahead is not None and self._session.ahead.make_ready(task):
            return
        await self._session.run("add_ready", job_id=task.job_id, task_id=task.id)

    async def overlooked(self, device_ids: Collection[int]) -> list[Task]:
        if not device_ids:
            return []
        return [task_of(row) for row in await self._session.all("overlooked_tasks", **given(sorted(device_ids)))]

    async def deliver(self, job: Job, tasks_max: int, now_ms: int) -> list[Task]:
        claims_max = await free_claims(self._session, job, tasks_max)
        # Taken first: a device that comes from now on is not lost with a row that it found there.
        taken = await self._session.all(
            "take_ready", job_id=job.id, tasks_max=claims_max or tasks_max, has_claims=int(claims_max > 0)
        )
        if not taken or claims_max == 0:
            return []
        rows = await self._session.all(
            "dispatch_ready",
            entries=len(taken),
            task_ids=padded([str(row[0]) for row in taken], ID_WIDTH),
            module_name=job.module_name,
            required_version=job.required_version,
            now_ms=now_ms,
        )
        return await claimed(self._session, job, rows, now_ms)

    async def count(self, job_id: int, n: int, now_ms: int) -> None:
        await self._session.run("add_notices", job_id=job_id, at_ms=now_ms - now_ms % ROW_MS, n=n)

    async def notices(self) -> list[Notices]:
        return [Notices._make(row) for row in await self._session.all("notices")]

    async def forget(self, notices: list[Notices]) -> None:
        await self._session.run_many("forget_notice", [row._asdict() for row in notices])


async def free_claims(session: Session, job: Job, tasks_max: int) -> int:
    """How many devices may be told now, at most `tasks_max`."""
    if job.maximum_per_minute is None:
        return tasks_max
    row = await session.one("job_outlook", job_id=job.id)
    assert row is not None
    told = int(row[1])
    return max(0, min(tasks_max, job.maximum_per_minute - told))


async def claimed(session: Session, job: Job, rows: list[Row], now_ms: int) -> list[Task]:
    """Count the tasks that were claimed, given as rows, into the job's lists and pace; in the order of their ids."""
    rows.sort(key=itemgetter(0))  # an UPDATE returns rows in no order that may be relied on
    for row in rows:
        session.count(tasks_list(job.id, TaskStatus.QUEUED), row[0], -1)
        session.count(tasks_list(job.id, TaskStatus.NOTIFIED), row[0], 1)
    if rows and job.maximum_per_minute is not None:
        await PacingRepository(session).count(job.id, len(rows), now_ms)
    return [task_of(row) for row in rows]
