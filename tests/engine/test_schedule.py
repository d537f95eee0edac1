"""ScheduleTime and ScheduleFinishTime over a real store: the wall clock's times, acted on once (api-contract 7.5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import (
    NOW_MS,
    Stage,
    add_devices,
    add_job,
    cancel,
    connect,
    count_errors,
    fill,
    put_task,
    read_job,
    rows_of,
    set_stage,
    statuses_of,
    tasks_of,
)
from tests.reports.mouth import Device
from whimbrel.domain.job import JobStatus, TargetSelection
from whimbrel.domain.task import SCHEDULE_ENDED_WORDS, TaskStatus

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
HOUR_MS = 3_600_000
START_MS = NOW_MS + HOUR_MS
FINISH_MS = START_MS + HOUR_MS


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as made:
        yield made


async def go_to(stage: Stage, ms: int) -> None:
    """Time passes until then, and the engine settles."""
    stage.clock.pass_ms(ms - stage.clock.ms)
    await stage.engine.settle()


async def test_starts_at_its_time(stage: Stage) -> None:
    """A planned job has no tasks; at its time, not a millisecond earlier, it begins with the devices of that moment."""
    ids = await add_devices(stage.store, stage.place, 2)
    job = await add_job(stage.store, stage.place, schedule_ms=START_MS, fill_until=0)
    ids += await add_devices(stage.store, stage.place, 1, prefix="later")
    await connect(stage.store, ids)
    await go_to(stage, START_MS - 1)
    planned = await read_job(stage.store, job)
    assert (planned, await tasks_of(stage.store, job)) == (job, {})
    assert (planned.status, planned.started_ms) == (JobStatus.PLANNED, None)
    await go_to(stage, START_MS)
    started = await read_job(stage.store, job)
    assert (started.status, started.started_ms, started.ended_ms) == (JobStatus.IN_PROGRESS, START_MS, None)
    assert [notice.device_id for notice in stage.channel.sent] == ids
    await add_devices(stage.store, stage.place, 1, prefix="too-late")
    await go_to(stage, START_MS + 9)
    assert list(await tasks_of(stage.store, job)) == ids


async def test_named_devices_wait_for_the_start(stage: Stage) -> None:
    """The named devices of a planned job become tasks when it begins, and only those."""
    ids = await add_devices(stage.store, stage.place, 4)
    changes = {"schedule_ms": START_MS, "target_selection": TargetSelection.SPECIFIC, "fill_until": 0}
    job = await add_job(stage.store, stage.place, **changes)
    async with stage.store.transaction() as store:
        await store.targets.add(job, (ids[1], ids[3]))
    await go_to(stage, START_MS)
    assert await statuses_of(stage.store, job) == {ids[1]: QUEUED, ids[3]: QUEUED}


async def test_an_empty_product(stage: Stage) -> None:
    """A planned job that finds no device is complete at its start."""
    job = await add_job(stage.store, stage.place, schedule_ms=START_MS, fill_until=0)
    await go_to(stage, START_MS)
    ended = await read_job(stage.store, job)
    assert (ended.status, ended.started_ms, ended.ended_ms) == (JobStatus.COMPLETED, START_MS, START_MS)


async def test_cancelled_before_its_time(stage: Stage) -> None:
    """A planned job that was cancelled never begins."""
    await add_devices(stage.store, stage.place, 1)
    job = await add_job(stage.store, stage.place, schedule_ms=START_MS, fill_until=0)
    async with stage.store.transaction() as store:
        assert await store.job_moves.cancel_planned(job.id, NOW_MS)
    await go_to(stage, START_MS)
    ended = await read_job(stage.store, job)
    assert (ended.status, ended.started_ms, ended.ended_ms) == (JobStatus.CANCELED, None, NOW_MS)
    assert await tasks_of(stage.store, job) == {}


async def test_the_finish_time(stage: Stage) -> None:
    """At the finish time what has not begun is cancelled and says why; what has begun goes on, and ends the job."""
    ids = await add_devices(stage.store, stage.place, 6)
    job = await fill(stage.store, await add_job(stage.store, stage.place, schedule_finish_ms=FINISH_MS))
    tasks = await tasks_of(stage.store, job)
    for device_id, status in zip(ids, [CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED], strict=True):
        if status is not QUEUED:
            await put_task(stage.store, tasks[device_id], status=status)
    await go_to(stage, FINISH_MS - 1)
    assert (await read_job(stage.store, job)).schedule_ended_ms is None
    await go_to(stage, FINISH_MS)
    rows = await rows_of(stage.store, job)
    assert [row.task.status for row in rows] == [CANCELED, CANCELED, CANCELED, IN_PROGRESS, SUCCEEDED, FAILED]
    assert [row.task.description for row in rows] == [SCHEDULE_ENDED_WORDS] * 3 + [""] * 3
    running = await read_job(stage.store, job)
    assert (running.status, running.schedule_ended_ms) == (JobStatus.IN_PROGRESS, FINISH_MS)
    await put_task(stage.store, (await tasks_of(stage.store, job))[ids[3]], status=FAILED)
    await go_to(stage, FINISH_MS + 5)
    ended = await read_job(stage.store, job)
    assert (ended.status, ended.ended_ms) == (JobStatus.COMPLETED, FINISH_MS + 5)
    assert await count_errors(stage.store, [job]) == []


async def test_nothing_leaves_at_the_finish_time(stage: Stage) -> None:
    """A large job that is still being made when its time is over notifies nobody, and has its whole set."""
    ids = await add_devices(stage.store, stage.place, 1_300)
    await connect(stage.store, ids)
    job = await add_job(stage.store, stage.place, schedule_ms=START_MS, schedule_finish_ms=FINISH_MS, fill_until=0)
    await go_to(stage, FINISH_MS)  # nobody looked in between: the server was down
    assert stage.channel.sent == []
    rows = await rows_of(stage.store, job)
    assert [row.task.device_id for row in rows] == ids
    assert {(row.task.status, row.task.description) for row in rows} == {(CANCELED, SCHEDULE_ENDED_WORDS)}
    ended = await read_job(stage.store, job)
    assert (ended.status, ended.started_ms, ended.schedule_ended_ms) == (JobStatus.COMPLETED, FINISH_MS, FINISH_MS)


async def test_a_report_while_the_schedule_ends(stage: Stage) -> None:
    """A device that reports before the cancelling came to its task is cancelled, too, with the same words (I8)."""
    ids = await add_devices(stage.store, stage.place, 2)
    job = await fill(stage.store, await add_job(stage.store, stage.place, schedule_finish_ms=FINISH_MS))
    async with stage.store.transaction() as store:
        assert await store.job_moves.end_schedule(job.id, FINISH_MS)
        assert not await store.job_moves.end_schedule(job.id, FINISH_MS)
    device = Device(stage.store, ids[0])
    assert (await device.pull()).pull.notice is None  # type: ignore[union-attr]
    await device.progress("10")
    task = (await tasks_of(stage.store, job))[ids[0]]
    assert (task.status, task.description) == (CANCELED, SCHEDULE_ENDED_WORDS)


async def test_cancelled_by_somebody_after_the_end(stage: Stage) -> None:
    """A task in progress that somebody cancels after the end of the schedule does not blame the schedule."""
    ids = await add_devices(stage.store, stage.place, 1)
    job = await fill(stage.store, await add_job(stage.store, stage.place, schedule_finish_ms=FINISH_MS))
    await put_task(stage.store, (await tasks_of(stage.store, job))[ids[0]], status=IN_PROGRESS)
    await go_to(stage, FINISH_MS)
    await cancel(stage.store, job, IN_PROGRESS)
    await go_to(stage, FINISH_MS + 1)
    task = (await tasks_of(stage.store, job))[ids[0]]
    assert (task.status, task.description) == (CANCELED, "")


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
async def test_F16_schedules_follow_the_wall_clock(stage: Stage, jump_ms: int) -> None:
    """A schedule is a time of the wall clock: when that is set, the job begins at what it then shows."""
    await add_devices(stage.store, stage.place, 1)
    job = await add_job(stage.store, stage.place, schedule_ms=START_MS, fill_until=0)
    await stage.engine.settle()
    stage.clock.ms += jump_ms
    await stage.engine.settle()
    is_due = stage.clock.ms >= START_MS
    assert (await read_job(stage.store, job)).status is (JobStatus.IN_PROGRESS if is_due else JobStatus.PLANNED)
    await go_to(stage, max(stage.clock.ms, START_MS))
    assert (await read_job(stage.store, job)).status is JobStatus.IN_PROGRESS


async def test_many_planned_jobs(stage: Stage) -> None:
    """More jobs than one look takes begin at the same time, all of them."""
    jobs = [await add_job(stage.store, stage.place, schedule_ms=START_MS, fill_until=0) for _ in range(120)]
    await go_to(stage, START_MS)
    assert {(await read_job(stage.store, job)).status for job in jobs} == {JobStatus.COMPLETED}
