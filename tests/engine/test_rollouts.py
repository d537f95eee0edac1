"""Careful rollouts over a real store: pace, stages, windows, silence, and jobs that are held (design.md part 4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import (
    LINKS,
    Stage,
    SteeredClock,
    add_devices,
    add_job,
    add_place,
    cancel,
    connect,
    count_errors,
    read_job,
    rows_of,
    set_stage,
    statuses_of,
)
from tests.reports.mouth import Device
from whimbrel.adapters.store.consistency import ConsistencyCheck
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import DynamicMode, Job, SelectionType, TargetSelection
from whimbrel.domain.rollout import GUARDED, Gate, Hold, Pace, Rollout, Window
from whimbrel.domain.rollout import Stage as RolloutStage
from whimbrel.domain.task import MINUTE_MS, TaskStatus, reopened
from whimbrel.engine.execute import Engine
from whimbrel.engine.silence import AWAY_MS_MAX, SilenceWatch
from whimbrel.ports.store import Because

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
HOUR_MS = 60 * MINUTE_MS
ORDERED = {"is_gathered": False}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as made:
        made.engine.take_on(SilenceWatch(made.store, made.clock))
        yield made


async def told(stage: Stage, after_ms: int = 0) -> list[int]:
    """Let time pass and settle; the devices told then, and forget them."""
    # An engine looks every few seconds; one that was away for long would excuse all silence.
    while after_ms > 0:
        stage.clock.pass_ms(min(after_ms, AWAY_MS_MAX))
        after_ms -= AWAY_MS_MAX
        await stage.engine.settle()
    await stage.engine.settle()
    ids = [notice.device_id for notice in stage.channel.sent]
    stage.channel.sent.clear()
    return ids


async def careful_job(stage: Stage, devices: int, rollout: Rollout, **changes: object) -> tuple[Job, list[int]]:
    ids = await add_devices(stage.store, stage.place, devices)
    return await add_job(stage.store, stage.place, rollout=rollout, is_gathered=not rollout.is_ordered, **changes), ids


async def say(stage: Stage, device_ids: list[int], *steps: int | str) -> None:
    """The devices report these steps, or versions, in turn."""
    for device_id in device_ids:
        device = Device(stage.store, device_id)
        device.now_ms = stage.clock.ms
        for step in steps:
            await (device.version(step) if isinstance(step, str) else device.progress(step))


async def hold(stage: Stage, job: Job) -> None:
    async with stage.store.transaction() as store:
        assert await store.rollouts.hold(job.id, Hold.PAUSED, Because("a look", "key"), stage.clock.ms)


async def resume(stage: Stage, job: Job) -> None:
    async with stage.store.transaction() as store:
        assert await store.rollouts.resume(job.id, Because("looked", "key"), stage.clock.ms)


async def is_sound(stage: Stage, job: Job) -> bool:
    """The counts of the job equal its tasks, those of its gate and pace too (I4)."""
    check = ConsistencyCheck(stage.store._path)
    broken = [f for f in check.findings() if f.rule.name == "counters_count_their_rows" and not f.holds]
    check.close()
    assert broken == []
    return await count_errors(stage.store, [job]) == []


async def test_I6_evidence_lets_the_next_go(stage: Stage) -> None:
    """First two; then five more for each success, in the order of the seed, each device once."""
    job, ids = await careful_job(stage, 40, Rollout(gate=Gate(), pace=Pace(first=2, growth=5), seed=7))
    await connect(stage.store, ids)
    first = await told(stage)
    assert len(first) == 2
    assert await told(stage) == []
    await say(stage, first[:1], 10, "2.0.0")
    second = await told(stage)
    assert len(second) == 6  # one at risk has gone, and five more may be
    assert first + second == [row.task.device_id for row in await rows_of(stage.store, job)][:8]
    assert first + second != ids[:8]
    assert await is_sound(stage, job)


async def test_F21_two_failures_of_two_halt(stage: Stage) -> None:
    """The gate halts before anybody else is told, and says on which numbers."""
    job, ids = await careful_job(stage, 40, Rollout(gate=Gate(), pace=Pace(first=2), seed=7))
    await connect(stage.store, ids)
    await say(stage, await told(stage), 10, -4)
    assert await told(stage) == []
    job = await read_job(stage.store, job)
    assert job.hold is Hold.HALTED
    assert job.hold_reason == "2 of the first 2 devices failed or went silent; the limit is 3 %"
    assert await told(stage, 24 * HOUR_MS) == []


class HurryingClock(SteeredClock):
    """Each look at it takes a while."""

    def now_ms(self) -> int:
        self.pass_ms(100)
        return self.ms

    def monotonic_s(self) -> float:
        self.pass_ms(100)
        return self.s


async def test_I8_a_gate_does_not_wait_for_others(tmp_path: Path) -> None:
    """While jobs before it take their steps, a job that has to halt halts first."""
    async with set_stage(tmp_path) as stage:
        ids = await add_devices(stage.store, stage.place, 6)
        elsewhere = await add_place(stage.store, 2)
        await add_devices(stage.store, elsewhere, 3)
        other = await add_job(stage.store, elsewhere, need_confirm=True)
        job = await add_job(stage.store, stage.place, rollout=GUARDED)
        await connect(stage.store, ids)
        await told(stage)
        await say(stage, ids[:3], 10, -4)
        engine = Engine(stage.store, stage.channel, InProcessWakeup(), HurryingClock(), LINKS)
        async with stage.store.transaction() as store:
            await store.jobs.cancel_tasks(other.id, frozenset({CONFIRM}), stage.clock.ms)
        await engine.settle()
        job = await read_job(stage.store, job)
        assert job.hold is Hold.HALTED
        assert job.hold_ms is not None
        assert job.hold_ms < min(row.modified_ms for row in await rows_of(stage.store, other))


async def test_I8_held_jobs_stand_still(stage: Stage) -> None:
    """While a job is held nothing is told, nor told again; whoever came meanwhile is told when it goes on."""
    job, ids = await careful_job(stage, 4, GUARDED)
    await connect(stage.store, ids[:1])
    assert await told(stage) == ids[:1]
    await hold(stage, job)
    for device_id in ids[:3]:
        assert (await Device(stage.store, device_id).connect(2)).notices == ()
    assert (await Device(stage.store, ids[3]).pull()).pull is not None
    assert (await statuses_of(stage.store, job))[ids[3]] is QUEUED
    assert await told(stage, HOUR_MS) == []
    await resume(stage, job)
    assert sorted(await told(stage)) == ids[:3]
    assert await is_sound(stage, job)


async def test_a_resume_begins_anew(stage: Stage) -> None:
    """What failed before the resume is excused; the first ones go again, and two more failures halt again."""
    job, ids = await careful_job(stage, 40, Rollout(gate=Gate(), pace=Pace(first=2), seed=7))
    await connect(stage.store, ids)
    first = await told(stage)
    await say(stage, first, 10, -4)
    assert await told(stage) == []
    await resume(stage, job)
    second = await told(stage)
    assert len(second) == 2
    assert (await read_job(stage.store, job)).hold is Hold.NONE
    await say(stage, second, 10, -4)
    assert await told(stage) == []
    assert (await read_job(stage.store, job)).hold is Hold.HALTED
    assert await is_sound(stage, job)


async def test_F21_what_is_started_again_is_watched(stage: Stage) -> None:
    """A task that is re-upgraded counts for the gate like any other, whether its device was told before or not."""
    job, ids = await careful_job(stage, 4, GUARDED)
    await connect(stage.store, ids[:1])
    assert await told(stage) == ids[:1]
    await say(stage, ids[:1], 10, -4)
    await cancel(stage.store, job, QUEUED)
    await told(stage)
    for row in await rows_of(stage.store, job):
        again = reopened(row.task, None, need_confirm=False)
        assert again is not None
        async with stage.store.transaction() as store:
            assert await store.tasks.reopen(job, row.task, again, stage.clock.ms)
    assert await is_sound(stage, job)
    await connect(stage.store, ids[1:])
    assert await told(stage) == ids
    assert await is_sound(stage, job)
    await say(stage, ids[:3], 10, -4)
    assert await told(stage) == []
    assert (await read_job(stage.store, job)).hold is Hold.HALTED
    assert await is_sound(stage, job)


async def test_silence_halts(stage: Stage) -> None:
    """Who says nothing for half an hour counts, and stays at risk; who speaks again is silent no more."""
    job, ids = await careful_job(stage, 40, Rollout(gate=Gate(), pace=Pace(first=2), seed=7))
    await connect(stage.store, ids)
    first = await told(stage)
    await say(stage, first, 10)
    assert await told(stage, 20 * MINUTE_MS) == []
    await say(stage, first[:1], 10)  # the same once more is a word too
    assert await told(stage, 11 * MINUTE_MS) == []
    tasks = {row.task.device_id: row.task for row in await rows_of(stage.store, job)}
    assert [tasks[device_id].is_silent for device_id in first] == [False, True]
    assert (await read_job(stage.store, job)).hold is Hold.NONE
    await say(stage, first[1:], 20)
    assert await told(stage, 31 * MINUTE_MS) == []
    job = await read_job(stage.store, job)
    assert job.hold is Hold.HALTED
    assert job.hold_reason.startswith("2 of the first 2 devices")
    assert await is_sound(stage, job)


async def test_who_spoke_again_may_fall_silent_again(stage: Stage) -> None:
    """A device that speaks after its silence is listened for anew, also when nobody else of its block is at risk."""
    job, ids = await careful_job(stage, 1, GUARDED)
    await connect(stage.store, ids)
    assert await told(stage) == ids
    await say(stage, ids, 10)
    await told(stage, 31 * MINUTE_MS)
    assert [row.task.is_silent for row in await rows_of(stage.store, job)] == [True]
    await say(stage, ids, 20)
    assert [row.task.is_silent for row in await rows_of(stage.store, job)] == [False]
    await told(stage, 31 * MINUTE_MS)
    assert [row.task.is_silent for row in await rows_of(stage.store, job)] == [True]


async def test_a_told_device_has_a_day(stage: Stage) -> None:
    """Without progress it is silent a day after its notice."""
    job, ids = await careful_job(stage, 2, GUARDED)
    await connect(stage.store, ids)
    assert await told(stage) == ids
    await told(stage, 24 * HOUR_MS - 1)
    assert [row.task.is_silent for row in await rows_of(stage.store, job)] == [False, False]
    await told(stage, 1)
    assert [row.task.is_silent for row in await rows_of(stage.store, job)] == [True, True]
    assert (await read_job(stage.store, job)).hold is Hold.HALTED


async def test_I19_the_servers_absence_is_nobodys_silence(stage: Stage) -> None:
    """An engine that was away has heard nobody: silence counts from its return."""
    job, ids = await careful_job(stage, 1, GUARDED)
    await connect(stage.store, ids)
    await told(stage)
    await say(stage, ids, 10)
    await told(stage)
    stage.clock.pass_ms(AWAY_MS_MAX + 31 * MINUTE_MS)
    await SilenceWatch(stage.store, stage.clock).step()
    await told(stage)
    assert [row.task.is_silent for row in await rows_of(stage.store, job)] == [False]
    await told(stage, 30 * MINUTE_MS - 1)
    assert [row.task.is_silent for row in await rows_of(stage.store, job)] == [False]
    await told(stage, 1)
    assert [row.task.is_silent for row in await rows_of(stage.store, job)] == [True]


async def test_F16_a_clock_that_jumps_silences_nobody(stage: Stage) -> None:
    """The wall clock is set forward by a day: no device said less for it."""
    job, ids = await careful_job(stage, 1, GUARDED)
    await connect(stage.store, ids)
    await told(stage)
    await say(stage, ids, 10)
    await told(stage)
    stage.clock.ms += 24 * HOUR_MS
    await told(stage)
    await told(stage, 29 * MINUTE_MS)
    assert [row.task.is_silent for row in await rows_of(stage.store, job)] == [False]


async def test_stages_follow_each_other(stage: Stage) -> None:
    """The canary goes first; when half of it has succeeded and it has soaked, the next stage, then all others."""
    stages = (RolloutStage(devices=2, soak_minutes=10), RolloutStage(percent="50", succeeded_percent=100))
    job, ids = await careful_job(stage, 10, Rollout(gate=Gate(), stages=stages, seed=3))
    await connect(stage.store, ids)
    first = await told(stage)
    tasks = [row.task for row in await rows_of(stage.store, job)]
    order = [task.device_id for task in tasks]
    assert (first, sorted(order)) == (order[:2], ids)
    assert [task.status for task in tasks] == [NOTIFIED] * 2 + [QUEUED] * 8
    await say(stage, order[:1], "2.0.0")
    assert await told(stage, 10 * MINUTE_MS - 1) == []
    assert await told(stage, 10 * MINUTE_MS) == order[2:5]
    await say(stage, order[1:4], "2.0.0")
    assert await told(stage) == []
    await say(stage, order[4:5], "2.0.0")
    assert await told(stage) == order[5:]
    assert await is_sound(stage, job)


async def test_windows_open_and_close(stage: Stage) -> None:
    """Outside its windows a job tells nobody, and nobody again who has not begun; it goes on when one opens."""
    windows = (Window(0x7F, 22 * 60, 23 * 60),)  # the world begins at 22:13:20 UTC
    _, ids = await careful_job(stage, 3, Rollout(windows=windows, time_zone="UTC"))
    await connect(stage.store, ids[:1])
    assert await told(stage) == ids[:1]
    stage.clock.pass_ms(HOUR_MS)
    late = Device(stage.store, ids[1])
    late.now_ms = stage.clock.ms
    assert (await late.connect()).notices == ()
    assert (await late.connect(2)).notices == ()
    assert await told(stage) == []
    assert await told(stage, 23 * HOUR_MS) == ids[1:2]


@pytest.mark.parametrize("selection", [TargetSelection.SPECIFIC, TargetSelection.GRAY, TargetSelection.ALL])
async def test_I2_an_ordered_set_is_the_same_set(stage: Stage, selection: TargetSelection) -> None:
    """A seed orders the devices and changes nothing else; the same seed is the same order."""
    ids = await add_devices(stage.store, stage.place, 30, "1.0.0")
    orders = []
    for seed in (5, 5, 6):
        rollout = Rollout(gate=Gate(), seed=seed)
        percent = {"gray_percent": "50"} if selection is TargetSelection.GRAY else {}
        changes = {"rollout": rollout, "target_selection": selection, "fill_until": 0, **percent}
        job = await add_job(stage.store, stage.place, is_gathered=False, **changes)
        async with stage.store.transaction() as store:
            if selection is TargetSelection.SPECIFIC:
                await store.targets.add(job, tuple(ids))
            await store.targets.freeze(job)
        await told(stage)
        orders.append([row.task.device_id for row in await rows_of(stage.store, job)])
        assert await is_sound(stage, job)
    if selection is TargetSelection.GRAY:
        assert [len(order) for order in orders] == [15, 15, 15]
    else:
        assert orders[0] == orders[1] != orders[2]
        assert [sorted(order) for order in orders] == [ids] * 3


@pytest.mark.parametrize("rollout", [GUARDED, Rollout(gate=Gate(), pace=Pace(first=5))], ids=["gate", "pace"])
async def test_F21_a_first_match_that_was_never_told(stage: Stage, rollout: Rollout) -> None:
    """In a dynamic job a device starts with the first of its tasks that it is told of, and never again."""
    ids = await add_devices(stage.store, stage.place, 3, "1.0.0")
    await connect(stage.store, ids)
    other = await add_job(stage.store, stage.place, need_confirm=True)
    await stage.engine.settle()
    dynamic = {"selection_type": SelectionType.DYNAMIC, "dynamic_mode": DynamicMode.LATER, "src_versions": ("1.0.0",)}
    job = await add_job(stage.store, stage.place, rollout=rollout, is_filled=True, **dynamic)
    async with stage.store.transaction() as store:
        await store.strategies.add(job)
    await say(stage, ids, "1.0.0")
    assert set((await statuses_of(stage.store, job)).values()) == {FAILED}
    await cancel(stage.store, other, CONFIRM)
    assert await told(stage) == []
    await say(stage, ids[:2], "1.0.0")
    await told(stage)
    await say(stage, ids[:1], -1, "1.0.0")  # fails, and matches for the third time
    await told(stage)
    await say(stage, ids[:1], -1)
    async with stage.store.snapshot() as snapshot:
        state = await snapshot.jobs.state(job.account_id, job.id)
    assert state is not None
    assert (state.standing.started, state.standing.failing) == (2, 1)
    assert await is_sound(stage, job)
