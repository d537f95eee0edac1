"""The chore that writes down how jobs stand (engine/sampling.py, ADR 0058)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import Stage, add_devices, add_job, fill, read_job, set_stage
from whimbrel.domain.job import Job, JobStatus
from whimbrel.domain.rollout_history import INTERVAL_MS
from whimbrel.engine import sampling
from whimbrel.engine.sampling import LOOK_EVERY_SECONDS, Sampling


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as made:
        yield made


async def samples_of(stage: Stage, job: Job) -> int:
    async with stage.store.snapshot() as snapshot:
        return len(await snapshot.rollout_history.samples(job.id))


async def test_all_jobs_in_pieces(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every running job is looked at, some at a time; then nothing is done until the next look is due."""
    monkeypatch.setattr(sampling, "JOBS_PER_STEP", 2)
    await add_devices(stage.store, stage.place, 1)
    jobs = [await fill(stage.store, await add_job(stage.store, stage.place, firmware_id=n)) for n in range(1, 6)]
    chore = Sampling(stage.store, stage.clock)
    assert [await chore.step() for _ in range(3)] == [True, True, False]
    assert [await samples_of(stage, job) for job in jobs] == [1] * 5
    late = await fill(stage.store, await add_job(stage.store, stage.place, firmware_id=6))
    stage.clock.pass_ms(int(LOOK_EVERY_SECONDS * 1000) - 1)
    assert not await chore.step()
    assert await samples_of(stage, late) == 0
    stage.clock.pass_ms(1)
    assert [await chore.step() for _ in range(4)] == [True, True, True, False]
    assert await samples_of(stage, late) == 1
    assert await samples_of(stage, jobs[0]) == 1, "a minute has not passed, and nothing has changed"


async def test_a_job_through_the_engine(stage: Stage) -> None:
    """With the engine's other work: a sample while it runs, and one at its end."""
    stage.engine.take_on(Sampling(stage.store, stage.clock))
    job = await add_job(stage.store, stage.place)
    await stage.engine.settle()
    assert (await read_job(stage.store, job)).status is JobStatus.COMPLETED
    stage.clock.pass_ms(INTERVAL_MS)
    await stage.engine.settle()
    async with stage.store.snapshot() as snapshot:
        (end,) = await snapshot.rollout_history.samples(job.id)
    assert sum(end[1:8]) == 0, "a job without devices ends at once"
