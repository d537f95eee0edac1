"""Several gateway processes on one store, over real sockets (I18, I19, A21, device-protocol 1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest

from tests.engine.world import LINKS, NOW_MS, SteeredClock, add_devices, add_place, open_store
from tests.reports.line import TICK_S, Door, Line, until
from whimbrel.domain.device import DeviceStatus
from whimbrel.engine.node_watch import NodeWatch
from whimbrel.engine.orders import OrderDelivery
from whimbrel.errors import NodeEndedError, StoreUnavailableError
from whimbrel.gateway import mqtt, node
from whimbrel.gateway.node import SILENT_SECONDS_MAX, Node
from whimbrel.gateway.packets import PubAck


class Rig(NamedTuple):
    one: Door
    other: Door

    async def settle(self) -> None:
        """What devices said is stored, and both processes carry out their orders."""
        for _ in range(2):
            for door in self:
                await door.ingest.drain()
                delivery = OrderDelivery(door.store, door.channel, door.clock, LINKS, lambda door=door: door.node.id)
                while await delivery.step():
                    pass

    async def end(self, door: Door) -> None:
        """Somebody takes the process for dead, and its devices go offline."""
        watch = NodeWatch(door.store, door.clock)
        async with door.store.snapshot() as store:
            alive = await store.nodes.alive()
        assert await watch.end([seen for seen in alive if seen.node_id == door.node.id]) == 1
        while await watch.clear():
            pass

    async def beat(self, door: Door) -> None:
        if not await door.node.beat():
            await door.gateway.drop_others(door.node.id)


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr(mqtt, "TICK_SECONDS", TICK_S)
    store = open_store(tmp_path)
    place = await add_place(store)
    made = Rig(Door(store, place, "one"), Door(store, place, "other"))
    await add_devices(store, place, 2)
    for door in made:
        await door.open()
    yield made
    for door in made:
        await door.close()
    await store.close()


async def holder(door: Door, device: str = "dev-0000") -> str | None:
    """The node that holds the device, as the check reads it."""
    row = await door.row(device)
    # Not by the store's own writer, which would show what is not committed yet.
    with closing(apsw.Connection(str(door.store._path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        found = connection.execute("SELECT node_id FROM presence WHERE device_id = ?", (row.id,)).fetchall()
    return found[0][0] if found else None


async def test_a_newer_session_at_another_node(rig: Rig) -> None:
    """A device that connects elsewhere is kicked out at the first node, and stays online at the second."""
    first = await rig.one.device()
    # The CONNACK comes before the commit: a device that is faster than that is sent away once more.
    await until(lambda: holder(rig.one), "one.1")
    await rig.other.device()
    await until(lambda: holder(rig.one), "other.1")
    await rig.settle()
    assert await first.ended()
    await until(rig.one.open_count, 0)
    await rig.settle()
    assert (await rig.one.status(), await holder(rig.one)) == (DeviceStatus.ONLINE, "other.1")
    assert [len(door.channel) for door in rig] == [0, 1]


async def test_there_and_back(rig: Rig) -> None:
    """A device that comes back before its first session was kicked out keeps the newest."""
    lines = []
    for door, node_id in ((rig.one, "one.1"), (rig.other, "other.1"), (rig.one, "one.1")):
        lines.append(await door.device())
        await until(lambda: holder(rig.one), node_id)
    await rig.settle()
    assert [await line.ended() for line in lines[:2]] == [True, True]
    assert await lines[2].is_silent()
    assert (await rig.one.status(), await holder(rig.one)) == (DeviceStatus.ONLINE, "one.1")
    assert [len(door.channel) for door in rig] == [1, 0]


@pytest.mark.parametrize("change", ["disable", "delete"])
async def test_A21_revoked_wherever_it_is(rig: Rig, change: str) -> None:
    """A disabled or deleted device is cut off at the node that holds it, and another device is not."""
    line, other = await rig.other.device(), await rig.other.device("dev-0001")
    async with rig.one.store.transaction() as store:
        await getattr(store.device_changes, change)(await rig.one.row(), NOW_MS)
    await rig.settle()
    assert await line.ended()
    assert await other.is_silent()


async def report(line: Line) -> bool:
    """Whether a report is acknowledged; if not, the session ends."""
    line.version("2.0.0", 7)
    packet = await line.receive()
    assert packet in (PubAck(7), None)
    return packet is not None


async def test_I18_after_its_life_a_node_writes_nothing(rig: Rig) -> None:
    """What a device says to a process that was taken for dead is not stored and not acknowledged: the session ends."""
    line = await rig.one.device()
    await rig.end(rig.one)
    assert not await report(line)
    await until(rig.one.open_count, 0)
    row = await rig.one.row()
    assert (await rig.one.version(row.id), row.status) == (None, DeviceStatus.OFFLINE)


async def test_I18_the_sessions_of_a_lost_life_end(rig: Rig) -> None:
    """When the process notices, silent devices are sent away; they come back into the next life, here or elsewhere."""
    lines = [await rig.one.device(), await rig.one.device("dev-0001")]
    await rig.end(rig.one)
    await rig.beat(rig.one)
    assert [await line.ended() for line in lines] == [True, True]
    again = [await rig.one.device(), await rig.other.device("dev-0001")]
    await rig.settle()
    assert [await holder(rig.one, line.name) for line in again] == ["one.2", "other.1"]
    await rig.beat(rig.one)
    assert [await report(line) for line in again] == [True, True]


async def test_I18_a_login_of_a_lost_life(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that was let in before the process lost its life, and is reported after, is sent away."""
    monkeypatch.setattr(rig.one.ingest, "submit", rig.one.ingest._waiting.append)
    line = await rig.one.line()
    line.send(line.credential())
    assert await line.receive() is not None
    await rig.end(rig.one)
    assert not await rig.one.node.beat()
    await rig.one.ingest.drain()
    assert await line.ended()
    assert await holder(rig.one) is None
    assert await rig.one.status() is DeviceStatus.UNACTIVE


async def test_I19_a_disconnect_of_a_lost_life(rig: Rig) -> None:
    """What is said of a session whose life was ended and cleared changes nothing, also once it is in another."""
    line = await rig.one.device()
    await rig.end(rig.one)
    await rig.other.device()
    line.writer.close()
    await until(rig.one.open_count, 0)
    await rig.one.ingest.drain()
    await rig.beat(rig.one)
    await rig.one.ingest.drain()
    assert (await rig.one.status(), await holder(rig.one)) == (DeviceStatus.ONLINE, "other.1")


async def test_the_loop_begins_anew_at_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose write was refused does not wait for its next beat; a fault of the store does not end the loop."""
    monkeypatch.setattr(node, "BEAT_SECONDS", 60.0)
    dropped: list[str] = []

    async def drop(node_id: str) -> None:
        dropped.append(node_id)

    running = asyncio.create_task(rig.one.node.run(drop))
    try:
        await until(lambda: _beat(rig.one), 1)
        await rig.end(rig.one)
        with pytest.raises(NodeEndedError):
            await _hold(rig.one)
        await until(lambda: _dropped(dropped), 1)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert dropped == ["one.2"]
    await _hold(rig.one)


async def _dropped(found: list[str]) -> int:
    return len(found)


async def _beat(door: Door) -> int:
    async with door.store.snapshot() as store:
        return next(seen.beat for seen in await store.nodes.alive() if seen.node_id == door.node.id)


async def _hold(door: Door) -> None:
    async with door.store.transaction() as store:
        await door.node.hold(store)


@pytest.mark.parametrize(("over_s", "is_ready"), [(-0.001, True), (0.0, True), (0.001, False)])
async def test_ping(rig: Rig, over_s: float, is_ready: bool) -> None:
    """A process that could not beat for too long says that it is not ready, until it can."""
    clock = SteeredClock()
    made = Node(rig.one.store, clock, "third")
    await made.begin()
    clock.s += SILENT_SECONDS_MAX + over_s
    if is_ready:
        await made.ping()
        return
    with pytest.raises(StoreUnavailableError):
        await made.ping()
    await made.beat()
    await made.ping()


async def test_leave(rig: Rig) -> None:
    """A process that ends says so, once; what it still held goes offline."""
    await rig.one.device()
    await rig.one.node.leave()
    await rig.one.node.leave()
    watch = NodeWatch(rig.one.store, rig.one.clock)
    assert [await watch.clear() for _ in range(3)] == [True, True, False]
    assert await rig.one.status() is DeviceStatus.OFFLINE
