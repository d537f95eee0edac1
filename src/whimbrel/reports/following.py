"""A device that reports a version follows the dynamic job for it (api-contract 7.4)."""

from __future__ import annotations

from whimbrel.domain.job import Job
from whimbrel.domain.task import OVERWRITABLE
from whimbrel.reports.declaration import ReportContext


async def follow(context: ReportContext, module_name: str, version: str) -> None:
    """A task of the newest running dynamic job whose version, or whose group, the device matches.

    One of the job's is open at a time; for those of other jobs the rules are a static job's. A device that is held by
    another job gets one failed task that says so, not one at each report.
    """
    job = await context.store.strategies.of_device(context.device_id, module_name, version)
    if job is None:
        return
    matches = await context.store.strategies.matches(job.id, context.device_id)
    if matches.has_open or (matches.tasks and await _is_held(context, job)):
        return
    await context.store.tasks.add_for(job, (context.device_id,), context.now_ms)


async def _is_held(context: ReportContext, job: Job) -> bool:
    """Whether another job's task stands in the way, one that this job would not take the place of."""
    for task, other in await context.store.tasks.open_of_device(context.device_id):
        stands_in_the_way = not job.multi_module_mode or other.module_name == job.module_name
        if stands_in_the_way and not (job.overwrites and task.status in OVERWRITABLE):
            return True
    return False
