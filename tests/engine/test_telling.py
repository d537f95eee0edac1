"""What is told long after it was claimed is looked at and counted again, in this process as in others (I5, I8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import (
    LINKS,
    NODE,
    NOW_MS,
    RecordingChannel,
    SteeredClock,
    add_devices,
    add_job,
    add_place,
    cancel,
    connect,
    open_store,
)
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import Job
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.domain.task import Task, TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.engine.fenced_store import FencedStore
from whimbrel.engine.lease import Lease
from whimbrel.engine.orders import OrderDelivery
from whimbrel.engine.telling import FRESH_SECONDS, Telling
from whimbrel.errors import LeaseLostError, StoreUnavailableError
from whimbrel.ports.store import Transaction

NOTIFIED = TaskStatus.NOTIFIED
FRESH_MS = int(FRESH_SECONDS * 1000)


class SlowChannel(RecordingChannel):
    """The process stands still between a claim's commit and its notices, or before one of them."""

    def __init__(self, clock: SteeredClock) -> None:
        super().__init__()
        self.clock = clock
        self.stands_after_post_ms = self.stands_after_each_ms = 0

    async def post(self, store: Transaction, tasks: list[Task]) -> list[Task]:
        self.clock.pass_ms(self.stands_after_post_ms)
        return tasks

    async def send(self, notice: UpgradeNotice) -> bool:
        await super().send(notice)
        self.clock.pass_ms(self.stands_after_each_ms)
        return True


class Rig:
    """A process with everything, and devices that are connected to it."""

    def __init__(self, store: SqliteStore) -> None:
        self.store, self.clock = store, SteeredClock()
        self.channel = SlowChannel(self.clock)
        self.engine = Engine(store, self.channel, InProcessWakeup(), self.clock, LINKS)
        self.delivery = OrderDelivery(store, self.channel, self.clock, LINKS, lambda: NODE)

    async def furnish(self, devices: int, **changes: object) -> tuple[Job, list[int]]:
        place = await add_place(self.store)
        ids = await add_devices(self.store, place, devices)
        async with self.store.transaction() as store:
            await store.nodes.begin(NODE, NOW_MS)
        await connect(self.store, ids)
        return await add_job(self.store, place, **changes), ids

    def told(self) -> list[int]:
        return [notice.device_id for notice in self.channel.sent]

    async def counted(self) -> int:
        async with self.store.snapshot() as store:
            return sum(row.n for row in await store.pacing.notices())


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    store = open_store(tmp_path)
    yield Rig(store)
    await store.close()


@pytest.mark.parametrize(("stood_ms", "counted"), [(-1, 3), (0, 3), (1, 6)])
async def test_I5_what_was_claimed_too_long_ago_counts_again(rig: Rig, stood_ms: int, counted: int) -> None:
    """It does not leave at once; when it does, it counts from then, and each device is told once."""
    _, ids = await rig.furnish(3, maximum_per_minute=10)
    rig.channel.stands_after_post_ms = FRESH_MS + stood_ms
    await rig.engine.settle()
    assert (rig.told() == ids) is (counted == 3)
    while await rig.delivery.step():
        pass
    assert (rig.told(), await rig.counted()) == (ids, counted)


async def test_I5_only_the_rest(rig: Rig) -> None:
    """Who was told in time is not told again, and does not count again."""
    _, ids = await rig.furnish(5, maximum_per_minute=10)
    rig.channel.stands_after_each_ms = FRESH_MS // 2
    await rig.engine.settle()
    assert rig.told() == ids[:3]
    rig.channel.stands_after_each_ms = 0
    await rig.delivery.step()
    assert (rig.told(), await rig.counted()) == (ids, 7)


async def test_I8_what_was_cancelled_meanwhile_does_not_leave(rig: Rig) -> None:
    """A cancel that was answered while the process stood still holds for what it had claimed before."""
    job, _ = await rig.furnish(3)
    rig.channel.stands_after_post_ms = 60_000
    await rig.engine.settle()
    await cancel(rig.store, job, NOTIFIED)
    assert await rig.delivery.step()
    assert rig.told() == []


async def test_a_job_without_pace_counts_nothing(rig: Rig) -> None:
    """However late its devices are told."""
    _, ids = await rig.furnish(2)
    rig.channel.stands_after_post_ms = 60_000
    await rig.engine.settle()
    await rig.delivery.step()
    assert (rig.told(), await rig.counted()) == (ids, 0)


async def test_where_orders_are_a_chore(rig: Rig) -> None:
    """In one process, the engine itself goes on with what it could not tell."""
    _, ids = await rig.furnish(2, maximum_per_minute=10)
    rig.engine.take_on(rig.delivery)
    rig.channel.stands_after_post_ms = 60_000
    await rig.engine.settle()
    assert rig.told() == ids


async def test_I19_a_fault_forgets_nobody(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be ordered now is ordered when the store is back, though who claimed it is cancelled meanwhile."""
    monkeypatch.setattr("whimbrel.engine.telling.FAULT_PAUSE_SECONDS", 0.001)
    _, ids = await rig.furnish(2, maximum_per_minute=10)
    rig.channel.stands_after_post_ms = 60_000
    has_failed = asyncio.Event()

    async def fail(*_: object, **__: object) -> None:
        has_failed.set()
        raise StoreUnavailableError("the test says so")

    with monkeypatch.context() as patch:
        patch.setattr("whimbrel.adapters.store.repositories.gateways.OrderRepository.notices", fail)
        settling = asyncio.create_task(rig.engine.settle())
        await has_failed.wait()
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)
    while not await rig.delivery.step():  # noqa: ASYNC110  nobody tells
        await asyncio.sleep(0.002)
    assert (rig.told(), await rig.counted()) == (ids, 4)


class LosingTelling(Telling):
    """Another process takes over between the commit of a claim and its notices."""

    async def tell_claimed(self, tasks: list[Task], job: Job, claimed_s: float) -> None:
        if tasks:
            async with self._store.transaction() as store:
                assert await store.leases.take(await store.leases.seen(), "other") is not None
        await super().tell_claimed(tasks, job, claimed_s)


async def test_F05_who_lost_the_lease_still_tells_what_it_claimed(rig: Rig) -> None:
    """The claim was made while it led, and nobody else will tell the devices that it holds."""
    job, ids = await rig.furnish(2, maximum_per_minute=10)
    term = await Lease(rig.store, rig.clock, "one").look()
    assert term is not None
    engine = Engine(FencedStore(rig.store, term), rig.channel, InProcessWakeup(), rig.clock, LINKS)
    engine.tell_by(LosingTelling(rig.store, rig.channel, rig.clock, LINKS))
    rig.channel.stands_after_post_ms = 12_000
    await engine.settle()
    assert not rig.told()
    while await rig.delivery.step():
        pass
    assert rig.told() == ids
    await cancel(rig.store, job, NOTIFIED)
    with pytest.raises(LeaseLostError):
        await engine.settle()
