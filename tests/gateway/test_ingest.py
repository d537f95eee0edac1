"""Reports of many devices share commits, and each is acknowledged after its own (I1, I17, I19, F07)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.engine.world import LINKS, NOW_MS, SteeredClock, add_devices, add_place, open_store
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.errors import ReportError, StoreConflictError, StoreFullError, StoreUnavailableError
from whimbrel.gateway import ingest as ingest_module
from whimbrel.gateway.ingest import BATCH_REPORTS_MAX, DOORS_PER_TURN, TRIES_MAX, Ingest, Item
from whimbrel.gateway.node import Node
from whimbrel.ports.store import Store, Transaction
from whimbrel.reports.declaration import Outcome, ReportContext

Apply = Callable[[ReportContext], Awaitable[Outcome]]


class WatchedStore:
    """Port `Store`: the store it is given, which counts transactions and fails when told to."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.transactions = 0
        self.error: Exception | None = None
        self.conflicts = 0

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        self.transactions += 1
        if self.error is not None:
            raise self.error
        if self.conflicts:
            self.conflicts -= 1
            raise StoreConflictError("another process was in the way")
        return self._store.transaction()

    def snapshot(self) -> AbstractAsyncContextManager[Transaction]:
        return self._store.snapshot()


class Sink:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.done_ids: list[int | None] = []
        self.failures = 0

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        self.done_ids.append(packet_id)

    def failed(self) -> None:
        self.failures += 1


class Rig:
    def __init__(self, store: Store, device_ids: list[int]) -> None:
        self.store = WatchedStore(store)
        self.device_ids = device_ids
        self.wakeup = InProcessWakeup()
        self.ingest = Ingest(self.store, SteeredClock(), self.wakeup, LINKS)  # type: ignore[arg-type]
        self.sink = Sink()

    def submit(self, apply: Apply, packet_id: int | None = None, device: int = 0) -> None:
        self.ingest.submit(Item("test", self.device_ids[device], apply, self.sink, packet_id))

    async def versions(self) -> list[str | None]:
        async with self.store.snapshot() as snapshot:
            return [await snapshot.module_versions.get(device_id, "default") for device_id in self.device_ids]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    store = open_store(tmp_path)
    place = await add_place(store)
    yield Rig(store, await add_devices(store, place, 3))
    await store.close()


def put(version: str, error: Exception | None = None) -> Apply:
    """A report that stores a version, and then fails if told to."""

    async def apply(context: ReportContext) -> Outcome:
        await context.store.module_versions.put(context.device_id, "default", version, NOW_MS)
        if error is not None:
            raise error
        return Outcome()

    return apply


async def test_I1_done_after_the_commit(rig: Rig) -> None:
    """When a report is said to be done, a reader of the store sees its effect."""
    seen: list[list[str | None]] = []

    class Reader(Sink):
        def done(self, packet_id: int | None, outcome: Outcome) -> None:
            reading = rig.versions()
            with pytest.raises(StopIteration) as answer:
                reading.send(None)
            seen.append(answer.value.value)

    rig.sink = Reader()
    rig.submit(put("1"))
    await rig.ingest.drain()
    assert seen == [["1", None, None]]


@pytest.mark.parametrize("count", [1, BATCH_REPORTS_MAX - 1, BATCH_REPORTS_MAX, BATCH_REPORTS_MAX + 1])
async def test_reports_share_transactions(rig: Rig, count: int) -> None:
    """Reports that wait together share transactions of a bounded size, and all are done in the order they came."""
    for number in range(count):
        rig.submit(put(str(number)), number, device=number % 3)
    await rig.ingest.drain()
    assert rig.store.transactions == -(-count // BATCH_REPORTS_MAX)
    assert rig.sink.done_ids == list(range(count))
    assert max(int(version) for version in await rig.versions() if version is not None) == count - 1


async def test_one_device_keeps_its_order(rig: Rig) -> None:
    """The last of a device's reports is the one that stays, over any number of batches."""
    for number in range(2 * BATCH_REPORTS_MAX + 7):
        rig.submit(put(str(number)), number)
    await rig.ingest.drain()
    assert (await rig.versions())[0] == str(2 * BATCH_REPORTS_MAX + 6)


async def test_a_refused_report_is_done_without_effect(rig: Rig) -> None:
    """A report that is not of the protocol's form is acknowledged, so that the device does not repeat it for ever."""

    async def refuse(context: ReportContext) -> Outcome:
        raise ReportError("the test says so")

    rig.submit(refuse, 1)
    rig.submit(put("1"), 2, device=1)
    await rig.ingest.drain()
    assert (rig.sink.done_ids, rig.sink.failures) == ([1, 2], 0)
    assert await rig.versions() == [None, "1", None]


@pytest.mark.parametrize(("conflicts", "done"), [(1, 1), (TRIES_MAX - 1, 1), (TRIES_MAX, 0)])
async def test_a_conflict_is_tried_again(conflicts: int, done: int, rig: Rig) -> None:
    """Reports that stood in another process's way are taken in again, a few times; then their sessions end."""
    rig.store.conflicts = conflicts
    rig.submit(put("1"), 1)
    await rig.ingest.drain()
    assert (len(rig.sink.done_ids), rig.sink.failures) == (done, 1 - done)
    assert (await rig.versions())[0] == ("1" if done else None)


async def test_a_fault_of_ours_fails_its_own_report(rig: Rig) -> None:
    """A report that raises what it must not is undone and not acknowledged; all others of its batch are taken."""
    rig.submit(put("1"), 1, device=0)
    rig.submit(put("2", ZeroDivisionError()), 2, device=1)
    rig.submit(put("3"), 3, device=2)
    await rig.ingest.drain()
    assert (rig.sink.done_ids, rig.sink.failures) == ([1, 3], 1)
    assert await rig.versions() == ["1", None, "3"]


@pytest.mark.parametrize("error", [StoreUnavailableError(), StoreFullError()])
async def test_I19_a_store_that_fails(rig: Rig, error: Exception) -> None:
    """While the store fails nothing is acknowledged; when the fault ends reports are taken again."""
    rig.store.error = error
    for number in range(5):
        rig.submit(put("lost"), number)
    await rig.ingest.drain()
    assert (rig.sink.done_ids, rig.sink.failures) == ([], 5)
    rig.store.error = None
    rig.submit(put("1"), 9)
    await rig.ingest.drain()
    assert rig.sink.done_ids == [9]
    assert (await rig.versions())[0] == "1"


async def test_I18_nothing_is_taken_in_after_the_life(rig: Rig) -> None:
    """A process that was taken for dead writes nothing and acknowledges nothing; in its next life it does again."""
    node = Node(rig.store, SteeredClock(), "one")  # type: ignore[arg-type]
    rig.ingest = Ingest(rig.store, SteeredClock(), rig.wakeup, LINKS, node)  # type: ignore[arg-type]
    await node.begin()
    rig.submit(put("1"), 1)
    await rig.ingest.drain()
    async with rig.store.transaction() as store:
        [seen] = await store.nodes.alive()
        assert await store.nodes.end(seen)
    rig.submit(put("2"), 2)
    await rig.ingest.drain()
    assert (rig.sink.done_ids, rig.sink.failures, (await rig.versions())[0]) == ([1], 1, "1")
    assert not await node.beat()
    assert await node.beat()
    rig.submit(put("3"), 3)
    await rig.ingest.drain()
    assert (rig.sink.done_ids, (await rig.versions())[0]) == ([1, 3], "3")


async def test_a_sink_that_fails_stops_nobody(rig: Rig) -> None:
    """A session that cannot take its outcome does not end the ingest: later reports of others are taken."""

    class Broken(Sink):
        def done(self, packet_id: int | None, outcome: Outcome) -> None:
            raise RuntimeError("the socket is gone")

    whole, rig.sink = rig.sink, Broken()
    running = asyncio.create_task(rig.ingest.run())
    rig.submit(put("1"))
    rig.sink = whole
    rig.submit(put("2"), 2, device=1)
    rig.ingest.submit(Item("test", rig.device_ids[2], put("3"), whole, 3))
    for _ in range(1_000):
        if running.done() or len(whole.done_ids) == 2:
            break
        await asyncio.sleep(0.002)
    is_alive = not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert is_alive
    assert whole.done_ids == [2, 3]


async def test_run_takes_what_comes(rig: Rig) -> None:
    """The running ingest takes reports as they come and wakes the engine."""
    running = asyncio.create_task(rig.ingest.run())
    for number in range(3):
        rig.submit(put(str(number)), number)
        assert await rig.wakeup.wait(10)
    running.cancel()
    await asyncio.wait([running])
    assert rig.sink.done_ids == [0, 1, 2]


async def test_I1_a_drain_waits_for_the_batch_under_way(rig: Rig) -> None:
    """Who drains at a stop, and then cancels what runs, cuts off nothing that was being taken in."""
    is_begun, may_go_on = asyncio.Event(), asyncio.Event()

    async def slow(context: ReportContext) -> Outcome:
        is_begun.set()
        await may_go_on.wait()
        return await put("1")(context)

    running = asyncio.create_task(rig.ingest.run())
    rig.submit(slow, 1)
    await is_begun.wait()
    draining = asyncio.create_task(rig.ingest.drain())
    await asyncio.sleep(0)
    is_early = draining.done()
    may_go_on.set()
    await draining
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not is_early
    assert (rig.sink.done_ids, (await rig.versions())[0]) == ([1], "1")


@pytest.mark.parametrize(("waiting", "is_full"), [(9, False), (10, True), (11, True)])
async def test_I17_is_full(rig: Rig, monkeypatch: pytest.MonkeyPatch, waiting: int, is_full: bool) -> None:
    """The ingest says when too much waits, and when it does not any more."""
    monkeypatch.setattr(ingest_module, "WAITING_REPORTS_MAX", 10)
    for number in range(waiting):
        rig.submit(put(str(number)))
    assert rig.ingest.is_full is is_full
    await rig.ingest.drain()
    assert not rig.ingest.is_full


async def test_F20_doors_that_waited_go_on_in_turns(rig: Rig) -> None:
    """When thousands of doors are read again, in the order of their asking, other work gets its turn in between."""
    gone_on: list[int] = []
    seen: set[int] = set()

    async def look() -> None:
        while True:
            seen.add(len(gone_on))
            await asyncio.sleep(0)

    for number in range(3 * DOORS_PER_TURN):
        rig.ingest.when_roomy(partial(gone_on.append, number))
    rig.submit(put("1"))
    looking = asyncio.create_task(look())
    await rig.ingest.drain()
    looking.cancel()
    assert gone_on == list(range(3 * DOORS_PER_TURN))
    assert seen >= {DOORS_PER_TURN, 2 * DOORS_PER_TURN}


async def test_I19_a_door_that_cannot_go_on_stops_no_other(rig: Rig) -> None:
    """What goes wrong with one that waited for room ends neither the ingest nor the waiting of the others."""
    gone_on: list[str] = []
    rig.ingest.when_roomy(lambda: gone_on.append("before"))
    rig.ingest.when_roomy({}.popitem)
    rig.ingest.when_roomy(lambda: gone_on.append("after"))
    rig.submit(put("1"), 1)
    await rig.ingest.drain()
    assert (gone_on, rig.sink.done_ids) == (["before", "after"], [1])


async def test_I19_a_second_look_that_fails_is_taken_later(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports that were committed are acknowledged, though the store cannot be asked again; it is asked soon after."""
    looks: list[tuple[set[int], set[int]]] = []
    looked_again = asyncio.Event()

    async def look(store: object, came: set[int], reported: set[int], told: set[int]) -> None:
        looks.append((set(came), set(reported)))
        if len(looks) == 1:
            raise StoreUnavailableError("the test says so")
        looked_again.set()

    monkeypatch.setattr(ingest_module, "look_again", look)
    monkeypatch.setattr(ingest_module, "LOOK_RETRY_SECONDS", 0.001)
    running = asyncio.create_task(rig.ingest.run())
    rig.ingest.submit(Item("connected", rig.device_ids[0], put("1"), rig.sink, 7))
    await asyncio.wait_for(looked_again.wait(), 10)
    running.cancel()
    await asyncio.wait([running])
    assert (rig.sink.done_ids, rig.sink.failures) == ([7], 0)
    assert looks == [({rig.device_ids[0]}, {rig.device_ids[0]})] * 2
