"""Who has gone silent: looked for by blocks of tasks, so that telling and reporting write next to nothing for it."""

from __future__ import annotations

from collections.abc import Iterable

from whimbrel.adapters.store.repositories.jobs import JOB_COLUMNS, job_of
from whimbrel.adapters.store.repositories.trials import count_move, standing_task
from whimbrel.adapters.store.session import Session
from whimbrel.domain.job import Job
from whimbrel.domain.silence import heard_before_ms, silent_from_ms, told_before_ms
from whimbrel.domain.task import Task, TaskStatus

BLOCK_BITS = 9  # 512 tasks: as many rows as a step of a job changes


class SilenceRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def watch(self, task: Task, job: Job, now_ms: int) -> None:
        due_ms = silent_from_ms(task.status, job.rollout.gate, now_ms)
        if due_ms is not None:
            self._session.watch(task.job_id, task.id >> BLOCK_BITS, due_ms)

    async def watch_all(self, job: Job, tasks: Iterable[Task], now_ms: int) -> None:
        due_ms = silent_from_ms(TaskStatus.NOTIFIED, job.rollout.gate, now_ms)
        if due_ms is not None:
            for block in {task.id >> BLOCK_BITS for task in tasks}:
                self._session.watch(job.id, block, due_ms)

    async def look(self, blocks_max: int, now_ms: int) -> int:
        rows = await self._session.all("due_watches", now_ms=now_ms, limit=blocks_max)
        for block, floor_ms, *job in rows:
            await self._look_at(block, floor_ms, job_of(job[:JOB_COLUMNS]), now_ms)
        return len(rows)

    async def _look_at(self, block: int, floor_ms: int, job: Job, now_ms: int) -> None:
        where = {"job_id": job.id, "first_id": block << BLOCK_BITS, "last_id": ((block + 1) << BLOCK_BITS) - 1}
        watch: dict[str, object] = {"job_id": job.id, "block": block}
        gate = job.rollout.gate
        if gate is None:
            await self._session.run("end_watch", **watch)
            return
        # A device that could not be heard until the floor is silent only when it has kept so since then.
        if told_before_ms(gate, now_ms) >= floor_ms or heard_before_ms(gate, now_ms) >= floor_ms:
            for task_id, job_id, status, *standing in await self._session.all(
                "fall_silent",
                told_before_ms=told_before_ms(gate, now_ms) if told_before_ms(gate, now_ms) >= floor_ms else 0,
                heard_before_ms=heard_before_ms(gate, now_ms) if heard_before_ms(gate, now_ms) >= floor_ms else 0,
                **where,
            ):
                old = standing_task(task_id, job_id, TaskStatus(status), (*standing, 0))
                count_move(self._session, old, old._replace(is_silent=True))
        # In this order: who tells a task of the block now waits, and then sets the watch anew.
        await self._session.one("hold_watch", **watch)
        row = await self._session.one("last_heard", **where)
        assert row is not None, "an aggregate has a row"
        due = [
            silent_from_ms(status, gate, max(heard_ms, floor_ms))
            for status, heard_ms in ((TaskStatus.NOTIFIED, row[0]), (TaskStatus.IN_PROGRESS, row[1]))
            if heard_ms is not None
        ]
        due_ms = min((at_ms for at_ms in due if at_ms is not None), default=None)
        if due_ms is None:
            await self._session.run("end_watch", **watch)
        else:
            await self._session.run("move_watch", due_ms=due_ms, **watch)

    async def next_due_ms(self) -> int | None:
        row = await self._session.one("next_watch")
        return row[0] if row else None

    async def engine_lives(self, away_ms_max: int, now_ms: int) -> bool:
        row = await self._session.one("engine_alive_ms")
        has_been_away = row is not None and now_ms - row[0] > away_ms_max
        if has_been_away:
            await self._session.run("excuse_silence", by_ms=0, now_ms=now_ms)
        await self._session.run("engine_lives", now_ms=now_ms)
        return has_been_away
