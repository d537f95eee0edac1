"""Releases tasks that wait for confirmation.

1. 1 to 10 tasks, each named once.
2. All or nothing: a task that does not wait for confirmation refuses the whole call.

Source: api-contract 11.2.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.task import TaskStatus, moved
from whimbrel.errors import OtaInvalidParameterError, TaskNotFoundError, TaskStatusError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX, row_id

TASKS_MAX = 10


class Request(msgspec.Struct, frozen=True, kw_only=True):
    task_id: Annotated[tuple[str, ...], Field("The tasks.", items_max=TASKS_MAX, length_max=ID_LENGTH_MAX)]


EXAMPLE = Example(request={"TaskId.1": "9001"}, response=EmptyResponse())


@operation(
    action="ConfirmOTATask",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(TaskNotFoundError, TaskStatusError, OtaInvalidParameterError),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    ids = tuple(number for number in map(row_id, request.task_id) if number is not None)
    if len(set(request.task_id)) != len(request.task_id):
        raise OtaInvalidParameterError("TaskId names a task twice")
    found = await context.store.tasks.by_ids(context.caller.account_id, ids)
    if len(found) != len(request.task_id):
        raise TaskNotFoundError
    for task, job in found:
        # A large cancel that was answered may not have come to this task yet; it is cancelled all the same (I8).
        waits = task.status is TaskStatus.CONFIRM and task.status not in job.cancelling
        confirmed = moved(task, TaskStatus.QUEUED) if waits else None
        if confirmed is None or not await context.store.tasks.change(task, confirmed, context.now_ms):
            raise TaskStatusError(f"task {task.id} does not wait for confirmation, it is {task.status.name}")
        await context.store.fleet.look_again_after(task.job_id, task.id - 1)
    return EmptyResponse()
