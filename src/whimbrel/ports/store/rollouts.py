"""How jobs are held, go from stage to stage, and what happened to them. Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.job import Job
from whimbrel.domain.rollout import Hold
from whimbrel.domain.stages import StageMove
from whimbrel.domain.task import Task


class JobEvent(NamedTuple):
    """Something that happened to a job. `who`: the AccessKey, empty when the engine did it."""

    at_ms: int
    kind: str
    who: str
    words: str


class Because(NamedTuple):
    """Why a job is held, resumed or let on, and who says so: the AccessKey, empty for the engine."""

    words: str
    who: str = ""


class Rollouts(Protocol):
    """Each is a compare and set: False, and nothing done, when it does not apply. All of them take the job's turn."""

    async def hold(self, job_id: int, hold: Hold, because: Because, now_ms: int) -> bool:
        """Nothing of the job leaves from now on (I8). A halt takes the place of a pause, never the other way around;
        nothing takes that of a wait for approval.
        """
        ...

    async def resume(self, job_id: int, because: Because, now_ms: int) -> bool:
        """The job goes on: after a halt in a new era, so that what was told before is excused and gate and pace begin
        anew; after a pause where it was, so that pausing makes no failure unseen.
        """
        ...

    async def await_approval(self, job: Job) -> None:
        """Note that the job, just made, waits for somebody's approval."""
        ...

    async def approve(self, job_id: int, because: Because, now_ms: int) -> bool:
        """Let a job go that waits for it, by anybody but its maker."""
        ...

    async def reject(self, job_id: int, because: Because, now_ms: int) -> bool:
        """A job that waits for approval is never approved any more; its tasks are the caller's to cancel."""
        ...

    async def move(self, job: Job, move: StageMove, because: Because, now_ms: int) -> bool:
        """Let the devices of a stage leave, or note that it is healthy."""
        ...

    async def move_wave(self, job_id: int, wave: int) -> None:
        """Devices that start from now on are of this wave."""
        ...

    async def tell_again(self, task: Task) -> None:
        """The task's device was told before: it is told once more when its job goes on (F05)."""
        ...

    async def again(self, job: Job, tasks_max: int) -> list[Task]:
        """Take the next such tasks; those whose devices are there and still need it."""
        ...

    async def events(self, job_id: int, limit: int) -> list[JobEvent]:
        """What happened to the job, newest first."""
        ...


class Silence(Protocol):
    """Who was told and says nothing (domain/silence.py)."""

    async def watch(self, task: Task, job: Job, now_ms: int) -> None:
        """The task has just been told or heard: it is looked at again when it could be silent."""
        ...

    async def look(self, blocks_max: int, now_ms: int) -> int:
        """Mark who has gone silent, in at most so many blocks of tasks; how many blocks were due."""
        ...

    async def next_due_ms(self) -> int | None: ...
    async def engine_lives(self, away_ms_max: int, now_ms: int) -> bool:
        """Note that the engine is alive. When it was not for longer than `away_ms_max`, no device is silent for what it
        could not say meanwhile; whether that was so.
        """
        ...
