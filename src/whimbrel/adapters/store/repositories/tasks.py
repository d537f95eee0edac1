"""Tasks one by one. Those by the thousand are in `fleet.py`."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.jobs import JOB_COLUMNS, job_of, tasks_list
from whimbrel.adapters.store.session import Row, Session, list_total, position_of
from whimbrel.domain.job import Job
from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.task import Task, TaskStatus, birth_status
from whimbrel.ports.store import TaskRow

TASK_COLUMNS = len(Task._fields)


def task_of(row: Row) -> Task:
    """A task from the columns `task_columns` of queries/*.sql, which may be followed by others."""
    return Task(row[0], row[1], row[2], TaskStatus(row[3]), *row[4:TASK_COLUMNS])


def _task_row(row: Row) -> TaskRow:
    return TaskRow(task_of(row), *row[TASK_COLUMNS:])


class TaskRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def page(self, job_id: int, status: TaskStatus | None, page: Page) -> Listing[TaskRow]:
        list_name = tasks_list(job_id, status)
        position = await position_of(self._session, list_name, page)
        if position is None:
            return Listing((), await list_total(self._session, list_name))
        where = {"job_id": job_id, "below": position.below, "skip": position.skip, "size": page.size}
        if status is None:
            rows = await self._session.all("tasks_page", **where)
        else:
            rows = await self._session.all("tasks_page_of_status", status=status.value, **where)
        return Listing([_task_row(row) for row in rows], position.total)

    async def by_device_names(self, job_id: int, status: TaskStatus | None, names: tuple[str, ...]) -> list[TaskRow]:
        found = [await self._session.one("task_of_device_name", job_id=job_id, device_name=name) for name in names]
        rows = [_task_row(row) for row in found if row is not None]
        return [row for row in rows if status is None or row.task.status is status]

    async def by_ids(self, account_id: int, task_ids: tuple[int, ...]) -> list[tuple[Task, Job]]:
        found = [await self.with_job(task_id) for task_id in task_ids]
        return [(task, job) for task, job in filter(None, found) if job.account_id == account_id]

    async def open_of_device(self, device_id: int) -> list[tuple[Task, Job]]:
        rows = await self._session.all("open_tasks_of_device", device_id=device_id)
        return [(task_of(row), job_of(row[TASK_COLUMNS : TASK_COLUMNS + JOB_COLUMNS])) for row in rows]

    async def with_job(self, task_id: int) -> tuple[Task, Job] | None:
        row = await self._session.one("task_with_job", task_id=task_id)
        return (task_of(row), job_of(row[TASK_COLUMNS : TASK_COLUMNS + JOB_COLUMNS])) if row else None

    async def add_for(self, job: Job, device_ids: tuple[int, ...], now_ms: int) -> int:
        birth = birth_status(need_confirm=job.need_confirm, has_open_task=False, cancelled=job.cancelling)
        ids: list[int] = []
        for device_id in device_ids:
            row = await self._session.one(
                "add_task_for_device",
                job_id=job.id,
                device_id=device_id,
                birth_status=birth.value,
                module_name=job.module_name,
                dest_version=job.dest_version,
                required_version=job.required_version,
                now_ms=now_ms,
            )
            if row is not None:
                ids.append(row[0])
                count_births(self._session, job.id, [row])
        if ids:
            await self._session.run("describe_conflicts", job_id=job.id, first_id=min(ids), last_id=max(ids))
        return len(ids)

    async def change(self, old: Task, new: Task, now_ms: int) -> bool:
        changed = await self._session.run(
            "change_task",
            task_id=old.id,
            old_status=old.status.value,
            old_attempt=old.attempt,
            status=new.status.value,
            attempt=new.attempt,
            progress=new.progress,
            due_ms=new.due_ms,
            now_ms=now_ms,
        )
        if changed == 0:
            return False
        if new.description != old.description:
            await self._session.run("put_task_description", task_id=old.id, words=new.description)
        if new.status is not old.status:
            self._session.count(tasks_list(old.job_id, old.status), old.id, -1)
            self._session.count(tasks_list(old.job_id, new.status), old.id, 1)
        return True


def count_births(session: Session, job_id: int, rows: list[Row]) -> None:
    """Enter new tasks, given as (id, status code), into the job's lists."""
    names = {status.value: tasks_list(job_id, status) for status in TaskStatus}
    everything = tasks_list(job_id)
    for task_id, status in rows:
        session.count(everything, task_id, 1)
        session.count(names[status], task_id, 1)
