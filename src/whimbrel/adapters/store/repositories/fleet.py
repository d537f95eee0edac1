"""A job's tasks by the thousand. Each step is one bounded statement and moves a durable cursor, so that a kill between
any two steps loses nothing and repeats nothing (F04, I2).
"""

from __future__ import annotations

from whimbrel.adapters.store.repositories.jobs import status_bits, tasks_list
from whimbrel.adapters.store.repositories.tasks import TaskRepository, count_births, task_of
from whimbrel.adapters.store.session import Session
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task, TaskStatus, birth_status, timed_out


class FleetRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def fill(self, job: Job, devices_max: int, now_ms: int) -> None:
        row = await self._session.one(
            "fill_bound",
            product_id=job.product_id,
            after=job.fill_after,
            until=job.fill_until,
            devices_max=devices_max,
        )
        bound = row[0] if row else job.fill_until
        birth = birth_status(need_confirm=job.need_confirm, has_open_task=False, cancelled=job.cancelling)
        rows = await self._session.all(
            "fill_job",
            job_id=job.id,
            product_id=job.product_id,
            after=job.fill_after,
            bound=bound,
            birth_status=birth.value,
            module_name=job.module_name,
            dest_version=job.dest_version,
            required_version=job.required_version,
            now_ms=now_ms,
        )
        count_births(self._session, job.id, rows)
        if any(status == TaskStatus.FAILED.value for _, status in rows):
            await self._session.run("describe_conflicts", job_id=job.id, first_id=rows[0][0], last_id=rows[-1][0])
        is_filled = int(bound >= job.fill_until)
        await self._session.run("move_fill_cursor", job_id=job.id, bound=bound, is_filled=is_filled, now_ms=now_ms)

    async def dispatch(self, job: Job, tasks_max: int, now_ms: int) -> list[Task]:
        bound = await self._bound(job.id, job.dispatch_after, tasks_max)
        if bound is None:
            return []
        rows = await self._session.all(
            "dispatch_job",
            job_id=job.id,
            after=job.dispatch_after,
            bound=bound,
            module_name=job.module_name,
            required_version=job.required_version,
            now_ms=now_ms,
        )
        for row in rows:
            self._session.count(tasks_list(job.id, TaskStatus.QUEUED), row[0], -1)
            self._session.count(tasks_list(job.id, TaskStatus.NOTIFIED), row[0], 1)
        await self._session.run("move_dispatch_cursor", job_id=job.id, bound=bound)
        return [task_of(row) for row in rows]

    async def look_again_after(self, job_id: int, task_id: int) -> None:
        await self._session.run("restart_dispatch", job_id=job_id, after=task_id)

    async def cancel(self, job: Job, tasks_max: int, now_ms: int) -> None:
        bound = await self._bound(job.id, job.cancel_after, tasks_max)
        if bound is None:
            if job.is_filled:
                await self._session.run("finish_cancel", job_id=job.id, now_ms=now_ms)
            return
        where = {"job_id": job.id, "after": job.cancel_after, "bound": bound, "statuses": status_bits(job.cancelling)}
        for task_id, status in await self._session.all("tasks_in_statuses", **where):
            self._session.count(tasks_list(job.id, TaskStatus(status)), task_id, -1)
            self._session.count(tasks_list(job.id, TaskStatus.CANCELED), task_id, 1)
        await self._session.run("cancel_tasks", **where, now_ms=now_ms)
        await self._session.run("move_cancel_cursor", job_id=job.id, bound=bound)

    async def time_out(self, tasks_max: int, now_ms: int) -> int:
        rows = await self._session.all("overdue_tasks", tasks_max=tasks_max, now_ms=now_ms)
        for row in rows:
            old = task_of(row)
            new = timed_out(old, row[-1])
            assert new is not None, "only tasks in progress carry a due time"
            await TaskRepository(self._session).change(old, new, now_ms)
        return len(rows)

    async def postpone_due(self, by_ms: int) -> None:
        await self._session.run("postpone_due", by_ms=by_ms)

    async def next_due_ms(self) -> int | None:
        row = await self._session.one("next_due")
        return row[0] if row else None

    async def _bound(self, job_id: int, after: int, tasks_max: int) -> int | None:
        row = await self._session.one("dispatch_bound", job_id=job_id, after=after, tasks_max=tasks_max)
        return row[0] if row else None
