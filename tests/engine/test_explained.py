"""What a device is told of itself agrees with what the engine does: on random states, by seeds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import LINKS, RecordingChannel, Stage, add_devices, add_job, read_job, rows_of, set_stage
from tests.reports.mouth import Device
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.device_case import View
from whimbrel.domain.explain import explain
from whimbrel.domain.finding import Code, Finding
from whimbrel.domain.job import Job
from whimbrel.domain.rollout import Gate, Hold, Pace, Rollout, Window
from whimbrel.domain.rollout import Stage as RolloutStage
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.ports.store import Asked, Because

DEVICES = 6
STEPS = 25
#: What the engine itself clears in the same breath, before it tells.
CLEARED_BY_THE_ENGINE = {Code.WAITING_STAGE, Code.CANCELING, Code.WAITING_PACE, Code.RETRY_AT, Code.STILL_FILLING}
WINDOW = Window(127, 22 * 60 + 10, 22 * 60 + 16)  # open at the start, and for two minutes more
ROLLOUTS = (
    Rollout(),
    Rollout(gate=Gate()),
    Rollout(gate=Gate(), pace=Pace(first=1, growth=1), seed=5),
    Rollout(stages=(RolloutStage(devices=1, soak_minutes=1, succeeded_percent=100),), seed=3),
    Rollout(gate=Gate(), windows=(WINDOW,), time_zone="UTC"),
)


class Play:
    """A product with some devices, and what may happen to them."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage, self.random = stage, random.Random(seed)
        self.devices: list[int] = []
        self.sessions = dict.fromkeys(range(DEVICES), 0)
        self.jobs: list[Job] = []

    async def begin(self) -> None:
        for number in range(DEVICES):
            version = self.random.choice([None, "1.0.0", "1.0.0", "2.0.0"])
            prefix = f"d{number}"
            self.devices += await add_devices(self.stage.store, self.stage.place, 1, version, prefix)
        for number in range(DEVICES // 2):
            await self.connect(number)
        await self.release()

    def mouth(self, number: int) -> Device:
        self.stage.clock.pass_ms(1)
        mouth = Device(self.stage.store, self.devices[number])
        mouth.now_ms = self.stage.clock.ms
        return mouth

    async def act(self) -> None:
        number = self.random.randrange(DEVICES)
        often = (self.connect, self.progress, self.version)
        seldom = (self.disconnect, self.wait, self.hold, self.resume, self.cancel, self.other_job, self.approve)
        await self.random.choice([*often, *often, *seldom])(number)

    async def connect(self, number: int) -> None:
        self.sessions[number] += 1
        await self.mouth(number).connect(self.sessions[number])

    async def disconnect(self, number: int) -> None:
        await self.mouth(number).disconnect(self.sessions[number])

    async def progress(self, number: int) -> None:
        await self.mouth(number).progress(self.random.choice(["10", "100", "-1"]))

    async def version(self, number: int) -> None:
        await self.mouth(number).version(self.random.choice(["1.0.0", "2.0.0", "3.0.0"]))

    async def wait(self, number: int) -> None:
        self.stage.clock.pass_ms(self.random.choice([30_000, 61_000]))

    async def hold(self, number: int) -> None:
        async with self.stage.store.transaction() as store:
            await store.rollouts.hold(self._job().id, Hold.PAUSED, Because("wait", "key"), self.stage.clock.ms)

    async def resume(self, number: int) -> None:
        async with self.stage.store.transaction() as store:
            await store.rollouts.resume(self._job().id, Because("go on", "key"), self.stage.clock.ms)

    async def approve(self, number: int) -> None:
        async with self.stage.store.transaction() as store:
            await store.rollouts.approve(self._job().id, Because("seen", "other"), self.stage.clock.ms)

    async def cancel(self, number: int) -> None:
        if self.random.random() < 0.2:
            async with self.stage.store.transaction() as store:
                await store.jobs.cancel_tasks(self._job().id, frozenset({TaskStatus.QUEUED}), self.stage.clock.ms)

    async def other_job(self, number: int) -> None:
        if len(self.jobs) < 3:
            await self.release()

    async def release(self) -> None:
        choose = self.random.choice
        retry = choose([(None, None), (0, 1), (10, 1)])
        changes: dict[str, Any] = {
            "dest_version": choose(["2.0.0", "3.0.0"]),
            "need_push": choose([True, True, False]),
            "need_confirm": choose([False, False, True]),
            "maximum_per_minute": choose([None, 1, 2]),
            "required_version": choose(["", "", "1.0.0"]),
            "overwrite_mode": choose([1, 2]),
            "retry_minutes": retry[0],
            "retry_count": retry[1],
            "schedule_ms": choose([None, None, self.stage.clock.ms + 30_000]),
            "rollout": choose(ROLLOUTS),
            "hold": choose([Hold.NONE, Hold.NONE, Hold.NONE, Hold.AWAITING_APPROVAL]),
            "created_ms": self.stage.clock.ms,
        }
        if changes["rollout"].is_ordered:
            changes["is_gathered"] = False
        self.jobs.append(await add_job(self.stage.store, self.stage.place, **changes))
        if changes["schedule_ms"] is None:
            async with self.stage.store.transaction() as store:
                await store.targets.freeze(self.jobs[-1])

    def _job(self) -> Job:
        return self.random.choice(self.jobs)

    async def explained(self) -> dict[int, list[Finding]]:
        """By device, each of the findings."""
        found = {}
        async with self.stage.store.snapshot() as store:
            for number, device_id in enumerate(self.devices):
                device = await store.devices.by_name(
                    self.stage.place.account_id, self.stage.place.product_key, f"d{number}-0000"
                )
                assert device is not None
                cases = tuple(await store.explaining.cases(device, Asked()))
                view = View(device, await store.explaining.contact(device_id), cases)
                found[device_id] = explain(view, self.stage.clock.ms)
        return found

    async def queued(self) -> dict[int, Job]:
        """Queued tasks with their jobs."""
        rows = [(row, job) for job in self.jobs for row in await rows_of(self.stage.store, job)]
        return {row.task.id: job for row, job in rows if row.task.status is TaskStatus.QUEUED}


def of_tasks(explained: dict[int, list[Finding]]) -> dict[int, set[Code]]:
    """Task id to what is said of it."""
    codes: dict[int, set[Code]] = {}
    for finding in (finding for findings in explained.values() for finding in findings):
        if finding.task_id is not None:
            codes.setdefault(finding.task_id, set()).add(finding.code)
    return codes


@pytest.mark.parametrize("seed", range(40))
async def test_the_answer_is_what_the_engine_does(tmp_path: Path, seed: int) -> None:
    """Never empty. A queued task is READY exactly when the engine tells its device now, as far as its pace has room."""
    async with set_stage(tmp_path) as stage:
        play = Play(stage, seed)
        await play.begin()
        for _ in range(STEPS):
            await play.act()
            before, queued = await play.explained(), await play.queued()
            assert all(before.values())
            codes, sent_from = of_tasks(before), len(stage.channel.sent)
            assert queued.keys() <= codes.keys()
            if play.random.random() < 0.3:
                continue  # the engine has not come to it yet
            await stage.engine.settle()
            told = {notice.task_id for notice in stage.channel.sent[sent_from:]} & queued.keys()
            for task_id in told:
                in_the_way = {code for code in codes[task_id] if code.is_in_the_way} - CLEARED_BY_THE_ENGINE
                assert not in_the_way, (task_id, codes[task_id])
            for task_id in {task_id for task_id, said in codes.items() if Code.READY in said} - told:
                after = of_tasks(await play.explained()).get(task_id, set())
                assert Code.READY not in after, (task_id, after)
                assert (await read_job(stage.store, queued[task_id])).counts_claims or after & {Code.HALTED}, after
            left = of_tasks(await play.explained())
            assert not [task_id for task_id, said in left.items() if Code.READY in said]


async def test_a_restarted_engine_agrees(tmp_path: Path) -> None:
    """What was READY when the engine died is told by the next one."""
    async with set_stage(tmp_path) as stage:
        play = Play(stage, 1)
        await play.begin()
        ready = {task for task, said in of_tasks(await play.explained()).items() if Code.READY in said}
        channel = RecordingChannel()
        await Engine(stage.store, channel, InProcessWakeup(), stage.clock, LINKS).settle()
        assert ready <= {notice.task_id for notice in channel.sent}
