"""Jobs by any filters together. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from whimbrel.domain.job import Counts, Job
from whimbrel.domain.job_search import JobSearch


class FoundJob(NamedTuple):
    """A job with the counts of its tasks; of the devices that its gate looks at, how many started and are failing."""

    job: Job
    counts: Counts
    started: int = 0
    failing: int = 0


class JobPage(NamedTuple):
    """One page of a search. `below`: the next page is of jobs with smaller ids; None when there are no more.

    `is_full`: whether it stopped because the page is full or there are no more, not because it looked at
    JOBS_LOOKED_MAX jobs. `total`: exact, None where it is not counted.
    """

    rows: Sequence[FoundJob]
    below: int | None
    is_full: bool
    total: int | None


class JobSearches(Protocol):
    async def page(self, search: JobSearch, below: int | None, size: int, now_ms: int) -> JobPage:
        """Newest first; with `below` those with smaller ids."""
        ...

    async def unfinished(self, account_id: int, product_id: int | None, limit: int) -> list[FoundJob]:
        """An account's or a product's jobs that have not ended, newest first."""
        ...

    async def of_firmware(self, account_id: int, firmware_id: int, limit: int) -> list[FoundJob]:
        """A firmware's newest jobs."""
        ...
