"""One of several processes leads, begins anew with each term, and stands by when it lost (I18, I19, F22)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import SteeredClock, open_store
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.engine import leading as module
from whimbrel.engine.fenced_store import FencedStore
from whimbrel.engine.leading import Leading
from whimbrel.engine.lease import LEASE_SECONDS, Lease, Term
from whimbrel.errors import StoreUnavailableError

LONG_S = 30.0


class Process:
    """A process with the engine, whose work writes again and again."""

    def __init__(self, store: SqliteStore, name: str) -> None:
        self.store = store
        self.clock = SteeredClock()
        self.leading = Leading(Lease(store, self.clock, name), self._work)
        self.terms: list[Term] = []
        self.working = 0
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.running = asyncio.create_task(self.leading.run())

    def _work(self, term: Term) -> list[Coroutine[Any, Any, None]]:
        self.terms.append(term)
        return [self._write(FencedStore(self.store, term)), self._write(FencedStore(self.store, term))]

    async def _write(self, store: FencedStore) -> None:
        self.working += 1
        try:
            while True:
                await self.may_write.wait()
                try:
                    async with store.transaction() as transaction:
                        await transaction.leases.seen()
                except StoreUnavailableError:
                    pass  # as the loops of the engine do
                await asyncio.sleep(0)
        finally:
            self.working -= 1

    async def end(self) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)


@pytest.fixture
async def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqliteStore]:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.005)
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.005)
    opened = open_store(tmp_path)
    yield opened
    await opened.close()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG_S):
        while not is_so():  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.002)


async def test_one_leads_and_gives_back(store: SqliteStore) -> None:
    """The others do nothing; when the leader ends in good order another leads, and nobody waited for a lease."""
    one = Process(store, "one")
    await until(one.leading.leads)
    other = Process(store, "other")
    await asyncio.sleep(0.05)
    assert (one.working, other.terms, other.leading.leads()) == (2, [], False)
    await one.end()
    assert (one.working, one.leading.leads()) == (0, False)
    await until(other.leading.leads)
    await other.end()


@pytest.mark.parametrize("learns_by", ["beat", "write"])
async def test_I18_a_leader_that_stood_still(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, learns_by: str
) -> None:
    """Whether it beats or writes first, it learns that it lost, ends its work, stands by, and later begins anew."""
    one = Process(store, "one")
    await until(one.leading.leads)
    if learns_by == "beat":
        one.may_write.clear()
    else:
        monkeypatch.setattr(module, "BEAT_SECONDS", LONG_S)
        await asyncio.sleep(0.02)
    async with store.transaction() as transaction:
        assert await transaction.leases.take(await transaction.leases.seen(), "other") == 2
    await until(lambda: one.working == 0)
    assert one.terms[0].lost.is_set()
    assert not one.leading.leads()
    async with store.transaction() as transaction:
        assert await transaction.leases.give_back(2)
    await until(one.leading.leads)
    assert [term.token for term in one.terms] == [1, 4]
    await one.end()


async def test_I19_a_leader_that_is_gone(store: SqliteStore) -> None:
    """Who stands by follows a leader that does not beat any more."""
    async with store.transaction() as transaction:
        await transaction.leases.take(await transaction.leases.seen(), "gone")
    one = Process(store, "one")
    await asyncio.sleep(0.02)
    for _ in range(int(LEASE_SECONDS)):
        one.clock.pass_ms(1_000)
        await asyncio.sleep(0.02)
    await until(one.leading.leads)
    await one.end()


async def test_I19_a_fault_of_the_store(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """It delays who stands by and does not end who leads; when it is over, all is as it should be."""

    async def fail(*_: object) -> None:
        raise StoreUnavailableError("the test says so")

    with monkeypatch.context() as patch:
        patch.setattr("whimbrel.adapters.store.repositories.leases.LeaseRepository.seen", fail)
        one = Process(store, "one")
        await asyncio.sleep(0.03)
        assert not one.leading.leads()
    await until(one.leading.leads)
    with monkeypatch.context() as patch:
        patch.setattr("whimbrel.adapters.store.repositories.leases.LeaseRepository.beat", fail)
        await asyncio.sleep(0.03)
        assert one.leading.leads()
        patch.setattr("whimbrel.adapters.store.repositories.leases.LeaseRepository.give_back", fail)
        await one.end()
    assert one.running.cancelled()


@pytest.mark.parametrize("way", ["fails", "returns"])
async def test_a_part_that_ends_by_itself(store: SqliteStore, way: str) -> None:
    """It ends the process, as any part of the server does, and another may lead at once."""

    async def end() -> None:
        if way == "fails":
            raise ZeroDivisionError

    async def go_on() -> None:
        await asyncio.Event().wait()

    leading = Leading(Lease(store, SteeredClock(), "one"), lambda term: [end(), go_on()])
    with pytest.raises(ZeroDivisionError if way == "fails" else AssertionError):
        await leading.run()
    other = Process(store, "other")
    await until(other.leading.leads)
    await other.end()
