"""How jobs move besides their tasks, and what dynamic ones follow."""

from __future__ import annotations

import json

from whimbrel.adapters.store.repositories.jobs import JobRepository, job_of
from whimbrel.adapters.store.repositories.targets import TargetRepository
from whimbrel.adapters.store.session import Session, UniqueViolationError
from whimbrel.domain.job import DynamicMode, Job
from whimbrel.domain.task import OVERWRITABLE
from whimbrel.errors import DynamicJobConflictError
from whimbrel.ports.store import JobChange, job_turn
from whimbrel.ports.store.targets import Matches


class JobMoveRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def start(self, job: Job, now_ms: int) -> bool:
        if not await self._session.run("start_job", job_id=job.id, now_ms=now_ms):
            return False
        await TargetRepository(self._session).freeze(job)
        return True

    async def cancel_planned(self, job_id: int, now_ms: int) -> bool:
        await self._session.lock(job_turn(job_id))
        return await self._session.run("cancel_planned_job", job_id=job_id, now_ms=now_ms) == 1

    async def end_schedule(self, job_id: int, now_ms: int) -> bool:
        if not await self._session.run("end_job_schedule", job_id=job_id, now_ms=now_ms):
            return False
        await JobRepository(self._session).cancel_tasks(job_id, frozenset(OVERWRITABLE), now_ms)
        return True

    async def end_strategy(self, job_id: int, now_ms: int) -> bool:
        await self._session.lock(job_turn(job_id))
        if not await self._session.run("end_job_strategy", job_id=job_id, now_ms=now_ms):
            return False
        await self._session.run("end_strategy", job_id=job_id)
        return True

    async def change(self, job: Job, change: JobChange, now_ms: int) -> bool:
        await self._session.lock(job_turn(job.id))
        src_versions = job.src_versions if change.source_versions is None else change.source_versions
        changed_rows = await self._session.run(
            "change_job",
            job_id=job.id,
            maximum_per_minute=change.maximum_per_minute,
            tags=json.dumps(change.tags, ensure_ascii=False),
            timeout_minutes=change.timeout_minutes,
            src_versions=json.dumps(src_versions),
            now_ms=now_ms,
        )
        if changed_rows == 0 or src_versions == job.src_versions:
            return changed_rows == 1
        changed = job._replace(src_versions=src_versions)
        await self._session.run("forget_job_sources", job_id=job.id)
        for version in changed.source_versions:
            await self._session.run("add_job_source", job_id=job.id, version=version)
        await self._session.run("end_strategy", job_id=job.id)
        await StrategyRepository(self._session).add(changed)
        if job.dynamic_mode == DynamicMode.NOW_AND_LATER:
            newest = await self._session.one("largest_device_id", product_id=job.product_id)
            await self._session.run("fill_again", job_id=job.id, fill_until=newest[0] if newest else 0)
        return True

    async def due(self, now_ms: int, limit: int) -> list[Job]:
        return [job_of(row) for row in await self._session.all("due_jobs", now_ms=now_ms, limit=limit)]

    async def next_due_ms(self) -> int | None:
        row = await self._session.one("next_schedule")
        return row[0] if row else None


class StrategyRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, job: Job) -> None:
        versions = ("",) if job.group_row_id is not None else job.source_versions
        for version in versions:
            try:
                await self._session.run(
                    "add_strategy",
                    product_id=job.product_id,
                    module_name=job.module_name,
                    version=version,
                    group_row_id=job.group_row_id or 0,
                    job_id=job.id,
                    firmware_id=job.firmware_id,
                )
            except UniqueViolationError:
                what = f"for the version {version}" if version else f"for the group {job.group_id}"
                raise DynamicJobConflictError(
                    f"the firmware {job.firmware_id} has a running dynamic job {what} already; end it first"
                ) from None

    async def of_version(self, product_id: int, module_name: str, version: str) -> Job | None:
        row = await self._session.one(
            "strategy_of_version", product_id=product_id, module_name=module_name, version=version
        )
        return job_of(row) if row else None

    async def of_device(self, device_id: int, module_name: str, version: str) -> Job | None:
        if self._session.ahead is not None and self._session.ahead.follows_none(device_id):
            return None
        row = await self._session.one(
            "strategy_of_device", device_id=device_id, module_name=module_name, version=version
        )
        return job_of(row) if row else None

    async def matches(self, job_id: int, device_id: int) -> Matches:
        row = await self._session.one("matches_of_device", job_id=job_id, device_id=device_id)
        assert row is not None
        return Matches(row[0], bool(row[1]))

    async def of_group(self, group_row_id: int) -> list[Job]:
        return [job_of(row) for row in await self._session.all("strategies_of_group", group_row_id=group_row_id)]
