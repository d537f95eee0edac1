"""How operations find the tasks that a request names."""

from __future__ import annotations

from whimbrel.domain.job import Job
from whimbrel.domain.task import Task
from whimbrel.errors import OtaInvalidParameterError, TaskNotFoundError
from whimbrel.operations.declaration import Context
from whimbrel.operations.ids import row_id


async def find_tasks(context: Context, task_ids: tuple[str, ...]) -> list[tuple[Task, Job]]:
    """The caller's tasks with their jobs, each named once.

    Raises OtaInvalidParameterError, TaskNotFoundError, also for one of a job that the AccessKey may not touch (A06).
    """
    if len(set(task_ids)) != len(task_ids):
        raise OtaInvalidParameterError("TaskId names a task twice")
    numbers = tuple(number for number in map(row_id, task_ids) if number is not None)
    found = await context.store.tasks.by_ids(context.caller.account_id, numbers)
    scope = context.caller.scope
    seen = [(task, job) for task, job in found if scope.covers_job(job.product_key, job.group_id)]
    if len(seen) != len(task_ids):
        raise TaskNotFoundError
    return seen
