"""Jobs, their lists, and how they move besides their tasks. Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.claims import Standing, free_claims
from whimbrel.domain.job import Counts, Job, JobDraft, JobStatus, Tag
from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store.tasks import TaskRow


def job_turn(job_id: int) -> str:
    """The name to `hold` while a job is moved or a cancel is asked for: one process at a time does."""
    return f"job:{job_id}"


class JobState(NamedTuple):
    """A job with the counts of its tasks and the id of its newest task (0 without tasks).

    `proved`: successes since the job began, counted only where it has stages. `has_ready`: some tasks wait behind the
    dispatch cursor that its stage lets leave; without any queued task, some that wait for nothing any more.
    `has_again`: some devices are to be told once more.
    """

    job: Job
    counts: Counts
    newest_task_id: int
    standing: Standing = Standing()
    proved: int = 0
    has_ready: bool = False
    has_again: bool = False

    @property
    def free(self) -> int | None:
        """How many devices may be told now, None for any number."""
        return free_claims(self.job, self.standing)


class Jobs(Protocol):
    async def add(self, draft: JobDraft) -> int: ...
    async def by_id(self, account_id: int, job_id: int) -> Job | None: ...
    async def running(self, after_id: int, limit: int) -> list[JobState]:
        """Running jobs in the order of their ids, for the engine."""
        ...

    async def state(self, account_id: int, job_id: int) -> JobState | None: ...
    async def end(self, job_id: int, status: JobStatus, now_ms: int) -> bool:
        """From IN_PROGRESS to its end; False when it is not in progress."""
        ...

    async def cancel_tasks(self, job_id: int, statuses: frozenset[TaskStatus], now_ms: int) -> None:
        """Durably ask for the cancelling of the job's tasks in these statuses; none of them is sent any more (I8)."""
        ...

    async def has_unfinished(self, firmware_id: int) -> bool: ...
    async def latest_verify_counts(self, firmware_id: int) -> Counts | None:
        """The counts of the firmware's newest verify job."""
        ...


class JobLists(Protocol):
    """Newest first."""

    async def of_firmware(self, firmware_id: int, page: Page) -> Listing[Job]: ...
    async def of_device(self, device_id: int, firmware_id: int, page: Page) -> Listing[Job]:
        """The firmware's jobs that have a task for the device."""
        ...

    async def open_of_device(self, device_id: int) -> list[tuple[TaskRow, Job]]:
        """The device's open tasks, oldest first: at most one for each module."""
        ...


class JobChange(NamedTuple):
    """What UpdateOTAJob may change. `source_versions` None leaves them."""

    maximum_per_minute: int
    tags: tuple[Tag, ...]
    timeout_minutes: int | None
    source_versions: tuple[str, ...] | None = None


class JobMoves(Protocol):
    """How a job moves besides its tasks. Each is a compare and set: False, and nothing done, when it does not apply."""

    async def start(self, job: Job, now_ms: int) -> bool:
        """From PLANNED to IN_PROGRESS; its target set is frozen from now on (`Targets.freeze`)."""
        ...

    async def cancel_planned(self, job_id: int, now_ms: int) -> bool:
        """From PLANNED to CANCELED, without a task."""
        ...

    async def end_schedule(self, job_id: int, now_ms: int) -> bool:
        """ScheduleFinishTime has come: once, ask for the cancelling of what has not begun (api-contract 7.5)."""
        ...

    async def end_strategy(self, job_id: int, now_ms: int) -> bool:
        """A dynamic job takes no more devices; its tasks go on (api-contract 10.6)."""
        ...

    async def change(self, job: Job, change: JobChange, now_ms: int) -> bool:
        """Of a job that has not ended meanwhile. Raises DynamicJobConflictError."""
        ...

    async def due(self, now_ms: int, limit: int) -> list[Job]:
        """Planned jobs whose time has come, the longest due first."""
        ...

    async def next_due_ms(self) -> int | None:
        """When the next job starts or its schedule ends."""
        ...
