"""Jobs that are held and resumed, their stages, and what happened to them."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.repositories.tasks import task_of
from whimbrel.adapters.store.repositories.trials import tasks_list
from whimbrel.adapters.store.session import BLOCK_BITS, Session
from whimbrel.domain.job import NO_TASK_ABOVE, Job
from whimbrel.domain.rollout import Hold
from whimbrel.domain.stages import StageMove
from whimbrel.domain.task import Task
from whimbrel.ports.store import job_turn
from whimbrel.ports.store.rollouts import Because, JobEvent

RESUMED, STAGE, SOAKS, APPROVED = "RESUMED", "STAGE", "SOAKS", "APPROVED"


class RolloutRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def hold(self, job_id: int, hold: Hold, because: Because, now_ms: int) -> bool:
        # What is being told now is told before the answer, and nothing after it (I8).
        await self._session.lock(job_turn(job_id))
        values = {"job_id": job_id, "hold": hold.value, "reason": because.words, "now_ms": now_ms}
        if not await self._session.run("hold_job", **values):
            return False
        await self._add_event(job_id, hold.name, because, now_ms)
        return True

    async def resume(self, job_id: int, because: Because, now_ms: int) -> bool:
        await self._session.lock(job_turn(job_id))
        if not await self._session.run("resume_job", job_id=job_id, now_ms=now_ms):
            return False
        await self._add_event(job_id, RESUMED, because, now_ms)
        return True

    async def await_approval(self, job: Job) -> None:
        await self._add_event(job.id, job.hold.name, Because(job.hold_reason, job.created_by), job.created_ms)

    async def approve(self, job_id: int, because: Because, now_ms: int) -> bool:
        await self._session.lock(job_turn(job_id))
        if not await self._session.run("approve_job", job_id=job_id, who=because.who, now_ms=now_ms):
            return False
        await self._add_event(job_id, APPROVED, because, now_ms)
        return True

    async def reject(self, job_id: int, because: Because, now_ms: int) -> bool:
        await self._session.lock(job_turn(job_id))
        if not await self._session.run("reject_job", job_id=job_id, reason=because.words, now_ms=now_ms):
            return False
        await self._add_event(job_id, Hold.REJECTED.name, because, now_ms)
        return True

    async def move(self, job: Job, move: StageMove, because: Because, now_ms: int) -> bool:
        await self._session.lock(job_turn(job.id))
        if move.soaks:
            await self._session.run("soak_stage", job_id=job.id, now_ms=now_ms)
            await self._add_event(job.id, SOAKS, because, now_ms)
            return True
        until = NO_TASK_ABOVE if move.devices is None else await self._task_at(job.id, move.devices)
        if (move.stage, until) == (job.stage, job.stage_until):
            return False
        await self._session.run("enter_stage", job_id=job.id, stage=move.stage, stage_until=until, now_ms=now_ms)
        if move.stage != job.stage or job.stage_until == 0:
            await self._add_event(job.id, STAGE, because, now_ms)
        return True

    async def move_wave(self, job_id: int, wave: int) -> None:
        await self._session.run("move_wave", job_id=job_id, wave=wave)

    async def tell_again(self, task: Task) -> None:
        await self._session.run("add_again", job_id=task.job_id, task_id=task.id)

    async def again(self, job: Job, tasks_max: int) -> list[Task]:
        taken = await self._session.all("take_again", job_id=job.id, tasks_max=tasks_max)
        if not taken:
            return []
        rows = await self._session.all("tasks_again", **given(row[0] for row in taken))
        return [task_of(row) for row in rows]

    async def events(self, job_id: int, limit: int) -> list[JobEvent]:
        rows = await self._session.all("job_events", job_id=job_id, limit=limit)
        return [JobEvent._make(row) for row in rows]

    async def _task_at(self, job_id: int, devices: int) -> int:
        """The last of the job's first `devices` tasks; of fewer the newest, 0 without any."""
        row = await self._session.one("task_block_at", list=tasks_list(job_id), offset=devices - 1)
        if row is None:
            newest = await self._session.one("newest_task", job_id=job_id)
            return int(newest[0]) if newest else 0
        block, older = row
        found = await self._session.one("task_at", job_id=job_id, from_id=block << BLOCK_BITS, skip=devices - 1 - older)
        assert found is not None, "the counters say that the task is there"
        return int(found[0])

    async def _add_event(self, job_id: int, kind: str, because: Because, now_ms: int) -> None:
        await self._session.run(
            "add_job_event", job_id=job_id, kind=kind, who=because.who, words=because.words, now_ms=now_ms
        )
