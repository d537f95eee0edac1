"""Contract of Store: the lives of gateway processes, and the orders that they are given (I18, I19, F05, A21)."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import NOW_MS, Place, add_devices, add_job, add_place, fill, presence, put_task, tasks_of
from whimbrel.domain.device import Device, DeviceStatus
from whimbrel.domain.paging import Page
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store import NodeBeat, Order, OrderKind, Presence, Store, Transaction

ONE, OTHER = "one.1", "other.1"
MANY = 1_000


def at(node_id: str, device_id: int, session_id: int = 1) -> Presence:
    return presence(device_id, session_id)._replace(node_id=node_id)


async def begin(store: Store, *node_ids: str) -> None:
    async with store.transaction() as transaction:
        for node_id in node_ids:
            await transaction.nodes.begin(node_id, NOW_MS)


async def alive(store: Store) -> list[NodeBeat]:
    async with store.snapshot() as snapshot:
        return await snapshot.nodes.alive()


async def waiting(store: Store, node_id: str) -> list[Order]:
    async with store.snapshot() as snapshot:
        return await snapshot.orders.waiting(node_id, MANY)


async def statuses(store: Store, place: Place) -> list[DeviceStatus]:
    """Of the product's devices, oldest first; the counts are checked by the way."""
    async with store.snapshot() as snapshot:
        rows = (await snapshot.devices.page(place.account_id, place.product_id, Page(1, MANY))).rows[::-1]
        counts = await snapshot.device_states.counts(place.account_id, place.product_id)
    found = [row.status for row in rows]
    assert (counts.devices, counts.online) == (len(found), found.count(DeviceStatus.ONLINE))
    return found


async def clear_all(store: Store, devices_max: int) -> int:
    """Take all devices of ended nodes offline; in how many steps."""
    steps = 0
    while True:
        async with store.transaction() as transaction:
            if not await transaction.nodes.clear(devices_max, NOW_MS + 1):
                return steps
        steps += 1


async def row(store: Transaction, place: Place, number: int) -> Device:
    device = await store.devices.by_name(place.account_id, place.product_key, f"dev-{number:04d}")
    assert device is not None
    return device


class TestGatewayNodes:
    async def test_a_life(self, rig: Rig) -> None:
        """A node lives from its begin to its end, and its beat grows; a begin may be repeated."""
        await begin(rig.store, ONE, OTHER, ONE)
        async with rig.store.transaction() as store:
            assert [await store.nodes.beat(node_id) for node_id in (ONE, ONE, "stranger.1")] == [True, True, False]
            assert [await store.nodes.hold(node_id) for node_id in (ONE, "stranger.1")] == [True, False]
        assert await alive(rig.store) == [NodeBeat(ONE, 2), NodeBeat(OTHER, 0)]
        async with rig.store.transaction() as store:
            await store.nodes.leave(ONE)
            assert [await store.nodes.hold(ONE), await store.nodes.beat(ONE)] == [False, False]
        assert await alive(rig.store) == [NodeBeat(OTHER, 0)]

    async def test_I18_only_a_silent_node_is_ended(self, rig: Rig) -> None:
        """A node that has beaten since it was seen is not ended; one that has not is, once."""
        await begin(rig.store, ONE)
        [seen] = await alive(rig.store)
        async with rig.store.transaction() as store:
            await store.nodes.beat(ONE)
            assert not await store.nodes.end(seen)
        [seen] = await alive(rig.store)
        async with rig.store.transaction() as store:
            assert [await store.nodes.end(seen), await store.nodes.end(seen)] == [True, False]
        assert await alive(rig.store) == []

    async def test_I18_whoever_holds_a_life_is_waited_for(self, rig: Rig) -> None:
        """A transaction that holds its life commits before the life can be ended, and beats meanwhile if it likes."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        await begin(rig.store, ONE)
        held, order = asyncio.Event(), []

        async def connect() -> None:
            async with rig.store.transaction() as store:
                assert await store.nodes.hold(ONE)
                held.set()
                await asyncio.sleep(0.05)
                await store.presences.connected(at(ONE, device_id), NOW_MS)
            order.append("connected")

        async def end() -> None:
            await held.wait()
            [seen] = await alive(rig.store)
            async with rig.store.transaction() as store:
                assert await store.nodes.end(seen)
            order.append("ended")

        await asyncio.gather(connect(), end())
        assert order == ["connected", "ended"]
        await clear_all(rig.store, 10)
        assert await statuses(rig.store, place) == [DeviceStatus.OFFLINE]

    @pytest.mark.parametrize("devices_max", [2, 3, 4])
    async def test_I19_devices_of_an_ended_node(self, rig: Rig, devices_max: int) -> None:
        """They go offline in bounded steps, counted right; another node's, disabled and deleted ones stay."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 6)
        await begin(rig.store, ONE, OTHER)
        async with rig.store.transaction() as store:
            for device_id in ids:
                await store.presences.connected(at(ONE, device_id), NOW_MS)
            await store.presences.connected(at(OTHER, ids[0]), NOW_MS)
            await store.device_changes.disable(await row(store, place, 1), NOW_MS)
            await store.device_changes.delete(await row(store, place, 2), NOW_MS)
        assert await clear_all(rig.store, devices_max) == 0, "nobody has ended"
        async with rig.store.transaction() as store:
            await store.nodes.leave(ONE)
        assert await clear_all(rig.store, devices_max) == -(-3 // devices_max) + 1
        online, offline, disabled = DeviceStatus.ONLINE, DeviceStatus.OFFLINE, DeviceStatus.DISABLE
        assert await statuses(rig.store, place) == [online, disabled, offline, offline, offline]
        async with rig.store.transaction() as store:
            await store.presences.disconnected(at(ONE, ids[3]), NOW_MS)
            await store.presences.disconnected(at(OTHER, ids[0]), NOW_MS)
        assert (await statuses(rig.store, place)).count(offline) == 4


class TestGatewayOrders:
    async def test_F05_notices(self, rig: Rig) -> None:
        """Tasks of devices at other nodes are ordered there, as they are when read; those here or nowhere are not."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 4, "1.0.0")
        job = await fill(rig.store, await add_job(rig.store, place))
        tasks = await tasks_of(rig.store, job)
        async with rig.store.transaction() as store:
            for node_id, device_id in ((ONE, ids[0]), (OTHER, ids[1]), (OTHER, ids[2])):
                await store.presences.connected(at(node_id, device_id), NOW_MS)
            told = await store.orders.notices([tasks[device_id].id for device_id in ids], ONE)
            assert told == {tasks[ids[1]].id, tasks[ids[2]].id}
            assert await store.orders.notices([], ONE) == set()
        moved = await put_task(rig.store, tasks[ids[1]], status=TaskStatus.NOTIFIED)
        assert await waiting(rig.store, ONE) == []
        first, second = await waiting(rig.store, OTHER)
        assert first[1:] == (OrderKind.NOTICE, ids[1], None, 1, place.account_id, "1.0.0", moved)
        assert second.task == tasks[ids[2]]
        async with rig.store.transaction() as store:
            assert await store.orders.waiting(OTHER, 1) == [first]
            await store.orders.forget([first])
            await store.orders.forget([])
            assert await store.orders.waiting(OTHER, MANY) == [second]

    async def test_F05_what_is_undone_orders_nothing(self, rig: Rig) -> None:
        """A transaction that is undone gives no orders."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 1)
        with pytest.raises(ZeroDivisionError):
            await self._order_in_vain(rig.store, ids[0])
        assert await waiting(rig.store, ONE) == []

    async def _order_in_vain(self, store: Store, device_id: int) -> None:
        async with store.transaction() as transaction:
            await transaction.presences.connected(at(ONE, device_id), NOW_MS)
            await transaction.orders.end_session(OrderKind.REVOKE, device_id)
            raise ZeroDivisionError

    async def test_a_newer_session_elsewhere(self, rig: Rig) -> None:
        """A device that connects to another node is ended at the first, by its session; at the same node it is not."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        for node_id, session_id in ((ONE, 1), (ONE, 2), (OTHER, 7), (ONE, 3)):
            async with rig.store.transaction() as store:
                assert await store.presences.connected(at(node_id, device_id, session_id), NOW_MS)
        ends = [(order.kind, order.device_id, order.session_id) for order in await waiting(rig.store, ONE)]
        assert ends == [(OrderKind.TAKE_OVER, device_id, 2)]
        assert [order.session_id for order in await waiting(rig.store, OTHER)] == [7]
        async with rig.store.transaction() as store:
            await store.presences.disconnected(at(ONE, device_id, 2), NOW_MS)
            await store.presences.disconnected(at(OTHER, device_id, 7), NOW_MS)
        assert await statuses(rig.store, place) == [DeviceStatus.ONLINE]

    @pytest.mark.parametrize("change", ["disable", "delete"])
    async def test_A21_a_revoked_device(self, rig: Rig, change: str) -> None:
        """The node that holds a device is ordered to end its session by the change itself; without one nobody is."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2)
        async with rig.store.transaction() as store:
            await store.presences.connected(at(ONE, ids[0], 5), NOW_MS)
            for number in range(2):
                await getattr(store.device_changes, change)(await row(store, place, number), NOW_MS)
        [order] = await waiting(rig.store, ONE)
        assert (order.kind, order.device_id, order.session_id, order.task) == (OrderKind.REVOKE, ids[0], 5, None)

    async def test_I17_orders_of_nobody(self, rig: Rig) -> None:
        """Orders to nodes that live no more are forgotten in bounded steps; those of living ones stay."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 4)
        await begin(rig.store, ONE)
        async with rig.store.transaction() as store:
            for device_id in ids:
                await store.presences.connected(at(ONE if device_id == ids[0] else OTHER, device_id), NOW_MS)
                await store.orders.end_session(OrderKind.REVOKE, device_id)
        async with rig.store.transaction() as store:
            assert [await store.orders.forget_of_nobody(2) for _ in range(3)] == [2, 1, 0]
        assert [len(await waiting(rig.store, node_id)) for node_id in (ONE, OTHER)] == [1, 0]
