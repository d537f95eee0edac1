"""The engine over a real store: it takes steps until reality agrees with the jobs (I2, I8, I9, I12, F03, F04)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import (
    LINKS,
    NOW_MS,
    Stage,
    SteeredClock,
    add_devices,
    add_job,
    cancel,
    connect,
    count_errors,
    fill,
    firmware_draft,
    put_task,
    read_job,
    set_stage,
    statuses_of,
    tasks_of,
)
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.firmware import FirmwareStatus
from whimbrel.domain.job import JobStatus, JobType
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.engine.sweep import Sweep
from whimbrel.errors import StoreUnavailableError

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
LARGE = 5_000
MINUTE_MS = 60_000
TURNS_MAX = 2_000


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as made:
        yield made


async def told(stage: Stage) -> list[int]:
    """Settle; the devices that were told, in the order of the notices."""
    await stage.engine.settle()
    return [notice.device_id for notice in stage.channel.sent]


async def test_nothing_to_do(stage: Stage) -> None:
    """An engine without jobs settles at once."""
    assert await told(stage) == []


async def test_dispatches_online_devices_once(stage: Stage) -> None:
    """Online devices are told once, however often the engine looks; offline ones wait as QUEUED."""
    ids = await add_devices(stage.store, stage.place, 4)
    await connect(stage.store, ids[:2])
    job = await add_job(stage.store, stage.place)
    for _ in range(3):
        assert await told(stage) == ids[:2]
    assert list((await statuses_of(stage.store, job)).values()) == [NOTIFIED, NOTIFIED, QUEUED, QUEUED]
    assert (await read_job(stage.store, job)).status is JobStatus.IN_PROGRESS


async def test_the_notice_is_the_tasks_own(stage: Stage) -> None:
    """What is sent names the task, its attempt and the job's firmware."""
    [device_id] = await add_devices(stage.store, stage.place, 1)
    await connect(stage.store, [device_id])
    job = await add_job(stage.store, stage.place)
    await told(stage)
    task = (await tasks_of(stage.store, job))[device_id]
    [notice] = stage.channel.sent
    assert (notice.task_id, notice.attempt, notice.dest_version) == (task.id, 1, "2.0.0")
    assert notice.url.startswith(f"{LINKS.public_url}/f/t{task.id}.")


@pytest.mark.parametrize("changes", [{"need_push": False}, {"need_confirm": True}])
async def test_what_is_never_pushed(stage: Stage, changes: dict[str, bool]) -> None:
    """Tasks of a job without NeedPush, and tasks that wait for confirmation, are never dispatched."""
    ids = await add_devices(stage.store, stage.place, 2)
    await connect(stage.store, ids)
    job = await add_job(stage.store, stage.place, **changes)
    assert await told(stage) == []
    assert set((await statuses_of(stage.store, job)).values()) == {CONFIRM if "need_confirm" in changes else QUEUED}


async def test_I9_difference(stage: Stage) -> None:
    """A difference is dispatched to devices that are still at its source version."""
    ids = await add_devices(stage.store, stage.place, 2, "1.0.0")
    job = await fill(stage.store, await add_job(stage.store, stage.place, required_version="1.0.0"))
    await connect(stage.store, ids)
    async with stage.store.transaction() as store:
        await store.module_versions.put(ids[0], "default", "1.5.0", NOW_MS)
    assert await told(stage) == ids[1:]
    assert (await statuses_of(stage.store, job))[ids[0]] is QUEUED


async def test_I8_cancelling_stops_dispatch(stage: Stage) -> None:
    """Once a cancel was asked for, nothing of the job leaves, although its devices are online and its fill goes on."""
    ids = await add_devices(stage.store, stage.place, 3)
    await connect(stage.store, ids)
    job = await add_job(stage.store, stage.place)
    await cancel(stage.store, job, QUEUED)
    assert await told(stage) == []
    assert set((await statuses_of(stage.store, job)).values()) == {CANCELED}
    assert (await read_job(stage.store, job)).status is JobStatus.CANCELED


async def test_a_cancel_of_other_states(stage: Stage) -> None:
    """Tasks in states that were not cancelled are dispatched when the cancelling is done."""
    ids = await add_devices(stage.store, stage.place, 3)
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    await put_task(stage.store, (await tasks_of(stage.store, job))[ids[0]], status=NOTIFIED)
    await connect(stage.store, ids)
    await cancel(stage.store, job, NOTIFIED)
    assert await told(stage) == ids[1:]
    assert list((await statuses_of(stage.store, job)).values()) == [CANCELED, NOTIFIED, NOTIFIED]


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ([], JobStatus.COMPLETED),
        ([SUCCEEDED, SUCCEEDED], JobStatus.COMPLETED),
        ([SUCCEEDED, FAILED], JobStatus.COMPLETED),
        ([CANCELED, FAILED], JobStatus.COMPLETED),
        ([CANCELED, CANCELED], JobStatus.CANCELED),
        ([SUCCEEDED, NOTIFIED], JobStatus.IN_PROGRESS),
        ([SUCCEEDED, QUEUED], JobStatus.IN_PROGRESS),
    ],
)
async def test_a_job_ends_with_its_tasks(stage: Stage, ends: list[TaskStatus], status: JobStatus) -> None:
    """A job ends when no task is open, as api-contract 6.4 says, and then stays as it is."""
    ids = await add_devices(stage.store, stage.place, len(ends))
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    tasks = await tasks_of(stage.store, job)
    for device_id, end in zip(ids, ends, strict=True):
        if end is not QUEUED:
            await put_task(stage.store, tasks[device_id], status=end)
    await stage.engine.settle()
    ended = await read_job(stage.store, job)
    assert (ended.status, ended.ended_ms) == (status, None if status is JobStatus.IN_PROGRESS else NOW_MS)
    stage.clock.ms += 9
    await stage.engine.settle()
    assert await read_job(stage.store, job) == ended


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ([SUCCEEDED, SUCCEEDED], FirmwareStatus.VERIFIED),
        ([SUCCEEDED, CANCELED], FirmwareStatus.VERIFIED),
        ([SUCCEEDED, FAILED], FirmwareStatus.VERIFICATION_FAILED),
        ([CANCELED, CANCELED], FirmwareStatus.UNVERIFIED),
        ([SUCCEEDED, NOTIFIED], FirmwareStatus.VERIFYING),
    ],
)
async def test_verify_verdict(stage: Stage, ends: list[TaskStatus], verdict: FirmwareStatus) -> None:
    """A verify job that ends gives its firmware the verdict, in the same step; before, the firmware is VERIFYING."""
    ids = await add_devices(stage.store, stage.place, 2)
    async with stage.store.transaction() as store:
        firmware_id = await store.firmware.add(firmware_draft(stage.place, status=int(FirmwareStatus.VERIFYING)))
    changes = {"job_type": JobType.VERIFY, "firmware_id": firmware_id}
    job = await fill(stage.store, await add_job(stage.store, stage.place, **changes))
    tasks = await tasks_of(stage.store, job)
    for device_id, end in zip(ids, ends, strict=True):
        await put_task(stage.store, tasks[device_id], status=end)
    await stage.engine.settle()
    async with stage.store.snapshot() as store:
        firmware = await store.firmware.by_id(stage.place.account_id, firmware_id)
    assert firmware is not None
    assert firmware.status == verdict


async def test_timeouts(stage: Stage) -> None:
    """A task in progress fails when its time has come, not a millisecond earlier, and the job ends with it."""
    [device_id] = await add_devices(stage.store, stage.place, 1)
    job = await fill(stage.store, await add_job(stage.store, stage.place, timeout_minutes=3))
    due_ms = NOW_MS + 3 * MINUTE_MS
    await put_task(stage.store, (await tasks_of(stage.store, job))[device_id], status=IN_PROGRESS, due_ms=due_ms)
    stage.clock.pass_ms(due_ms - 1 - NOW_MS)
    await stage.engine.settle()
    assert await statuses_of(stage.store, job) == {device_id: IN_PROGRESS}
    stage.clock.pass_ms(1)
    await stage.engine.settle()
    task = (await tasks_of(stage.store, job))[device_id]
    assert (task.status, task.due_ms) == (FAILED, None)
    assert "timeout" in task.description
    assert (await read_job(stage.store, job)).status is JobStatus.COMPLETED


@pytest.mark.parametrize("jump_ms", [86_400_000, -86_400_000, 30_000])
async def test_F16_a_clock_that_jumps_times_nobody_out(stage: Stage, jump_ms: int) -> None:
    """When the wall clock is set, due times move with it: the task still has the time it had."""
    [device_id] = await add_devices(stage.store, stage.place, 1)
    job = await fill(stage.store, await add_job(stage.store, stage.place, timeout_minutes=3))
    due_ms = NOW_MS + 3 * MINUTE_MS
    await put_task(stage.store, (await tasks_of(stage.store, job))[device_id], status=IN_PROGRESS, due_ms=due_ms)
    await stage.engine.settle()
    stage.clock.ms += jump_ms
    await stage.engine.settle()
    task = (await tasks_of(stage.store, job))[device_id]
    assert (task.status, task.due_ms) == (IN_PROGRESS, due_ms + jump_ms)
    stage.clock.pass_ms(3 * MINUTE_MS)
    await stage.engine.settle()
    assert await statuses_of(stage.store, job) == {device_id: FAILED}


async def test_I2_a_large_job(stage: Stage) -> None:
    """A job of 5,000 devices is filled in chunks, each device told once in the order of its id, and counted right."""
    ids = await add_devices(stage.store, stage.place, LARGE)
    await connect(stage.store, ids[::7])
    job = await add_job(stage.store, stage.place)
    assert await told(stage) == ids[::7]
    assert list(await tasks_of(stage.store, job)) == ids
    assert await count_errors(stage.store, [job]) == []


async def test_jobs_do_not_wait_for_each_other(stage: Stage) -> None:
    """More jobs than fit in one look are all brought forward; a device follows the first one it is free for."""
    ids = await add_devices(stage.store, stage.place, 2)
    await connect(stage.store, ids)
    jobs = [await add_job(stage.store, stage.place) for _ in range(120)]
    assert await told(stage) == ids
    statuses = [(await read_job(stage.store, job)).status for job in jobs]
    assert statuses == [JobStatus.IN_PROGRESS] + [JobStatus.COMPLETED] * 119


class FailingStore:
    """Port `Store`: the store it is given, with faults in front of it."""

    def __init__(self, stage: Stage, faults: int) -> None:
        self._store = stage.store
        self.faults = faults

    def snapshot(self) -> object:
        if self.faults > 0:
            self.faults -= 1
            raise StoreUnavailableError("the test says so")
        return self._store.snapshot()

    def transaction(self) -> object:
        return self._store.transaction()


async def test_I19_goes_on_after_faults(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that fails for a while only pauses the running engine."""
    monkeypatch.setattr("whimbrel.engine.execute.FAULT_PAUSE_SECONDS", 0.001)
    ids = await add_devices(stage.store, stage.place, 2)
    await connect(stage.store, ids)
    await add_job(stage.store, stage.place)
    store = FailingStore(stage, faults=3)
    engine = Engine(store, stage.channel, InProcessWakeup(), stage.clock, LINKS)  # type: ignore[arg-type]
    running = asyncio.create_task(engine.run(await idle_sweep(stage, tmp_path)))
    await until(lambda: len(stage.channel.sent) == 2)
    running.cancel()
    await asyncio.wait([running])
    assert store.faults == 0


async def test_a_wake_up_is_enough(stage: Stage, tmp_path: Path) -> None:
    """A running engine that has nothing to do acts when it is woken."""
    wakeup = InProcessWakeup()
    engine = Engine(stage.store, stage.channel, wakeup, stage.clock, LINKS)
    running = asyncio.create_task(engine.run(await idle_sweep(stage, tmp_path)))
    ids = await add_devices(stage.store, stage.place, 1)
    await connect(stage.store, ids)
    await asyncio.sleep(0.05)
    await add_job(stage.store, stage.place)
    wakeup.notify()
    await until(lambda: len(stage.channel.sent) == 1)
    running.cancel()
    await asyncio.wait([running])


async def idle_sweep(stage: Stage, folder: Path) -> Sweep:
    """A sweep that finds nothing."""
    firmware_store = DiskFirmwareStore(folder / "firmware", lambda: "a" * 32)
    await firmware_store.start()
    return Sweep(stage.store, firmware_store, SteeredClock())


async def until(is_so: object) -> None:
    """Wait for it; an AssertionError when it does not come."""
    assert callable(is_so)
    for _ in range(TURNS_MAX):
        if is_so():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")
