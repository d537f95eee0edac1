"""Jobs by any filters together: one list is walked in bounded pieces (domain/job_search.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from whimbrel.adapters.store.repositories.jobs import job_of
from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.session import NO_ROW_ABOVE, Session
from whimbrel.domain.job import Counts, Job, JobStatus, JobType
from whimbrel.domain.job_search import JOBS_COUNTED_MAX, JOBS_LOOKED_MAX, JobSearch, JobWay, is_the_list, way_of
from whimbrel.domain.rollout_state import RolloutState
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store.job_search import FoundJob, JobPage

PIECE = 200  # a job's row is wide: 200 take some 3 ms of the event loop
#: The bits of the statements.
_TYPE_BITS = {JobType.VERIFY: 1, JobType.UPGRADE: 2}
_STATUS_BITS = {JobStatus.PLANNED: 1, JobStatus.IN_PROGRESS: 2, JobStatus.COMPLETED: 4, JobStatus.CANCELED: 8}
_STATE_BITS = {RolloutState.ENDED: 1, RolloutState.HALTED: 2, RolloutState.PAUSED: 4, RolloutState.PLANNED: 8}
_STATE_BITS |= {RolloutState.AWAITING_APPROVAL: 32, RolloutState.REJECTED: 64}
_STATE_BITS |= dict.fromkeys((RolloutState.WAITING_WINDOW, RolloutState.SOAKING, RolloutState.RUNNING), 16)


class JobSearchRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def page(self, search: JobSearch, below: int | None, size: int, now_ms: int) -> JobPage:
        way, total = way_of(search), await self._total(search)
        place = NO_ROW_ABOVE if below is None else below
        found: list[Job] = []
        looked, is_over = 0, False
        # One more than the page has says whether there is a next one.
        while looked < JOBS_LOOKED_MAX and not is_over and len(found) <= size:
            where = {**_parameters(search), "below": place, "piece": PIECE, "size": PIECE}
            rows = await self._session.all(f"jobs_found_by_{way}", **where)
            found += [job for job in map(job_of, rows) if search.holds(job, now_ms)]
            count, place = await self._passed(search, way, place, PIECE)
            looked, is_over = looked + count, count < PIECE
            await asyncio.sleep(0)
        shown = found[:size]
        if len(found) > size:
            return JobPage(await self._counted(shown), shown[-1].id, True, total)
        return JobPage(await self._counted(shown), None if is_over else place, is_over or len(shown) == size, total)

    async def unfinished(self, account_id: int, product_id: int | None, limit: int) -> list[FoundJob]:
        way = JobWay.UNFINISHED if product_id is None else JobWay.UNFINISHED_OF_PRODUCT
        return await self._newest(JobSearch(account_id, product_id), way, limit)

    async def of_firmware(self, account_id: int, firmware_id: int, limit: int) -> list[FoundJob]:
        return await self._newest(JobSearch(account_id, firmware_id=firmware_id), JobWay.FIRMWARE, limit)

    async def _newest(self, search: JobSearch, way: JobWay, limit: int) -> list[FoundJob]:
        rows = await self._session.all(
            f"jobs_found_by_{way}", **_parameters(search), below=NO_ROW_ABOVE, piece=limit, size=limit
        )
        return await self._counted([job_of(row) for row in rows])

    async def _total(self, search: JobSearch) -> int | None:
        way = way_of(search)
        count, _ = await self._passed(search, way, NO_ROW_ABOVE, JOBS_COUNTED_MAX + 1)
        if is_the_list(search, way):
            return count if count <= JOBS_COUNTED_MAX else None
        if count > JOBS_LOOKED_MAX or not search.is_stored:
            return None
        row = await self._session.one(
            f"jobs_counted_by_{way}", **_parameters(search), below=NO_ROW_ABOVE, piece=JOBS_LOOKED_MAX
        )
        assert row is not None, "an aggregate has a row"
        return int(row[0])

    async def _passed(self, search: JobSearch, way: JobWay, below: int, piece: int) -> tuple[int, int]:
        row = await self._session.one(f"jobs_passed_by_{way}", **_parameters(search), below=below, piece=piece)
        assert row is not None, "an aggregate has a row"
        return int(row[0]), int(row[1])

    async def _counted(self, jobs: Sequence[Job]) -> list[FoundJob]:
        """With their counters, which two statements read for all."""
        if not jobs:
            return []
        these = given(job.id for job in jobs)
        counts: dict[int, dict[TaskStatus, int]] = {}
        for job_id, status, n in await self._session.all("counts_of_jobs", **these):
            counts.setdefault(job_id, {})[TaskStatus(status)] = n
        trials: dict[tuple[int, int], int] = {}
        for job_id, kind, n in await self._session.all("trials_of_jobs", **these):
            trials[job_id, kind] = n
        return [
            FoundJob(job, _counts(counts.get(job.id, {})), trials.get((job.id, 0), 0), trials.get((job.id, 1), 0))
            for job in jobs
        ]


def _counts(found: dict[TaskStatus, int]) -> Counts:
    return {status: found.get(status, 0) for status in TaskStatus}


def _parameters(search: JobSearch) -> dict[str, object]:
    return {
        "account_id": search.account_id,
        "product_id": search.product_id,
        "firmware_id": search.firmware_id,
        "group_id": search.group_id,
        "types": sum(_TYPE_BITS[kind] for kind in search.types or _TYPE_BITS),
        "statuses": sum(_STATUS_BITS[status] for status in search.statuses or _STATUS_BITS),
        "states": sum({_STATE_BITS[state] for state in search.states or _STATE_BITS}),
    }
