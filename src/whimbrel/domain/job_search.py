"""Which jobs a list shows, and along which list of the store they are looked for (ADR 0059)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.job import Job, JobStatus, JobType
from whimbrel.domain.rollout_state import RolloutState, rollout_state

JOBS_LOOKED_MAX = 1_000  # jobs looked at in one call
JOBS_COUNTED_MAX = 10_000  # as long a list is counted when it is asked for

#: What a job's row says by itself; the other states follow from its windows and stages, and the time.
STORED_STATES = frozenset(RolloutState) - {RolloutState.WAITING_WINDOW, RolloutState.SOAKING, RolloutState.RUNNING}


class JobSearch(NamedTuple):
    """What must hold of a job; None and empty narrow nothing. `statuses` are those that callers read."""

    account_id: int
    product_id: int | None = None
    firmware_id: int | None = None
    group_id: str | None = None
    types: frozenset[JobType] = frozenset()
    statuses: frozenset[JobStatus] = frozenset()
    states: frozenset[RolloutState] = frozenset()

    @property
    def is_unfinished(self) -> bool:
        """Whether only jobs that have not ended can be found."""
        return bool(self.states) and RolloutState.ENDED not in self.states

    @property
    def is_stored(self) -> bool:
        """Whether the rows alone say which jobs are found."""
        return self.states <= STORED_STATES

    def holds(self, job: Job, now_ms: int) -> bool:
        """Of a job that the statements found: whether it is in one of the states now."""
        return self.is_stored or rollout_state(job, now_ms) in self.states


class JobWay(StrEnum):
    """A list that the store keeps in the order of ids."""

    FIRMWARE = "firmware"
    UNFINISHED_OF_PRODUCT = "unfinished_of_product"
    UNFINISHED = "unfinished"
    PRODUCT = "product"
    ACCOUNT = "account"


def way_of(search: JobSearch) -> JobWay:
    """The one that is likely to be short."""
    if search.firmware_id is not None:
        return JobWay.FIRMWARE
    if search.is_unfinished:
        return JobWay.UNFINISHED if search.product_id is None else JobWay.UNFINISHED_OF_PRODUCT
    return JobWay.ACCOUNT if search.product_id is None else JobWay.PRODUCT


def is_the_list(search: JobSearch, way: JobWay) -> bool:
    """Whether every job of the way is found, and no other."""
    is_narrowed = bool(search.group_id or search.types or search.statuses or search.states)
    return not is_narrowed and (way is not JobWay.FIRMWARE or search.product_id is None)
