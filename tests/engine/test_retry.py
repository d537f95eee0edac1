"""Automatic retries over a real store: what the device reported as failed is tried again, so often and no more
(I4, api-contract 7.7).
"""

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
    set_stage,
    tasks_of,
)
from tests.reports.mouth import Device
from whimbrel.domain.job import Job, JobStatus
from whimbrel.domain.task import CANCELLED_WORDS, Task, TaskStatus, shown_description
from whimbrel.engine.pace_window import WINDOW_SECONDS

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
MINUTE_MS = 60_000
WAIT_MS = 10 * MINUTE_MS


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as made:
        yield made


class Scene:
    """One device, at version 1.0.0 and online, and its task in a job that retries twice after ten minutes."""

    def __init__(self, stage: Stage, job: Job, device_id: int) -> None:
        self.stage, self.job = stage, job
        self.device = Device(stage.store, device_id)

    async def task(self) -> Task:
        return (await tasks_of(self.stage.store, self.job))[self.device.id]

    async def settled(self, after_ms: int = 0) -> Task:
        self.stage.clock.pass_ms(after_ms)
        self.device.now_ms = self.stage.clock.ms
        await self.stage.engine.settle()
        return await self.task()

    async def fail(self) -> Task:
        """The device reports that it failed."""
        self.device.now_ms = self.stage.clock.ms
        await self.device.progress("-2", desc="no route")
        return await self.settled()

    @property
    def told(self) -> int:
        return len(self.stage.channel.sent)


async def set_scene(stage: Stage, **changes: object) -> Scene:
    [device_id] = await add_devices(stage.store, stage.place, 1, "1.0.0")
    await connect(stage.store, [device_id])
    job = await add_job(stage.store, stage.place, **{"retry_minutes": 10, "retry_count": 2, **changes})
    await stage.engine.settle()
    return Scene(stage, job, device_id)


async def test_waits_and_tries_again(stage: Stage) -> None:
    """A failed task is queued as a new attempt, leaves after the interval and not earlier, and the job goes on."""
    scene = await set_scene(stage)
    waiting = await scene.fail()
    assert (waiting.status, waiting.attempt, waiting.retries) == (QUEUED, 2, 1)
    assert (waiting.due_ms, waiting.progress) == (NOW_MS + WAIT_MS, 0)
    assert waiting.description == "step -2: no route; retry 1 of 2 after 10 min"
    assert (await read_job(stage.store, scene.job)).status is JobStatus.IN_PROGRESS
    assert (await scene.settled(WAIT_MS - 1), scene.told) == (waiting, 1)
    again = await scene.settled(1)
    assert (again.status, again.attempt, again.due_ms, scene.told) == (NOTIFIED, 2, None, 2)
    assert stage.channel.sent[-1].attempt == 2


async def test_I4_so_often_and_no_more(stage: Stage) -> None:
    """After RetryCount retries the failure is final, and ends the job."""
    scene = await set_scene(stage)
    for retries in (1, 2):
        assert (await scene.fail()).retries == retries
        await scene.settled(WAIT_MS)
    final = await scene.fail()
    assert (final.status, final.attempt, final.retries, final.due_ms) == (FAILED, 3, 2, None)
    assert final.description == "step -2: no route"
    assert (await read_job(stage.store, scene.job)).status is JobStatus.COMPLETED
    await scene.settled(WAIT_MS)
    assert scene.told == 3
    assert await count_errors(stage.store, [scene.job]) == []


async def test_at_once(stage: Stage) -> None:
    """With RetryInterval 0 the device is told again at once."""
    scene = await set_scene(stage, retry_minutes=0, retry_count=1)
    again = await scene.fail()
    assert (again.status, again.attempt, again.due_ms, scene.told) == (NOTIFIED, 2, None, 2)
    assert again.description == "step -2: no route; retry 1 of 1"


async def test_a_wrong_version(stage: Stage) -> None:
    """A wrong version is retried like a failed step."""
    scene = await set_scene(stage)
    await scene.device.progress("50")
    await scene.device.version("1.5.0")
    waiting = await scene.settled()
    assert (waiting.status, waiting.retries, waiting.due_ms) == (QUEUED, 1, NOW_MS + WAIT_MS)
    assert (await scene.settled(WAIT_MS)).status is NOTIFIED


async def test_success_while_it_waits(stage: Stage) -> None:
    """A device that has the version after all succeeds, and nothing is tried again."""
    scene = await set_scene(stage)
    await scene.fail()
    await scene.device.version("2.0.0")
    done = await scene.settled(WAIT_MS)
    assert (done.status, done.due_ms, done.progress, scene.told) == (SUCCEEDED, None, 100, 1)
    assert (await read_job(stage.store, scene.job)).status is JobStatus.COMPLETED


async def test_I13_reports_while_it_waits(stage: Stage) -> None:
    """What the device repeats of its failed attempt is history: it costs no further attempt."""
    scene = await set_scene(stage)
    waiting = await scene.fail()
    for step in ("-2", "-1", "50"):
        await scene.device.progress(step)
    assert await scene.settled() == waiting


async def test_nobody_gets_it_earlier(stage: Stage) -> None:
    """While it waits, neither asking nor connecting delivers it; afterwards both do."""
    scene = await set_scene(stage)
    waiting = await scene.fail()
    outcome = await scene.device.pull()
    assert outcome.pull is not None
    assert outcome.pull.notice is None
    assert (await scene.device.connect(2)).notices == ()
    assert (await scene.settled(), scene.told) == (waiting, 1)
    await scene.device.disconnect(2)
    assert (await scene.settled(WAIT_MS)).status is QUEUED
    [notice] = (await scene.device.connect(3)).notices
    assert (notice.attempt, (await scene.settled()).status) == (2, NOTIFIED)


async def test_without_push(stage: Stage) -> None:
    """A job without NeedPush waits for the device to ask again."""
    scene = await set_scene(stage, need_push=False)
    await scene.device.pull()
    await scene.fail()
    assert ((await scene.settled(WAIT_MS)).status, scene.told) == (QUEUED, 0)
    outcome = await scene.device.pull()
    assert outcome.pull is not None
    assert outcome.pull.notice is not None
    assert outcome.pull.notice.attempt == 2


async def test_timeouts_are_final(stage: Stage) -> None:
    """A timeout is not retried; and each attempt has its time."""
    scene = await set_scene(stage, timeout_minutes=30)
    await scene.device.progress("10")
    await scene.fail()
    await scene.settled(WAIT_MS)
    scene.device.now_ms = stage.clock.ms
    await scene.device.progress("10")
    assert (await scene.settled(30 * MINUTE_MS - 1)).status is IN_PROGRESS
    timed_out = await scene.settled(1)
    assert (timed_out.status, timed_out.attempt) == (FAILED, 2)
    assert "timeout" in timed_out.description
    assert (await read_job(stage.store, scene.job)).status is JobStatus.COMPLETED


async def test_cancelled_while_it_waits(stage: Stage) -> None:
    """A task that waits for its retry is cancelled with the queued ones, and no old failure speaks for it."""
    scene = await set_scene(stage)
    await scene.fail()
    await cancel(stage.store, scene.job, QUEUED)
    cancelled = await scene.settled(WAIT_MS)
    assert (cancelled.status, cancelled.due_ms, cancelled.description, scene.told) == (CANCELED, None, "", 1)


async def test_success_after_a_failure(stage: Stage) -> None:
    """A task that succeeds in the end gives no reason of a failure."""
    scene = await set_scene(stage, retry_minutes=0)
    await scene.fail()
    await scene.device.version("2.0.0")
    succeeded = await scene.task()
    assert (succeeded.status, shown_description(succeeded)) == (SUCCEEDED, "")


async def test_cancelled_by_its_report_while_it_waits(stage: Stage) -> None:
    """So it is when the device reports before the cancelling came to its task."""
    scene = await set_scene(stage)
    await scene.fail()
    await cancel(stage.store, scene.job, QUEUED)
    await scene.device.progress("10")
    cancelled = await scene.task()
    assert (cancelled.status, shown_description(cancelled)) == (CANCELED, CANCELLED_WORDS)


async def test_cancelled_in_progress_after_the_schedule(stage: Stage) -> None:
    """Nor does an old failure speak for a second attempt that somebody cancels after ScheduleFinishTime."""
    scene = await set_scene(stage, retry_minutes=0, schedule_finish_ms=NOW_MS + MINUTE_MS)
    await scene.fail()
    await scene.device.progress("10")
    running = await scene.settled(MINUTE_MS)
    assert (running.status, running.attempt) == (IN_PROGRESS, 2)
    await cancel(stage.store, scene.job, IN_PROGRESS)
    cancelled = await scene.settled(1)
    assert (cancelled.status, shown_description(cancelled)) == (CANCELED, CANCELLED_WORDS)


async def test_I8_no_retry_while_queued_tasks_are_cancelled(stage: Stage) -> None:
    """A failure while a cancel of queued tasks is under way stays a failure: nothing new is queued behind it."""
    scene = await set_scene(stage)
    await cancel(stage.store, scene.job, QUEUED)
    failed = await scene.fail()
    assert (failed.status, failed.attempt, failed.retries) == (FAILED, 1, 0)


async def test_no_retry_after_the_schedule(stage: Stage) -> None:
    """After ScheduleFinishTime what had begun may fail, and is not tried again."""
    scene = await set_scene(stage, schedule_finish_ms=NOW_MS + MINUTE_MS)
    await scene.device.progress("10")
    await scene.settled(MINUTE_MS)
    assert (await scene.fail()).status is FAILED


async def test_I3_it_keeps_its_device(stage: Stage) -> None:
    """The task that waits is open: a task of another job for its device fails at birth."""
    scene = await set_scene(stage)
    await scene.fail()
    other = await fill(stage.store, await add_job(stage.store, stage.place, dest_version="3.0.0"))
    assert [task.status for task in (await tasks_of(stage.store, other)).values()] == [FAILED]
    assert (await scene.settled(WAIT_MS)).status is NOTIFIED


async def test_I5_retries_are_counted(stage: Stage) -> None:
    """A retry is a new notice: it waits for its turn like any other."""
    scene = await set_scene(stage, retry_minutes=0, retry_count=5, maximum_per_minute=2)
    assert (await scene.fail()).status is NOTIFIED
    assert ((await scene.fail()).status, scene.told) == (QUEUED, 2)
    assert ((await scene.settled(int(WINDOW_SECONDS * 1000))).status, scene.told) == (NOTIFIED, 3)


@pytest.mark.parametrize("jump_ms", [86_400_000, -86_400_000])
async def test_F16_a_clock_that_jumps(stage: Stage, jump_ms: int) -> None:
    """When the wall clock is set, a retry still waits for the time that it had to wait."""
    scene = await set_scene(stage)
    await scene.fail()
    stage.clock.ms += jump_ms
    assert (await scene.settled()).due_ms == NOW_MS + WAIT_MS + jump_ms
    assert (await scene.settled(WAIT_MS - 1)).status is QUEUED
    assert (await scene.settled(1)).status is NOTIFIED


async def test_many_at_once(stage: Stage) -> None:
    """More retries than one step takes are due at the same time; each device is told again once."""
    ids = await add_devices(stage.store, stage.place, 700, "1.0.0")
    job = await add_job(stage.store, stage.place, retry_minutes=10, retry_count=1)
    job = await fill(stage.store, job)
    for task in (await tasks_of(stage.store, job)).values():
        await put_task(stage.store, task, attempt=2, retries=1, due_ms=NOW_MS + WAIT_MS)
    await connect(stage.store, ids)
    await stage.engine.settle()
    assert stage.channel.sent == []
    stage.clock.pass_ms(WAIT_MS)
    await stage.engine.settle()
    assert sorted(notice.device_id for notice in stage.channel.sent) == ids
