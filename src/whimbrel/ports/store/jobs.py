"""Jobs. Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.job import Counts, Job, JobDraft, JobStatus
from whimbrel.domain.task import TaskStatus


class JobState(NamedTuple):
    """A job with the counts of its tasks and the id of its newest task (0 without tasks)."""

    job: Job
    counts: Counts
    newest_task_id: int


class Jobs(Protocol):
    async def add(self, draft: JobDraft) -> int: ...
    async def by_id(self, account_id: int, job_id: int) -> Job | None: ...
    async def unfinished(self, after_id: int, limit: int) -> list[JobState]:
        """Planned and running jobs in the order of their ids, for the engine."""
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
