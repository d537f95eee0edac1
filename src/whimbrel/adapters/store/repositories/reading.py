"""Reads ahead for a batch of reports: tasks, versions and dynamic jobs of many devices, by a few statements."""

from __future__ import annotations

from collections.abc import Collection

from whimbrel.adapters.store.read_ahead import ReadAhead, Standing
from whimbrel.adapters.store.repositories.device_lists import device_turn
from whimbrel.adapters.store.repositories.jobs import job_of
from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.repositories.tasks import task_of
from whimbrel.adapters.store.session import Session
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.job import Job
from whimbrel.domain.task import Task


async def read_ahead(session: Session, device_ids: Collection[int], turn_ids: Collection[int]) -> None:
    """What was read before is read anew. The turns come first: others who hold one have committed when it is read."""
    session.ahead = None
    if not device_ids:
        return
    await session.lock_all([device_turn(device_id) for device_id in sorted(turn_ids)])
    these = given(sorted(set(device_ids)))
    held = {row[0] for row in await session.all("hold_open_tasks", **these)}
    tasks = [task_of(row) for row in await session.all("open_tasks_of_devices", **these)]
    # A task that was made between the two is held by nobody: its device's tasks are read when they are asked for.
    unheld = set() if None in held else {task.device_id for task in tasks if task.id not in held}
    tasks = [task for task in tasks if task.device_id not in unheld]
    jobs = await _jobs_of(session, tasks)
    reported = await session.all("reported_by_devices", **these)
    ahead = ReadAhead(set(device_ids) - unheld, turn_ids, {row[0] for row in reported if row[4]})
    ahead.take_tasks((task, jobs[task.job_id]) for task in tasks)
    for device_id, product_id, module_name, version, _ in reported:
        ahead.take_reported(device_id, product_id, None if module_name is None else (module_name, version))
    await _take_standings(session, ahead, sorted(turn_ids))
    session.ahead = ahead


async def _jobs_of(session: Session, tasks: list[Task]) -> dict[int, Job]:
    """A fleet has few jobs at a time, so each is read once."""
    jobs: dict[int, Job] = {}
    for job_id in sorted({task.job_id for task in tasks}):
        row = await session.one("job_of_task", job_id=job_id)
        assert row is not None, "a task refers to its job"
        jobs[job_id] = job_of(row)
    return jobs


async def _take_standings(session: Session, ahead: ReadAhead, device_ids: list[int]) -> None:
    if not device_ids:
        return
    for row in await session.all("standings_of_devices", **given(device_ids)):
        device_id, account_id, product_id, state, activated_ms, node_id, session_id = row
        status = DeviceStatus(state)
        ahead.take_standing(
            device_id, Standing(account_id, product_id, status, activated_ms is not None, node_id, session_id)
        )
