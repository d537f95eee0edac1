"""What a device is told of its open tasks when it connects, reports or asks (device-protocol 6, 9)."""

from __future__ import annotations

from whimbrel.domain.job import Job
from whimbrel.domain.notice import UpgradeNotice, make_notice, may_deliver
from whimbrel.domain.retry import after_failure
from whimbrel.domain.task import SCHEDULE_ENDED_WORDS, Task, TaskStatus, moved
from whimbrel.reports.declaration import ReportContext


async def deliverable(context: ReportContext) -> list[tuple[Task, Job]]:
    """The device's open tasks whose notice may leave now, oldest first."""
    found = []
    for task, job in await context.store.tasks.open_of_device(context.device_id):
        reported = await context.store.module_versions.get(context.device_id, job.module_name)
        if may_deliver(task, job, reported):
            found.append((task, job))
    return found


async def open_of_module(context: ReportContext, module_name: str) -> list[tuple[Task, Job]]:
    """The device's open tasks for the module, for a report to act on.

    A task that a large cancel has not come to yet is cancelled here: what was answered holds for the report too (I8).
    """
    found = []
    for task, job in await context.store.tasks.open_of_device(context.device_id):
        if job.module_name != module_name:
            continue
        if task.status not in job.cancelling:
            found.append((task, job))
            continue
        has_schedule_ended = job.schedule_ended_ms is not None and task.status is not TaskStatus.IN_PROGRESS
        cancelled = moved(task, TaskStatus.CANCELED)
        assert cancelled is not None, "the table lets every open task be cancelled"
        # Why its last attempt failed says nothing any more.
        cancelled = cancelled._replace(description=SCHEDULE_ENDED_WORDS if has_schedule_ended else "")
        await context.store.tasks.change(task, cancelled, context.now_ms)
    return found


async def push(context: ReportContext, *, again: bool) -> tuple[UpgradeNotice, ...]:
    """Notices for the tasks of jobs that push; with `again` also those the device was notified of before.

    What MaximumPerMinute counts leaves by the engine, which alone claims (I5); a repeated notice is not counted (F05).
    A task of a device that cannot be pushed to stays queued until the device asks.
    """
    if not context.takes_notices:
        return ()
    notices = []
    for task, job in await deliverable(context):
        if not job.need_push or not (again or task.status is TaskStatus.QUEUED):
            continue
        if task.status is TaskStatus.QUEUED and job.maximum_per_minute is not None:
            await context.store.pacing.ready(task)
            continue
        notices.append(await notify(context, task, job))
    return tuple(notices)


async def judged(context: ReportContext, task: Task, changed: Task | None, job: Job) -> None:
    """Store what a report made of a task; a failure may have made it a task that is tried again (api-contract 7.7)."""
    if changed is None or changed == task:
        return
    if changed.status is TaskStatus.FAILED:
        changed = after_failure(changed, job, context.now_ms)
    if not await context.store.tasks.change(task, changed, context.now_ms):
        return
    if changed.attempt != task.attempt and changed.due_ms is None and job.need_push:
        await context.store.pacing.ready(changed)


async def notify(context: ReportContext, task: Task, job: Job) -> UpgradeNotice:
    """The task's notice; a queued task is notified from now on, any other keeps its status (api-contract 6.5)."""
    if task.status is TaskStatus.QUEUED:
        notified = moved(task, TaskStatus.NOTIFIED)
        assert notified is not None, "the table allows QUEUED to NOTIFIED"
        await context.store.tasks.change(task, notified, context.now_ms)
    return make_notice(task, job, context.links, context.now_ms)
