"""The lease of the engine is watched by monotonic clocks, taken over once, and given back (I18, I19, F16, F17, F22)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import SteeredClock, add_place, device_draft, open_store
from whimbrel.adapters.store.postgresql_connection import IDLE_IN_TRANSACTION_SECONDS_MAX
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.engine.fenced_store import FencedStore
from whimbrel.engine.lease import BEAT_SECONDS, GAP_SECONDS, LEASE_SECONDS, LOOK_SECONDS, Lease, Term
from whimbrel.engine.node_watch import LEASE_SECONDS as NODE_LEASE_SECONDS
from whimbrel.engine.pace_window import WINDOW_SECONDS
from whimbrel.errors import LeaseLostError


class Rig:
    """Two processes on one store, each with a clock of its own."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.clock, self.other_clock = SteeredClock(), SteeredClock()
        self.one = Lease(store, self.clock, "one")
        self.other = Lease(store, self.other_clock, "other")

    async def led_by_one(self) -> Term:
        term = await self.one.look()
        assert term is not None
        return term

    async def stand_by(self, seconds: float, beating: Term | None = None) -> Term | None:
        """The other looks as often as its loop does, while the leader beats; the term it got, if any."""
        until_s = self.other_clock.s + seconds
        term = await self.other.look()
        while term is None and self.other_clock.s < until_s:
            self.other_clock.pass_ms(round(1000 * min(LOOK_SECONDS, until_s - self.other_clock.s)))
            if beating is not None:
                await self.one.beat(beating)
            term = await self.other.look()
        return term


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    store = open_store(tmp_path)
    yield Rig(store)
    await store.close()


async def test_the_first_leads_at_once(rig: Rig) -> None:
    """Nobody is waited for who never was."""
    term = await rig.led_by_one()
    assert (term.token, await rig.other.look()) == (1, None)


@pytest.mark.parametrize(("seconds", "is_taken"), [(-1, False), (0, True), (1, True)])
async def test_I19_a_silent_leader(rig: Rig, seconds: int, is_taken: bool) -> None:
    """It is followed when it has not beaten for the lease, and not before."""
    await rig.led_by_one()
    term = await rig.stand_by(LEASE_SECONDS + seconds)
    assert (term.token if term else None) == (2 if is_taken else None)


async def test_I18_a_leader_that_beats(rig: Rig) -> None:
    """It is followed by nobody, and one beat within the lease is enough."""
    term = await rig.led_by_one()
    assert await rig.stand_by(10 * LEASE_SECONDS, term) is None
    assert await rig.stand_by(LEASE_SECONDS - 1) is None
    await rig.one.beat(term)
    assert await rig.stand_by(LEASE_SECONDS - 1) is None
    assert not term.lost.is_set()


@pytest.mark.parametrize(("over_s", "is_taken"), [(0.0, True), (0.1, False)])
async def test_F09_one_who_was_away_has_seen_nothing(rig: Rig, over_s: float, is_taken: bool) -> None:
    """A process that stood still, or could not reach the database, gives the leader the time to beat."""
    await rig.led_by_one()
    assert await rig.stand_by(LEASE_SECONDS - 1) is None
    rig.other_clock.pass_ms(round(1000 * (GAP_SECONDS + over_s)))
    assert (await rig.other.look() is not None) is is_taken
    assert is_taken or await rig.stand_by(LEASE_SECONDS) is not None


async def test_F17_clocks_that_are_set(rig: Rig) -> None:
    """The wall clock, set by any time in any direction, makes nobody lead."""
    await rig.led_by_one()
    assert await rig.other.look() is None
    for days in (10, -20):
        rig.other_clock.ms += days * 86_400_000
        assert await rig.other.look() is None
    assert await rig.stand_by(LEASE_SECONDS - 1) is None


async def test_given_back(rig: Rig) -> None:
    """Another leads at its next look."""
    await rig.one.give_back(await rig.led_by_one())
    assert await rig.other.look() is not None


async def test_F08_a_commit_whose_end_was_not_seen(rig: Rig) -> None:
    """A process that leads without having heard of it takes the lease once more, at once; the first token is lost."""
    term = await rig.led_by_one()
    again = await rig.one.look()
    assert again is not None
    await rig.one.beat(term)
    assert (again.token, term.lost.is_set(), again.lost.is_set()) == (2, True, False)


async def test_I18_the_old_leader_writes_nothing(rig: Rig) -> None:
    """From the takeover on each of its transactions fails, and it knows; what it only reads it may read."""
    place = await add_place(rig.store)
    term = await rig.led_by_one()
    fenced = FencedStore(rig.store, term)
    async with fenced.transaction() as store:
        await store.devices.add(device_draft(place, "in-time"))
    following = await rig.stand_by(LEASE_SECONDS)
    assert following is not None

    async def write() -> None:
        async with fenced.transaction() as store:
            await store.devices.add(device_draft(place, "too-late"))

    for _ in range(2):
        with pytest.raises(LeaseLostError):
            await write()
    assert term.lost.is_set()
    async with fenced.snapshot() as store:
        assert await store.devices.by_name(place.account_id, place.product_key, "too-late") is None
        assert await store.devices.by_name(place.account_id, place.product_key, "in-time") is not None
    async with FencedStore(rig.store, following).transaction() as store:
        await store.devices.add(device_draft(place, "of-the-next"))


async def test_I18_who_lost_it_gives_nothing_back(rig: Rig) -> None:
    """Its goodbye, said late, does not end the next one's term."""
    term = await rig.led_by_one()
    following = await rig.stand_by(LEASE_SECONDS)
    assert following is not None
    await rig.one.give_back(term)
    await rig.other.beat(following)
    assert not following.lost.is_set()


@pytest.mark.parametrize(("over_s", "is_sure"), [(-0.001, True), (0.0, False), (0.001, False)])
async def test_who_says_that_it_leads(rig: Rig, over_s: float, is_sure: bool) -> None:
    """A leader that could not beat for the lease does not say so any more; one that beats does."""
    term = await rig.led_by_one()
    rig.clock.s += LEASE_SECONDS + over_s
    assert rig.one.is_sure(term) is is_sure
    await rig.one.beat(term)
    assert rig.one.is_sure(term)
    term.lost.set()
    assert not rig.one.is_sure(term)


def test_F17_the_times_fit() -> None:
    """Beats may be lost; who stands still in a transaction is ended by the database first; and nobody's devices go
    offline because the leader has changed."""
    assert LEASE_SECONDS >= 5 * BEAT_SECONDS
    assert LOOK_SECONDS < BEAT_SECONDS < GAP_SECONDS < LEASE_SECONDS
    assert IDLE_IN_TRANSACTION_SECONDS_MAX <= LEASE_SECONDS < NODE_LEASE_SECONDS < WINDOW_SECONDS
