"""Gateway processes that live no more are noticed by one who watches, whatever the clocks say (I18, I19, F16, F17)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import NOW_MS, SteeredClock, add_devices, add_place, open_store, presence
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.engine import node_watch as module
from whimbrel.engine.node_watch import GAP_SECONDS, LEASE_SECONDS, LOOK_SECONDS, NodeWatch
from whimbrel.gateway.node import BEAT_SECONDS
from whimbrel.ports.store import OrderKind

ONE, OTHER = "one.1", "other.1"


class Rig:
    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock = SteeredClock()
        self.watch = NodeWatch(store, self.clock)

    async def begin(self, *node_ids: str) -> None:
        async with self.store.transaction() as store:
            for node_id in node_ids:
                await store.nodes.begin(node_id, NOW_MS)

    async def beat(self, node_id: str) -> None:
        async with self.store.transaction() as store:
            await store.nodes.beat(node_id)

    async def alive(self) -> list[str]:
        async with self.store.snapshot() as store:
            return [seen.node_id for seen in await store.nodes.alive()]

    async def watch_for(self, seconds: float, *beating: str) -> None:
        """Look as often as the loop does, while these nodes beat."""
        until_s = self.clock.s + seconds
        await self.watch.look()
        while self.clock.s < until_s:
            self.clock.pass_ms(int(1000 * min(LOOK_SECONDS, until_s - self.clock.s)))
            for node_id in beating:
                await self.beat(node_id)
            await self.watch.look()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    store = open_store(tmp_path)
    yield Rig(store)
    await store.close()


@pytest.mark.parametrize(("seconds", "is_alive"), [(-1, True), (0, False), (1, False)])
async def test_I19_a_silent_node(rig: Rig, seconds: int, is_alive: bool) -> None:
    """A node whose beat has not grown for the lease is ended, and one that beats is not."""
    await rig.begin(ONE, OTHER)
    await rig.watch_for(LEASE_SECONDS + seconds, OTHER)
    assert await rig.alive() == [ONE, OTHER] if is_alive else [OTHER]


async def test_I19_one_beat_is_enough(rig: Rig) -> None:
    """A beat within the lease begins it anew."""
    await rig.begin(ONE)
    await rig.watch_for(LEASE_SECONDS - 1)
    await rig.beat(ONE)
    await rig.watch_for(LEASE_SECONDS - 1)
    assert await rig.alive() == [ONE]


async def test_F09_after_a_fault_of_the_database_all_have_time_to_beat(rig: Rig) -> None:
    """A watcher that could not look has seen nothing: nobody is ended for the time in which nobody could beat."""
    await rig.begin(ONE)
    await rig.watch.look()
    rig.clock.pass_ms(int(1000 * (GAP_SECONDS + LEASE_SECONDS)))
    await rig.watch.look()
    assert await rig.alive() == [ONE]
    await rig.watch_for(LEASE_SECONDS)
    assert await rig.alive() == []


async def test_F17_clocks_that_are_set(rig: Rig) -> None:
    """The wall clock, set by any time in any direction, ends nobody and saves nobody."""
    await rig.begin(ONE, OTHER)
    await rig.watch.look()
    rig.clock.ms += 10 * 86_400_000
    await rig.watch.look()
    rig.clock.ms -= 20 * 86_400_000
    await rig.watch_for(LEASE_SECONDS, OTHER)
    assert await rig.alive() == [OTHER]


async def test_I19_its_devices_go_offline(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bounded steps, until nothing is left to do."""
    monkeypatch.setattr(module, "DEVICES_PER_STEP", 2)
    place = await add_place(rig.store)
    ids = await add_devices(rig.store, place, 5)
    await rig.begin(ONE)
    async with rig.store.transaction() as store:
        for device_id in ids:
            await store.presences.connected(presence(device_id)._replace(node_id=ONE), NOW_MS)
    await rig.watch_for(LEASE_SECONDS)
    steps = 0
    while await rig.watch.clear():
        steps += 1
    async with rig.store.snapshot() as store:
        counts = await store.device_states.counts(place.account_id, place.product_id)
    assert (steps, counts.online) == (4, 0)


async def test_where_there_is_one_process(rig: Rig) -> None:
    """A start ends all that earlier starts left behind, and finishes with it before anything is sent."""
    place = await add_place(rig.store)
    [device_id] = await add_devices(rig.store, place, 1)
    await rig.begin(ONE, OTHER)
    async with rig.store.transaction() as store:
        await store.presences.connected(presence(device_id)._replace(node_id=ONE), NOW_MS)
    await rig.watch.end_others(OTHER)
    async with rig.store.snapshot() as store:
        counts = await store.device_states.counts(place.account_id, place.product_id)
    assert (await rig.alive(), counts.online) == ([OTHER], 0)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
async def test_I17_orders_to_the_dead_are_swept(rig: Rig, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """All of them, in bounded steps; those of a living node stay."""
    monkeypatch.setattr(module, "ORDERS_PER_STEP", 2)
    place = await add_place(rig.store)
    ids = await add_devices(rig.store, place, count)
    await rig.begin(OTHER)
    async with rig.store.transaction() as store:
        for device_id in ids:
            for node_id in (ONE, OTHER):
                await store.presences.connected(presence(device_id)._replace(node_id=node_id), NOW_MS)
                await store.orders.end_session(OrderKind.REVOKE, device_id)
    await rig.watch.sweep()
    async with rig.store.snapshot() as store:
        assert await store.orders.waiting(ONE, 10) == []
        assert len(await store.orders.waiting(OTHER, 10)) == count


def test_F17_a_lease_outlasts_lost_beats() -> None:
    """Several beats may be lost, and looks come often enough to see each."""
    assert LEASE_SECONDS >= 5 * BEAT_SECONDS
    assert LOOK_SECONDS < BEAT_SECONDS
    assert LOOK_SECONDS < GAP_SECONDS < LEASE_SECONDS
