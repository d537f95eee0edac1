"""A job's tasks by the thousand. Each step is one bounded statement and moves a durable cursor, so that a kill between
any two steps loses nothing and repeats nothing (F04, I2).
"""

from __future__ import annotations

from operator import itemgetter

from whimbrel.adapters.store.repositories.births import (
    PLACES,
    PRODUCT,
    TARGETS,
    count_cancelled,
    in_all,
    make_tasks,
)
from whimbrel.adapters.store.repositories.jobs import status_bits
from whimbrel.adapters.store.repositories.pacing import PacingRepository, claimed, free_of
from whimbrel.adapters.store.repositories.targets import TargetRepository
from whimbrel.adapters.store.repositories.tasks import TaskRepository, task_of
from whimbrel.adapters.store.session import BLOCK_BITS, Session
from whimbrel.domain.gray import KEYS
from whimbrel.domain.job import Job
from whimbrel.domain.retry import due_again
from whimbrel.domain.task import SCHEDULE_ENDED_WORDS, Task, TaskStatus, timed_out
from whimbrel.errors import StoreConflictError
from whimbrel.ports.store import job_turn

LOOKED_AT_PER_CLAIM = (
    20  # most devices of a large fleet are offline, and a look at one costs less than half a microsecond
)


class FleetRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def fill(self, job: Job, devices_max: int, now_ms: int) -> None:
        if not job.is_gathered:
            await TargetRepository(self._session).gather(job, devices_max)
            return
        if job.order_factor is not None:
            await self._fill_places(job, devices_max, now_ms)
            return
        if job.takes_product:
            source, where = PRODUCT, {"product_id": job.product_id, "until": job.fill_until}
            row = await self._session.one("fill_bound", after=job.fill_after, devices_max=devices_max, **where)
        else:
            source, where = TARGETS, {"job_id": job.id}
            row = await self._session.one(
                "fill_bound_of_targets", after=job.fill_after, devices_max=devices_max, **where
            )
        bound = row[0] if row else job.fill_until
        await make_tasks(self._session, job, source, (job.fill_after, bound), now_ms)
        is_filled = int(bound >= job.fill_until)
        await self._session.run("move_fill_cursor", job_id=job.id, bound=bound, is_filled=is_filled, now_ms=now_ms)

    async def _fill_places(self, job: Job, devices_max: int, now_ms: int) -> None:
        """Place by place; the cursor is the place that comes next."""
        row = await self._session.one(
            "fill_bound_of_places", job_id=job.id, after=job.fill_after - 1, devices_max=devices_max
        )
        bound = int(row[0]) if row else KEYS - 1
        await make_tasks(self._session, job, PLACES, (job.fill_after - 1, bound), now_ms)
        is_filled = int(bound >= KEYS - 1)
        await self._session.run("move_fill_cursor", job_id=job.id, bound=bound + 1, is_filled=is_filled, now_ms=now_ms)

    async def dispatch(self, job: Job, tasks_max: int, now_ms: int) -> list[Task]:
        bound = await self._bound(job.id, job.dispatch_after, tasks_max * LOOKED_AT_PER_CLAIM)
        if bound is None or job.dispatch_after >= job.stage_until:
            return []
        bound = min(bound, job.stage_until)
        claims_max, wave = await free_of(self._session, job, tasks_max)
        rows = await self._session.all_apart(
            "dispatch_job",
            job_id=job.id,
            after=job.dispatch_after,
            bound=bound,
            claims_max=claims_max,
            module_name=job.module_name,
            required_version=job.required_version,
            wave=wave,
            era=job.era,
            now_ms=now_ms,
        )
        tasks = await claimed(self._session, job, rows, wave, now_ms)
        if len(tasks) == claims_max:
            # It may have stopped within the range: the rest is looked at next, or when the pace allows more.
            bound = tasks[-1].id if tasks else job.dispatch_after
        await self._session.run("move_dispatch_cursor", job_id=job.id, bound=bound)
        return tasks

    async def look_again_after(self, job_id: int, task_id: int) -> None:
        # A dispatch under way has not seen the tasks as ready, and moves the cursor past them when it commits.
        await self._session.lock(job_turn(job_id))
        await self._session.run("restart_dispatch", job_id=job_id, after=task_id)

    async def cancel(self, job: Job, tasks_max: int, now_ms: int) -> None:
        bound = await self._bound(job.id, job.cancel_after, tasks_max)
        if bound is not None:
            await self._cancel_up_to(bound, job, now_ms)
        # With the last of them, so that what comes after the answer to a small cancel is not taken for a part of it.
        is_done = bound is None or await self._bound(job.id, bound, 1) is None
        if is_done and job.is_filled:
            await self._session.run("finish_cancel", job_id=job.id, now_ms=now_ms)

    async def _cancel_up_to(self, bound: int, job: Job, now_ms: int) -> None:
        where = {"job_id": job.id, "after": job.cancel_after, "bound": bound, "statuses": status_bits(job.cancelling)}
        groups = await self._session.all_apart("tasks_in_statuses", block_bits=BLOCK_BITS, **where)
        if job.retry_minutes is not None:
            await self._session.run_apart("forget_retry_words", **where)
        if job.schedule_ended_ms is not None:
            await self._session.run_apart(
                "describe_ended_schedule", words=SCHEDULE_ENDED_WORDS, ended_ms=job.schedule_ended_ms, **where
            )
        count_cancelled(self._session, groups)
        if await self._session.run_apart("cancel_tasks", **where, now_ms=now_ms) != in_all(groups):
            raise StoreConflictError("a task became open while others were cancelled; nothing was changed")
        await self._session.run("move_cancel_cursor", job_id=job.id, bound=bound)

    async def time_out(self, tasks_max: int, now_ms: int) -> int:
        rows = await self._session.all("overdue_tasks", tasks_max=tasks_max, now_ms=now_ms)
        # In the order in which a batch of reports holds them: else both would wait in a ring.
        for row in sorted(rows, key=itemgetter(0)):
            old, timeout_minutes, need_push = task_of(row), row[-2], row[-1]
            new = due_again(old) or timed_out(old, timeout_minutes)
            assert new is not None, "only tasks in progress and tasks that wait for their retry carry a due time"
            changed = await TaskRepository(self._session).change(old, new, now_ms)
            if changed and need_push and new.status is TaskStatus.QUEUED:
                await PacingRepository(self._session).ready(new)
        return len(rows)

    async def postpone_due(self, by_ms: int, now_ms: int) -> None:
        await self._session.run("postpone_due", by_ms=by_ms)
        await self._session.run("postpone_ddi_due", by_ms=by_ms)
        await self._session.run("excuse_silence", by_ms=by_ms, now_ms=now_ms)

    async def next_due_ms(self) -> int | None:
        row = await self._session.one("next_due")
        return row[0] if row else None

    async def _bound(self, job_id: int, after: int, tasks_max: int) -> int | None:
        row = await self._session.one("dispatch_bound", job_id=job_id, after=after, tasks_max=tasks_max)
        return row[0] if row else None
