"""Tasks, one by one and by the thousand. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from whimbrel.domain.job import Job
from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.task import Task, TaskStatus


class TaskRow(NamedTuple):
    """A task as lists show it."""

    task: Task
    device_name: str
    iot_id: str
    created_ms: int
    modified_ms: int


class Tasks(Protocol):
    """Tasks one by one: what operations and reports need."""

    async def page(self, job_id: int, status: TaskStatus | None, page: Page) -> Listing[TaskRow]: ...
    async def by_device_names(
        self, job_id: int, status: TaskStatus | None, names: tuple[str, ...]
    ) -> list[TaskRow]: ...
    async def by_ids(self, account_id: int, task_ids: tuple[int, ...]) -> list[tuple[Task, Job]]: ...
    async def open_of_device(self, device_id: int) -> list[tuple[Task, Job]]:
        """The device's open tasks, oldest first, with their jobs."""
        ...

    async def with_job(self, task_id: int) -> tuple[Task, Job] | None: ...
    async def cancelled(self, task_ids: Sequence[int]) -> set[int]:
        """Those that are cancelled, or will be because it was asked for (I8); there must be one to ask about."""
        ...

    async def add_for(self, job: Job, device_ids: tuple[int, ...], now_ms: int) -> int:
        """Tasks for named devices of the job's product, by the same rule as `Fleet.fill`; how many."""
        ...

    async def change(self, old: Task, new: Task, now_ms: int) -> bool:
        """Compare and set on status and attempt; False, and nothing done, when the row is not `old` any more (I4)."""
        ...

    async def reopen(self, job: Job, old: Task, new: Task, now_ms: int) -> bool:
        """As `change`, for an ended task that is started again; its job goes on. False also when the device is gone, or
        has an open task that stands in its way (I3).
        """
        ...


class Fleet(Protocol):
    """A job's tasks by the thousand: each method is one bounded, named statement, resumable by a durable cursor."""

    async def fill(self, job: Job, devices_max: int, now_ms: int) -> None:
        """Make tasks for the next devices of the frozen target set and move the job's fill cursor (I2)."""
        ...

    async def dispatch(self, job: Job, tasks_max: int, now_ms: int) -> list[Task]:
        """Claim queued tasks of online devices as NOTIFIED, in the next range of the job's tasks; moves the cursor."""
        ...

    async def look_again_after(self, job_id: int, task_id: int) -> None:
        """Tasks after this one are about to become ready: dispatch comes back to them. Asked for before they change, so
        that whoever moves tasks of the job in its turn does not wait for one of them meanwhile.
        """
        ...

    async def cancel(self, job: Job, tasks_max: int, now_ms: int) -> None:
        """Cancel the next tasks that `Jobs.cancel_tasks` asked for; moves the cursor."""
        ...

    async def time_out(self, tasks_max: int, now_ms: int) -> int:
        """Fail tasks in progress whose time ran out; how many."""
        ...

    async def postpone_due(self, by_ms: int, now_ms: int) -> None:
        """Move every time-out, and when devices are silent: the wall clock jumped to `now_ms`, no device did (F16)."""
        ...

    async def next_due_ms(self) -> int | None:
        """When the next task times out."""
        ...
