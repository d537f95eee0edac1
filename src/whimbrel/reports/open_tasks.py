"""What a device is told of its open tasks when it connects, reports or asks (device-protocol 6, 9)."""

from __future__ import annotations

from whimbrel.domain.job import Job
from whimbrel.domain.notice import UpgradeNotice, is_held_back, is_told_again_later, make_notice, may_deliver
from whimbrel.domain.retry import after_failure, waits_for_retry
from whimbrel.domain.silence import HEARD_EVERY_MS
from whimbrel.domain.task import SCHEDULE_ENDED_WORDS, Task, TaskStatus, UpgradeGoal, moved
from whimbrel.reports.declaration import ReportContext


async def deliverable(context: ReportContext) -> list[tuple[Task, Job]]:
    """The device's open tasks whose notice may leave now, oldest first."""
    found = []
    for task, job in await context.store.tasks.open_of_device(context.device_id):
        reported = await context.store.module_versions.get(context.device_id, job.module_name)
        if may_deliver(task, job, reported, context.now_ms):
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

    What has to be counted leaves by the engine, in its job's turn (I5, I6), and so does what its job holds back now, as
    soon as it may; a repeated notice is not counted (F05).
    A task of a device that cannot be pushed to stays queued until the device asks.
    """
    if not context.takes_notices:
        return ()
    notices = []
    may_leave = await deliverable(context)
    for task, job in await context.store.tasks.open_of_device(context.device_id):
        is_queued = task.status is TaskStatus.QUEUED
        if not job.need_push or not (again or is_queued):
            continue
        if is_told_later(task, job, context.now_ms):
            await context.store.pacing.ready(task)
        elif (task, job) in may_leave:
            notice = await notify(context, task, job)
            notices += [notice] if notice is not None else []
        elif is_told_again_later(task, job, context.now_ms):
            await context.store.rollouts.tell_again(task)
    return tuple(notices)


def goal_of(job: Job) -> UpgradeGoal:
    """What the job wants of a device that reports."""
    is_counted = job.rollout.pace is not None or bool(job.rollout.stages)
    return UpgradeGoal(job.dest_version, job.timeout_minutes, job.wave, job.era, is_counted)


def is_told_later(task: Task, job: Job, now_ms: int) -> bool:
    """Whether the engine tells the connected device, when its job's turn, hold, stage and window allow."""
    if waits_for_retry(task) or task.status is not TaskStatus.QUEUED:
        return False
    return job.counts_claims or is_held_back(task, job, now_ms)


async def judged(context: ReportContext, task: Task, changed: Task | None, job: Job) -> None:
    """Store what a report made of a task; a failure may have made it a task that is tried again (api-contract 7.7)."""
    if changed is None or (changed == task and context.now_ms - task.heard_ms < HEARD_EVERY_MS):
        return
    if changed.status is TaskStatus.FAILED:
        changed = after_failure(changed, job, context.now_ms)
    if not await context.store.tasks.change(task, changed, context.now_ms):
        return
    # Nobody listens for a device that is silent already: when it speaks, it is listened for anew.
    if changed.status is TaskStatus.IN_PROGRESS and (task.is_silent or changed.status is not task.status):
        await context.store.silence.watch(changed, job, context.now_ms)
    if changed.attempt != task.attempt and changed.due_ms is None and job.need_push:
        await context.store.pacing.ready(changed)


async def notify(context: ReportContext, task: Task, job: Job) -> UpgradeNotice | None:
    """The task's notice; a queued task is notified from now on, any other keeps its status (api-contract 6.5).

    None when its job allows no more devices to be told now (I6). What a device asks for is answered whatever
    MaximumPerMinute says, and not counted by it (api-contract 7.8).
    """
    if task.status is TaskStatus.QUEUED:
        asked_of = job if job.rollout.pace is not None else job._replace(maximum_per_minute=None)
        claimed = await context.store.pacing.claim(task, asked_of, context.now_ms)
        if claimed is None:
            return None
        task = claimed
    return make_notice(task, job, context.links, context.now_ms)
