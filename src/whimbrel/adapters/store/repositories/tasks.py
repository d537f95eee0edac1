"""Tasks one by one. Those by the thousand are in `fleet.py`."""

from __future__ import annotations

from collections.abc import Sequence

from whimbrel.adapters.store.late_changes import FailedTask
from whimbrel.adapters.store.repositories.births import TARGETS, hold_births, make_tasks
from whimbrel.adapters.store.repositories.jobs import JOB_COLUMNS, job_of
from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.repositories.targets import TargetRepository
from whimbrel.adapters.store.repositories.trials import count_move, reasons_list, tasks_list
from whimbrel.adapters.store.session import Row, Session, list_total, position_of
from whimbrel.domain.device_story import is_kept
from whimbrel.domain.failure import failure_of
from whimbrel.domain.job import Job
from whimbrel.domain.naming import shown_name
from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.task import Task, TaskStatus, stamped
from whimbrel.ports.store import TaskRow, job_turn

TASK_COLUMNS = len(Task._fields)


def task_of(row: Row) -> Task:
    """A task from the columns `task_columns` of queries/*.sql, which may be followed by others."""
    task = Task._make(row[:TASK_COLUMNS])
    return task._replace(
        status=TaskStatus(row[3]), is_confirmed=bool(task.is_confirmed), is_silent=bool(task.is_silent)
    )


def task_row(row: Row) -> TaskRow:
    device_name, *rest = row[TASK_COLUMNS:]
    return TaskRow(task_of(row), shown_name(device_name), *rest)


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
        return Listing([task_row(row) for row in rows], position.total)

    async def by_device_names(self, job_id: int, status: TaskStatus | None, names: tuple[str, ...]) -> list[TaskRow]:
        found = [await self._session.all("task_of_device_name", job_id=job_id, device_name=name) for name in names]
        rows = [task_row(row) for of_name in found for row in of_name]
        return [row for row in rows if status is None or row.task.status is status]

    async def by_ids(self, account_id: int, task_ids: tuple[int, ...]) -> list[tuple[Task, Job]]:
        found = [await self.with_job(task_id) for task_id in task_ids]
        return [(task, job) for task, job in filter(None, found) if job.account_id == account_id]

    async def open_of_device(self, device_id: int) -> list[tuple[Task, Job]]:
        if self._session.ahead is not None:
            known = self._session.ahead.open_of_device(device_id)
            if known is not None:
                return known
        rows = await self._session.all("open_tasks_of_device", device_id=device_id)
        return [(task_of(row), job_of(row[TASK_COLUMNS : TASK_COLUMNS + JOB_COLUMNS])) for row in rows]

    async def with_job(self, task_id: int) -> tuple[Task, Job] | None:
        row = await self._session.one("task_with_job", task_id=task_id)
        return (task_of(row), job_of(row[TASK_COLUMNS : TASK_COLUMNS + JOB_COLUMNS])) if row else None

    async def cancelled(self, task_ids: Sequence[int]) -> set[int]:
        return {row[0] for row in await self._session.all("cancelled_tasks", **given(task_ids))}

    async def add_for(self, job: Job, device_ids: tuple[int, ...], now_ms: int) -> int:
        await TargetRepository(self._session).add(job, device_ids)
        made = [await make_tasks(self._session, job, TARGETS, (number - 1, number), now_ms) for number in device_ids]
        return sum(made)

    async def change(self, old: Task, new: Task, now_ms: int) -> bool:
        new = stamped(old, new, now_ms)
        ahead = self._session.ahead
        is_changed = ahead.change(old, new, now_ms) if ahead is not None else None
        if is_changed is None:
            reason = await self._reason(old)
            # It may have fallen silent, or spoken, since it was read: it leaves the lists as what it is now.
            for seen in (old, old._replace(is_silent=not old.is_silent)):
                if await self._change(seen, new, now_ms):
                    self._record(seen, new, now_ms)
                    self._leave_reason(seen, new, reason)
                    return True
            return False
        if is_changed:
            self._record(old, new, now_ms)
        return is_changed

    def _record(self, old: Task, new: Task, now_ms: int) -> None:
        """What has to be counted and told of a change that was made."""
        count_move(self._session, old, new)
        if new.status is old.status and new.attempt == old.attempt:
            return
        if new.status is TaskStatus.FAILED and old.status is not TaskStatus.FAILED:
            self._session.late.fail(FailedTask(new.job_id, new.id, failure_of(new.description)))
        if is_kept(old, new):
            self._session.late.task_changed(old, new, now_ms)

    async def _reason(self, task: Task) -> int:
        """Why it failed; 0 when it has not."""
        row = await self._session.one("task_reason", task_id=task.id) if task.status is TaskStatus.FAILED else None
        return row[0] if row else 0

    def _leave_reason(self, old: Task, new: Task, reason: int) -> None:
        if reason and new.status is not TaskStatus.FAILED:
            self._session.count(reasons_list(old.job_id, reason), old.id, -1)

    async def _change(self, old: Task, new: Task, now_ms: int) -> bool:
        changed = await self._session.run(
            "change_task",
            task_id=old.id,
            old_status=old.status.value,
            old_attempt=old.attempt,
            was_silent=int(old.is_silent),
            status=new.status.value,
            attempt=new.attempt,
            progress=new.progress,
            due_ms=new.due_ms,
            retries=new.retries,
            is_confirmed=int(new.is_confirmed),
            wave=new.wave,
            era=new.era,
            is_silent=int(new.is_silent),
            told_ms=new.told_ms,
            begun_ms=new.begun_ms,
            now_ms=now_ms,
        )
        if changed == 0:
            return False
        if new.description != old.description:
            await self._session.run("put_task_description", task_id=old.id, words=new.description)
        return True

    async def reopen(self, job: Job, old: Task, new: Task, now_ms: int) -> bool:
        await self._session.lock(job_turn(job.id))
        await hold_births(self._session, job.product_id)
        reason = await self._reason(old)
        opened = await self._session.run(
            "reopen_task",
            task_id=old.id,
            old_status=old.status.value,
            old_attempt=old.attempt,
            attempt=new.attempt,
            src_version=new.src_version,
            open_scope=job.open_scope,
            now_ms=now_ms,
        )
        if opened == 0:
            return False
        if new.description != old.description:
            await self._session.run("put_task_description", task_id=old.id, words=new.description)
        self._record(old, new, now_ms)
        self._leave_reason(old, new, reason)
        await self._session.run("reopen_job", job_id=job.id, now_ms=now_ms)
        await self._session.run("restart_dispatch", job_id=job.id, after=old.id - 1)
        return True
