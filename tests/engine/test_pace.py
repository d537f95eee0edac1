"""MaximumPerMinute over a real store: never more in any 60 seconds, whatever happens (I5, api-contract 7.8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import (
    LINKS,
    Stage,
    add_devices,
    add_job,
    cancel,
    connect,
    count_errors,
    fill,
    read_job,
    set_stage,
    statuses_of,
)
from tests.reports.mouth import Device
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import Job, JobStatus
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.engine.pace_window import WINDOW_SECONDS
from whimbrel.ports.store import JobChange

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
WINDOW_MS = int(WINDOW_SECONDS * 1000)
PACE = 10


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as made:
        yield made


async def told(stage: Stage, after_ms: int = 0) -> list[int]:
    """Let time pass and settle; the devices told then, and forget them."""
    stage.clock.pass_ms(after_ms)
    await stage.engine.settle()
    ids = [notice.device_id for notice in stage.channel.sent]
    stage.channel.sent.clear()
    return ids


async def paced_job(stage: Stage, devices: int, **changes: object) -> tuple[Job, list[int]]:
    ids = await add_devices(stage.store, stage.place, devices)
    return await add_job(stage.store, stage.place, maximum_per_minute=PACE, **changes), ids


def test_I5_a_window_is_a_minute() -> None:
    """No notice leaves the count before a minute is over, with the time that it may take to leave the server."""
    assert WINDOW_SECONDS >= 60.5


async def test_I5_so_many_and_no_more(stage: Stage) -> None:
    """A window tells as many as the pace allows, in order; the next ones follow when the first leave the window."""
    job, ids = await paced_job(stage, 25)
    await connect(stage.store, ids)
    assert await told(stage) == ids[:10]
    assert await told(stage, 1) == []
    assert await told(stage, WINDOW_MS - 2) == []
    assert await told(stage, 1) == ids[10:20]
    assert await told(stage, WINDOW_MS) == ids[20:]
    assert await told(stage, WINDOW_MS) == []
    assert await count_errors(stage.store, [job]) == []


async def test_I5_the_window_slides(stage: Stage) -> None:
    """What was told at different times leaves the window at different times."""
    _, ids = await paced_job(stage, 20)
    await connect(stage.store, ids[:4])
    assert await told(stage) == ids[:4]
    stage.clock.pass_ms(30_000)
    for device_id in ids[4:]:
        await Device(stage.store, device_id).connect()
    assert await told(stage) == ids[4:10]
    assert await told(stage, WINDOW_MS - 30_001) == []
    assert await told(stage, 1) == ids[10:14]
    assert await told(stage, 29_999) == []
    assert await told(stage, 1) == ids[14:20]


async def test_I5_devices_that_connect(stage: Stage) -> None:
    """A device that connects is told by the engine as far as the pace allows, the others later, each once."""
    job, ids = await paced_job(stage, 25)
    await stage.engine.settle()
    for device_id in ids[::-1]:
        assert (await Device(stage.store, device_id).connect()).notices == ()
    first = await told(stage)
    assert first == ids[:10]
    for device_id in ids[:12]:
        again = (await Device(stage.store, device_id).connect(2)).notices
        assert len(again) == (1 if device_id in first else 0), "a repeated notice is not counted (F05)"
    assert await told(stage, 1_000) == []
    assert await told(stage, WINDOW_MS) == ids[10:20]
    assert await told(stage, WINDOW_MS) == ids[20:]
    assert set((await statuses_of(stage.store, job)).values()) == {NOTIFIED}


async def test_I5_who_asks_is_answered(stage: Stage) -> None:
    """A device that asks is answered whatever the pace, and does not count."""
    _, ids = await paced_job(stage, 25)
    await connect(stage.store, ids[:12])
    assert await told(stage) == ids[:10]
    for device_id in ids[10:15]:
        outcome = await Device(stage.store, device_id).pull()
        assert outcome.pull is not None
        assert outcome.pull.notice is not None
    await connect(stage.store, ids[15:])
    for device_id in ids[15:]:
        await Device(stage.store, device_id).version("1.0.0")
    assert await told(stage, WINDOW_MS) == ids[15:]


async def test_who_left_meanwhile(stage: Stage) -> None:
    """A device that went away while it waited for its turn keeps no place, and is told when it comes again."""
    job, ids = await paced_job(stage, 12)
    await stage.engine.settle()
    for device_id in ids:
        await Device(stage.store, device_id).connect()
    assert await told(stage) == ids[:10]
    await Device(stage.store, ids[10]).disconnect()
    assert await told(stage, WINDOW_MS) == ids[11:]
    assert (await statuses_of(stage.store, job))[ids[10]] is QUEUED
    await Device(stage.store, ids[10]).connect(2)
    assert await told(stage) == [ids[10]]


@pytest.mark.parametrize("jump_ms", [86_400_000, -86_400_000, 61_000, 29_000, -29_000])
async def test_I5_whatever_the_clock_says(stage: Stage, jump_ms: int) -> None:
    """A wall clock that jumps opens no window: only time that really passed does."""
    _, ids = await paced_job(stage, 30)
    await connect(stage.store, ids)
    assert await told(stage) == ids[:10]
    stage.clock.ms += jump_ms
    assert await told(stage) == []
    assert await told(stage, WINDOW_MS - 1) == []
    assert await told(stage, 1) == ids[10:20]
    stage.clock.ms -= jump_ms
    assert await told(stage) == []
    assert await told(stage, WINDOW_MS) == ids[20:]


@pytest.mark.parametrize("jump_ms", [0, 86_400_000, -86_400_000])
async def test_I5_across_restarts(stage: Stage, jump_ms: int) -> None:
    """An engine that starts anew counts what was told before for one more window, whatever the clock says by then."""
    _, ids = await paced_job(stage, 20)
    await connect(stage.store, ids)
    assert await told(stage) == ids[:10]
    stage.clock.pass_ms(WINDOW_MS // 2)
    stage.clock.ms += jump_ms
    engine = Engine(stage.store, stage.channel, InProcessWakeup(), stage.clock, LINKS)
    anew = stage._replace(engine=engine)
    assert await told(anew) == []
    assert await told(anew, WINDOW_MS - 1) == []
    assert await told(anew, 1) == ids[10:]


async def test_I5_two_engines(stage: Stage) -> None:
    """Two engines over one store tell together as many as one."""
    _, ids = await paced_job(stage, 30)
    await connect(stage.store, ids)
    other = stage._replace(engine=Engine(stage.store, stage.channel, InProcessWakeup(), stage.clock, LINKS))
    assert await told(stage) == ids[:10]
    assert await told(other) == []
    assert await told(other, WINDOW_MS) == ids[10:20]
    assert await told(stage) == []


async def test_a_slower_pace(stage: Stage) -> None:
    """A job that is slowed down tells nobody until what it told fits."""
    job, ids = await paced_job(stage, 30, need_confirm=False)
    await connect(stage.store, ids)
    assert await told(stage) == ids[:10]
    async with stage.store.transaction() as store:
        await store.job_moves.change(job, JobChange(5, (), None), stage.clock.ms)
    assert await told(stage, 1_000) == []
    assert await told(stage, WINDOW_MS) == ids[10:15]


async def test_jobs_have_a_pace_each(stage: Stage) -> None:
    """One job at its limit holds no other job up, and a job without a limit has none."""
    ids = await add_devices(stage.store, stage.place, 30)
    await add_job(stage.store, stage.place, maximum_per_minute=PACE, fill_until=ids[14])
    await fill(stage.store, await add_job(stage.store, stage.place, fill_until=ids[0] - 1))
    await connect(stage.store, ids)
    assert await told(stage) == ids[:10]
    await add_job(stage.store, stage.place, maximum_per_minute=PACE)
    assert await told(stage) == ids[15:25]
    assert await told(stage, WINDOW_MS) == [*ids[10:15], *ids[25:]]


async def test_a_cancel_at_the_limit(stage: Stage) -> None:
    """A cancelled job ends at once, although devices waited for their turn; nothing of it leaves any more (I8)."""
    job, ids = await paced_job(stage, 15)
    await stage.engine.settle()
    for device_id in ids:
        await Device(stage.store, device_id).connect()
    assert await told(stage) == ids[:10]
    await cancel(stage.store, job, QUEUED, NOTIFIED)
    assert await told(stage) == []
    assert (await read_job(stage.store, job)).status is JobStatus.CANCELED
    assert await told(stage, WINDOW_MS) == []


async def test_rows_are_bounded(stage: Stage) -> None:
    """A job that tells devices all the time keeps a bounded number of rows, and none when it is done (I17)."""
    _, ids = await paced_job(stage, 200)
    job_rows = []
    for device_id in ids:
        await Device(stage.store, device_id).connect()
        await told(stage, 700)
        async with stage.store.snapshot() as store:
            job_rows.append(len(await store.pacing.notices()))
    assert max(job_rows) <= 31
    for _ in range(20):
        await told(stage, WINDOW_MS)
    async with stage.store.snapshot() as store:
        assert await store.pacing.notices() == []


async def test_it_wakes_when_the_window_frees(stage: Stage) -> None:
    """The engine knows when it may go on."""
    _, ids = await paced_job(stage, 20)
    window = stage.engine._window
    assert window.frees_in_s() is None
    await connect(stage.store, ids)
    await told(stage)
    stage.clock.pass_ms(20_000)
    assert window.frees_in_s() == pytest.approx(WINDOW_SECONDS - 20)
