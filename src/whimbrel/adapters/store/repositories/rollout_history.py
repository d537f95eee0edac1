"""How jobs stood over time."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.session import Session
from whimbrel.domain.rollout_history import INTERVAL_MS, SAMPLES_MAX, Sample


class RolloutHistoryRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def samples(self, job_id: int) -> list[Sample]:
        return [Sample._make(row) for row in await self._session.all("job_samples", job_id=job_id)]

    async def now(self, job_id: int, now_ms: int) -> Sample:
        row = await self._session.one("job_now", job_id=job_id)
        assert row is not None, "jobs are never deleted"
        return Sample(now_ms, *row)

    async def next_jobs(self, after_id: int, limit: int) -> list[int]:
        return [row[0] for row in await self._session.all("next_running_jobs", after_id=after_id, limit=limit)]

    async def sample(self, after_id: int, until_id: int, now_ms: int) -> None:
        sampled = await self._session.all(
            "sample_jobs", after_id=after_id, until_id=until_id, interval_ms=INTERVAL_MS, now_ms=now_ms
        )
        await self._thin([row[0] for row in sampled])

    async def sample_end(self, job_id: int, now_ms: int) -> None:
        """The job has ended in this transaction."""
        await self._session.run("sample_end", job_id=job_id, interval_ms=INTERVAL_MS, now_ms=now_ms)
        await self._thin([job_id])

    async def _thin(self, job_ids: list[int]) -> None:
        if not job_ids:
            return
        for (job_id,) in await self._session.all("overfull_samples", samples_max=SAMPLES_MAX, **given(job_ids)):
            await self._session.run("thin_samples", job_id=job_id)
            await self._session.run("sample_less_often", job_id=job_id)
