"""Contract of Store: the lease of the engine, and that it fences whoever lost it (I18)."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.store_cases_rig import Rig
from tests.contract.store_cases_together import LONG_S, Two, until_somebody_waits
from tests.engine.world import add_devices, add_place
from whimbrel.errors import StoreUnavailableError
from whimbrel.ports.store import LeaseBeat, Store

ONE, OTHER = "one", "other"


async def seen(store: Store) -> LeaseBeat:
    async with store.snapshot() as snapshot:
        return await snapshot.leases.seen()


async def take(store: Store, by: str, as_seen: LeaseBeat | None = None) -> int | None:
    async with store.transaction() as transaction:
        return await transaction.leases.take(as_seen or await transaction.leases.seen(), by)


async def beat(store: Store, token: int) -> bool:
    async with store.transaction() as transaction:
        return await transaction.leases.beat(token)


async def holds(store: Store, token: int) -> bool:
    async with store.transaction() as transaction:
        return await transaction.leases.hold(token)


class TestEngineLease:
    async def test_I18_tokens_only_grow(self, rig: Rig) -> None:
        """Each leader has a larger token than the one before, and the token of the one before holds nothing."""
        assert await seen(rig.store) == LeaseBeat("", 0, 0)
        assert not await holds(rig.store, 0)
        assert [await take(rig.store, holder) for holder in (ONE, OTHER, ONE)] == [1, 2, 3]
        assert [await holds(rig.store, token) for token in (0, 1, 2, 3, 4)] == [False, False, False, True, False]
        assert [await beat(rig.store, token) for token in (2, 3, 3, 4)] == [False, True, True, False]
        assert await seen(rig.store) == LeaseBeat(ONE, 3, 2)

    async def test_I18_only_a_silent_leader_is_followed(self, rig: Rig) -> None:
        """Who has beaten since it was seen, or has been followed already, is not followed."""
        assert await take(rig.store, ONE) == 1
        first = await seen(rig.store)
        await beat(rig.store, 1)
        assert await take(rig.store, OTHER, first) is None
        second = await seen(rig.store)
        assert [await take(rig.store, OTHER, second), await take(rig.store, OTHER, second)] == [2, None]
        assert await seen(rig.store) == LeaseBeat(OTHER, 2, 0)

    async def test_given_back(self, rig: Rig) -> None:
        """Nobody holds it then, the one who gave it back no more either; who lost it has nothing to give back."""
        await take(rig.store, ONE)
        async with rig.store.transaction() as store:
            assert [await store.leases.give_back(token) for token in (0, 1, 1)] == [False, True, False]
        assert (await seen(rig.store)).holder == ""
        assert [await holds(rig.store, 1), await beat(rig.store, 1)] == [False, False]
        token = await take(rig.store, OTHER)
        assert token is not None
        assert token > 1

    async def test_what_is_undone_leads_nobody(self, rig: Rig) -> None:
        """A transaction that is undone takes nothing over."""
        await take(rig.store, ONE)

        async def take_in_vain() -> None:
            async with rig.store.transaction() as store:
                assert await store.leases.take(await store.leases.seen(), OTHER) == 2
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await take_in_vain()
        assert await holds(rig.store, 1)


class TestLeasesTogether:
    async def test_I18_a_takeover_waits_for_what_is_under_way(self, two: Two, database: str) -> None:
        """What began under the old token is committed before the takeover is; what begins later has lost."""
        place = await add_place(two[0])
        assert await take(two[0], ONE) == 1
        async with asyncio.timeout(LONG_S):
            async with two[0].transaction() as store:
                assert await store.leases.hold(1)
                taking = asyncio.create_task(take(two[1], OTHER))
                await until_somebody_waits(database)
                await add_devices_in(store, place.product_id)
                assert not taking.done()
            assert await taking == 2
        assert not await holds(two[0], 1)
        await add_devices(two[1], place, 1)

    async def test_I18_who_comes_during_a_takeover_has_lost(self, two: Two, database: str) -> None:
        """A transaction that looks at its token while another takes over waits, and then finds it worth nothing."""
        await take(two[0], ONE)
        async with asyncio.timeout(LONG_S):
            async with two[1].transaction() as store:
                assert await store.leases.take(await store.leases.seen(), OTHER) == 2
                late = asyncio.create_task(holds(two[0], 1))
                await until_somebody_waits(database)
                assert not late.done()
            assert not await late

    async def test_beats_wait_for_nobody(self, two: Two) -> None:
        """A leader beats while its own transactions are under way, however long they take."""
        await take(two[0], ONE)
        async with asyncio.timeout(LONG_S), two[0].transaction() as store:
            assert await store.leases.hold(1)
            assert await beat(two[1], 1)

    @pytest.mark.parametrize("has_leader", [False, True])
    async def test_I18_one_of_many_takes_over(self, two: Two, has_leader: bool) -> None:
        """Of many that take over what they saw at the same time, one leads."""
        if has_leader:
            await take(two[0], "gone")
        as_seen = await seen(two[0])

        async def race(number: int) -> int | None:
            try:
                return await take(two[number % 2], f"racer {number}", as_seen)
            except StoreUnavailableError:
                return None

        tokens = await asyncio.gather(*(race(number) for number in range(12)))
        assert [token for token in tokens if token is not None] == [as_seen.token + 1]


async def add_devices_in(store: object, product_id: int) -> None:
    """Something that a leader does."""
    await store.devices.largest_id(product_id)  # type: ignore[attr-defined]
