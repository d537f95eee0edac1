"""How fast jobs tell devices. Claims are counted in the transaction that makes them, the job's turn being held (I6)."""

from __future__ import annotations

from collections.abc import Collection
from operator import itemgetter

from whimbrel.adapters.store.repositories.jobs import job_of
from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.repositories.silence import SilenceRepository
from whimbrel.adapters.store.repositories.tasks import TaskRepository, task_of
from whimbrel.adapters.store.repositories.trials import count_move, standing_of, tasks_list
from whimbrel.adapters.store.session import Row, Session, list_total
from whimbrel.domain.claims import current_wave, free_claims
from whimbrel.domain.job import NO_TASK_ABOVE, Job
from whimbrel.domain.task import Task, TaskStatus, stamped, told
from whimbrel.ports.store.jobs import job_turn
from whimbrel.ports.store.pacing import Notices

ROW_MS = 2_000  # notices of so long share a row: a job has some 30 of them


class PacingRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def ready(self, task: Task) -> None:
        if self._session.ahead is not None and self._session.ahead.make_ready(task):
            return
        await self._session.run("add_ready", job_id=task.job_id, task_id=task.id)

    async def overlooked(self, device_ids: Collection[int]) -> list[Task]:
        if not device_ids:
            return []
        return [task_of(row) for row in await self._session.all("overlooked_tasks", **given(sorted(device_ids)))]

    async def deliver(self, job: Job, tasks_max: int, now_ms: int) -> list[Task]:
        has_queued = await list_total(self._session, tasks_list(job.id, TaskStatus.QUEUED)) > 0
        claims_max, wave = await free_of(self._session, job, tasks_max) if has_queued else (0, job.wave)
        # Taken first: a device that comes from now on is not lost with a row that it found there.
        taken = await self._session.all(
            "take_ready",
            job_id=job.id,
            stage_until=job.stage_until if has_queued else NO_TASK_ABOVE,
            tasks_max=claims_max or tasks_max,
            has_claims=int(claims_max > 0),
        )
        if not taken or claims_max == 0:
            return []
        rows = await self._session.all(
            "dispatch_ready",
            **given(row[0] for row in taken),
            module_name=job.module_name,
            required_version=job.required_version,
            wave=wave,
            era=job.era,
            now_ms=now_ms,
        )
        return await claimed(self._session, job, rows, wave, now_ms)

    async def hold_turns(self, device_ids: Collection[int]) -> None:
        rows = await self._session.all("turns_of_devices", **given(sorted(device_ids))) if device_ids else []
        await self._session.lock_all([job_turn(job_id) for (job_id,) in rows])

    async def claim(self, task: Task, job: Job, now_ms: int) -> Task | None:
        wave = job.wave
        if job.counts_claims:
            await self._session.lock(job_turn(job.id))
            row = await self._session.one("job_by_id", account_id=job.account_id, job_id=job.id)
            assert row is not None, "a task refers to its job"
            job = job_of(row)  # as it is in its turn: it may have been held meanwhile
            free, wave = await free_of(self._session, job, 1)
            if free == 0 or task.id > job.stage_until or task.status in job.cancelling:
                return None
        notified = told(task, wave, job.era, has_started=await self._has_started(task))
        assert notified is not None, "only a queued task is claimed"
        notified = stamped(task, notified, now_ms)
        if not await TaskRepository(self._session).change(task, notified, now_ms):
            return None
        if job.maximum_per_minute is not None:
            await self.count(job.id, 1, now_ms)
        if job.counts_claims and wave > job.wave:
            await self._session.run("move_wave", job_id=job.id, wave=wave)
        await SilenceRepository(self._session).watch(notified, job, now_ms)
        return notified

    async def _has_started(self, task: Task) -> bool:
        """Whether its device was told of another of its tasks in a dynamic job."""
        where = {"job_id": task.job_id, "device_id": task.device_id}
        return task.match_number > 1 and await self._session.one("has_started", **where) is not None

    async def count(self, job_id: int, n: int, now_ms: int) -> None:
        await self._session.run("add_notices", job_id=job_id, at_ms=now_ms - now_ms % ROW_MS, n=n)

    async def notices(self) -> list[Notices]:
        return [Notices._make(row) for row in await self._session.all("notices")]

    async def forget(self, notices: list[Notices]) -> None:
        await self._session.run_many("forget_notice", [row._asdict() for row in notices])


async def free_of(session: Session, job: Job, tasks_max: int) -> tuple[int, int]:
    """How many devices may be told now, at most `tasks_max`, and the wave in which they start."""
    told = 0
    if job.maximum_per_minute is not None:
        row = await session.one("told_within_window", job_id=job.id)
        told = int(row[0]) if row else 0
    standing = await standing_of(session, job, await list_total(session, tasks_list(job.id)), told)
    free = free_claims(job, standing)
    return tasks_max if free is None else min(tasks_max, free), current_wave(job, standing)


async def claimed(session: Session, job: Job, rows: list[Row], wave: int, now_ms: int) -> list[Task]:
    """Count the tasks that were claimed, given as rows, into the job's lists and pace; in the order of their ids."""
    rows.sort(key=itemgetter(0))  # an UPDATE returns rows in no order that may be relied on
    tasks = [task_of(row) for row in rows]
    for task in tasks:
        # A queued task is in no wave but by the attempt that it is a retry of.
        had_wave = task.wave if task.retries else 0
        count_move(session, task._replace(status=TaskStatus.QUEUED, wave=had_wave), task)
    if not tasks:
        return tasks
    if job.maximum_per_minute is not None:
        await PacingRepository(session).count(job.id, len(tasks), now_ms)
    if wave > job.wave:
        await session.run("move_wave", job_id=job.id, wave=wave)
    await SilenceRepository(session).watch_all(job, tasks, now_ms)
    return tasks
