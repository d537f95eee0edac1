"""Releases tasks that wait for confirmation.

1. 1 to 10 tasks, each named once.
2. All or nothing: a task that does not wait for confirmation refuses the whole call.
3. Of a scheduled job only between its start and its ScheduleFinishTime.

Source: api-contract 11.2.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.delivery import is_in_schedule
from whimbrel.domain.task import confirmed
from whimbrel.errors import JobStatusError, OtaInvalidParameterError, TaskNotFoundError, TaskStatusError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.task.lookup import find_tasks

TASKS_MAX = 10


class Request(msgspec.Struct, frozen=True, kw_only=True):
    task_id: Annotated[tuple[str, ...], Field("The tasks.", items_max=TASKS_MAX, length_max=ID_LENGTH_MAX)]


EXAMPLE = Example(request={"TaskId.1": "9001"}, response=EmptyResponse())


@operation(
    action="ConfirmOTATask",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(TaskNotFoundError, TaskStatusError, JobStatusError, OtaInvalidParameterError),
    manner=Manner(qps=20),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    for task, job in await find_tasks(context, request.task_id):
        if not is_in_schedule(job.schedule_ms, job.schedule_finish_ms, context.now_ms):
            raise JobStatusError(f"tasks of the job {job.id} can be confirmed from its start to its ScheduleFinishTime")
        await context.store.fleet.look_again_after(task.job_id, task.id - 1)
        # A large cancel that was answered may not have come to this task yet; it is cancelled all the same (I8).
        released = None if task.status in job.cancelling else confirmed(task)
        if released is None or not await context.store.tasks.change(task, released, context.now_ms):
            raise TaskStatusError(f"task {task.id} does not wait for confirmation, it is {task.status.name}")
    return EmptyResponse()
