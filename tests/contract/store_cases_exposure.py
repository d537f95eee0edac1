"""Cases of the store contract: however many claim at once, no device too many is put at risk (I6, F22)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest

from tests.contract.store_cases_rig import Rig
from tests.contract.store_cases_together import Two, broken_rules
from tests.engine.rehearsed import add_filled_job
from tests.engine.world import (
    LINKS,
    RecordingChannel,
    SteeredClock,
    add_devices,
    add_place,
    connect,
    count_errors,
    read_job,
    tasks_of,
)
from tests.reports.mouth import Device
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import Job
from whimbrel.domain.rollout import Gate, Pace, Rollout
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.errors import StoreConflictError
from whimbrel.ports.store import Store

FIRST, GROWTH, DEVICES, ROUNDS = 4, 2, 60, 25
LENIENT = Gate(limit_basis_points=5_000)  # so that the storm is not over at once
AT_RISK = (TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS)


async def add_job(store: Store) -> tuple[Job, list[int]]:
    place = await add_place(store)
    ids = await add_devices(store, place, DEVICES, "1.0.0")
    await connect(store, ids)
    rollout = Rollout(gate=LENIENT, pace=Pace(first=FIRST, growth=GROWTH))
    return await add_filled_job(store, place, rollout), ids


class Storm:
    """Engines, pulls, connects and reports of the same devices, all at once and on several stores."""

    def __init__(self, stores: Sequence[Store], job: Job, ids: list[int], seed: int) -> None:
        self._dice = random.Random(seed)
        self._stores = stores
        self._job = job
        self._ids = ids
        self._channels = [RecordingChannel() for _ in stores]
        self._engines = [
            Engine(store, channel, InProcessWakeup(), SteeredClock(), LINKS)
            for store, channel in zip(stores, self._channels, strict=True)
        ]
        self.told: set[int] = set()
        self.ended: set[int] = set()
        self.succeeded: set[int] = set()

    async def round(self) -> None:
        """Many claims, and some of those that were told say how it ended, some of them twice."""
        told = sorted(self.told - self.ended)
        ends = self._dice.sample(told, len(told) // 2)
        work = [engine.settle() for engine in self._engines]
        work += [self._asks(device_id) for device_id in self._dice.sample(self._ids, 20)]
        for device_id in ends:
            self.ended.add(device_id)
            if self._dice.random() < 0.8:
                self.succeeded.add(device_id)
            work += [self._ends(device_id) for _ in range(self._dice.choice((1, 1, 2)))]
        self._dice.shuffle(work)
        for result in await asyncio.gather(*work, return_exceptions=True):
            assert result is None or isinstance(result, StoreConflictError), result
        for channel in self._channels:
            self.told |= {notice.device_id for notice in channel.sent}
            channel.sent.clear()

    @property
    def exposed(self) -> int:
        """As the devices count it."""
        return len(self.told - self.ended)

    async def _asks(self, device_id: int) -> None:
        device = Device(self._dice.choice(self._stores), device_id)
        if self._dice.random() < 0.3:
            self.told |= {notice.device_id for notice in (await device.connect()).notices}
        else:
            pull = (await device.pull()).pull
            self.told |= {device_id} if pull is not None and pull.notice is not None else set()

    async def _ends(self, device_id: int) -> None:
        device = Device(self._dice.choice(self._stores), device_id)
        if device_id in self.succeeded:
            await device.version("2.0.0")
        else:
            await device.progress(-2)


async def weather(stores: Sequence[Store], seed: int) -> Job:
    """A storm to its end; the job afterwards."""
    job, ids = await add_job(stores[0])
    storm = Storm(stores, job, ids, seed)
    for _ in range(ROUNDS):
        await storm.round()
        assert storm.exposed <= FIRST + GROWTH * len(storm.succeeded)
        statuses = [task.status for task in (await tasks_of(stores[0], job)).values()]
        at_risk = sum(status in AT_RISK for status in statuses)
        assert at_risk <= FIRST + GROWTH * statuses.count(TaskStatus.SUCCEEDED)
    assert len(storm.told) > FIRST, "it has grown"
    assert await count_errors(stores[0], [job]) == []
    return await read_job(stores[0], job)


class TestExposure:
    @pytest.mark.parametrize("seed", range(3))
    async def test_I6_all_at_once(self, rig: Rig, seed: int) -> None:
        """Engine, pulls and connects that claim together get what one of them would get."""
        await weather([rig.store], seed)


class TestExposureTogether:
    @pytest.mark.parametrize("seed", range(4))
    async def test_I6_over_processes(self, two: Two, seed: int) -> None:
        """Two processes, an engine in each, and devices that ask both: never one device too many."""
        await weather(two, seed)
        assert await broken_rules(two[0]) == []
