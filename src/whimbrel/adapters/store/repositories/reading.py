"""Reads ahead for a batch of reports: tasks, versions and dynamic jobs of many devices, by a few statements."""

from __future__ import annotations

from collections.abc import Collection

from whimbrel.adapters.store.read_ahead import ReadAhead
from whimbrel.adapters.store.repositories.device_lists import device_turn
from whimbrel.adapters.store.repositories.jobs import job_of
from whimbrel.adapters.store.repositories.padding import padded
from whimbrel.adapters.store.repositories.tasks import task_of
from whimbrel.adapters.store.session import Session
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task

ID_WIDTH = 20  # as the statements cut them


async def read_ahead(session: Session, device_ids: Collection[int], turn_ids: Collection[int]) -> None:
    """What was read before is read anew. The turns come first: others who hold one have committed when it is read."""
    session.ahead = None
    if not device_ids:
        return
    await session.lock_all([device_turn(device_id) for device_id in sorted(turn_ids)])
    wanted = sorted(set(device_ids))
    given = {"entries": len(wanted), "device_ids": padded([str(device_id) for device_id in wanted], ID_WIDTH)}
    await session.all("hold_open_tasks", **given)
    tasks = [task_of(row) for row in await session.all("open_tasks_of_devices", **given)]
    jobs = await _jobs_of(session, tasks)
    reported = await session.all("reported_by_devices", **given)
    ahead = ReadAhead(wanted, turn_ids, {row[0] for row in reported if row[4]})
    ahead.take_tasks((task, jobs[task.job_id]) for task in tasks)
    for device_id, product_id, module_name, version, _ in reported:
        ahead.take_reported(device_id, product_id, None if module_name is None else (module_name, version))
    session.ahead = ahead


async def _jobs_of(session: Session, tasks: list[Task]) -> dict[int, Job]:
    """A fleet has few jobs at a time, so each is read once."""
    jobs: dict[int, Job] = {}
    for job_id in sorted({task.job_id for task in tasks}):
        row = await session.one("job_of_task", job_id=job_id)
        assert row is not None, "a task refers to its job"
        jobs[job_id] = job_of(row)
    return jobs
