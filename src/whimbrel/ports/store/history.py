"""What happened over time: to jobs, to the tasks that failed in them, and to devices. Part of the port `store`.

Failures and what a device's story keeps are written with the changes that they are about, by the repositories of tasks,
versions and presence (ADR 0058); here they are read.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.device_story import Kept
from whimbrel.domain.failure import FailureCode
from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.rollout_history import Sample
from whimbrel.ports.store.tasks import TaskRow


class FailureReason(NamedTuple):
    """A reason of a job with the tasks that have it now. `number` is its name within the job.

    `words` is empty for a reason that is its code alone, which has all tasks whose words are not kept.
    """

    number: int
    code: FailureCode
    words: str
    tasks: int


class Failures(Protocol):
    async def reasons(self, job_id: int) -> list[FailureReason]:
        """Those that some task has, the most frequent first; bounded by WORDED_MAX and the codes."""
        ...

    async def tasks(self, job_id: int, number: int, page: Page) -> Listing[TaskRow]:
        """The tasks that have the reason now, newest first."""
        ...


class RolloutHistory(Protocol):
    async def samples(self, job_id: int) -> list[Sample]:
        """Oldest first; bounded by SAMPLES_MAX."""
        ...

    async def now(self, job_id: int, now_ms: int) -> Sample:
        """What a sample would be."""
        ...

    async def next_jobs(self, after_id: int, limit: int) -> list[int]:
        """The next running jobs, in the order of their ids."""
        ...

    async def sample(self, after_id: int, until_id: int, now_ms: int) -> None:
        """Sample those of the running jobs with ids above the first and up to the second that are due and have changed,
        and thin what has become too many. One bounded step, by named statements.
        """
        ...


class DeviceStories(Protocol):
    async def of_device(self, device_id: int) -> Kept:
        """All that is kept of a device, and its tasks in the newest jobs of its product."""
        ...
