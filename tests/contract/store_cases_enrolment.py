"""Contract of Store: devices that make themselves, and what registration remembers (I6, I17, A15, A16)."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import NOW_MS, Place, add_devices, add_place, device_draft, presence, secret_of
from whimbrel.domain.enrolment import DynamicRegistration, EnrolledDevice, EnrolmentPolicy
from whimbrel.domain.product import Product
from whimbrel.errors import DeviceNameTakenError, EnrolmentFullError, StoreConflictError
from whimbrel.ports.store import DeviceToken, LoginClaim, Store

OPEN = EnrolmentPolicy(DynamicRegistration.ANY_NAME, plug_and_play=True, self_made_max=3)


async def allow(store: Store, place: Place, policy: EnrolmentPolicy = OPEN) -> None:
    async with store.transaction() as transaction:
        await transaction.enrolment.set_policy(place.product_id, policy)


async def policy_of(store: Store, place: Place) -> EnrolmentPolicy:
    async with store.snapshot() as snapshot:
        return await snapshot.enrolment.policy(place.product_id)


async def make(store: Store, place: Place, number: int) -> int:
    async with store.transaction() as transaction:
        return await transaction.enrolment.make_device(device_draft(place, f"dev-{number:04d}"))


async def found(store: Store, place: Place, name: str = "dev-0000") -> EnrolledDevice:
    async with store.snapshot() as snapshot:
        device = await snapshot.enrolment.device(place.product_id, name)
    assert device is not None
    return device


async def product_of(store: Store, place: Place) -> Product:
    async with store.snapshot() as snapshot:
        product = await snapshot.products.by_key(place.account_id, place.product_key)
    assert product is not None
    return product


class TestEnrolment:
    async def test_everything_is_off_at_first(self, rig: Rig) -> None:
        """A new product lets nobody make or fetch anything (A15)."""
        place = await add_place(rig.store)
        assert await policy_of(rig.store, place) == EnrolmentPolicy()
        with pytest.raises(EnrolmentFullError):
            await make(rig.store, place, 0)

    async def test_I17_quota(self, rig: Rig) -> None:
        """As many make themselves as may, not one more, and a refused one leaves nothing; more room lets more in."""
        place = await add_place(rig.store)
        await allow(rig.store, place)
        for number in range(3):
            await make(rig.store, place, number)
        async with rig.store.transaction() as store:
            with pytest.raises(EnrolmentFullError):
                await store.enrolment.make_device(device_draft(place, "dev-0003"))
            assert await store.devices.by_name(place.account_id, place.product_key, "dev-0003") is None
        assert await policy_of(rig.store, place) == OPEN._replace(self_made=3)
        await allow(rig.store, place, OPEN._replace(self_made_max=4))
        await make(rig.store, place, 3)
        assert (await product_of(rig.store, place)).device_count == 4

    async def test_a_lower_quota_takes_nothing_away(self, rig: Rig) -> None:
        """Those who came stay; nobody else comes."""
        place = await add_place(rig.store)
        await allow(rig.store, place)
        await make(rig.store, place, 0)
        await allow(rig.store, place, OPEN._replace(self_made_max=0))
        with pytest.raises(EnrolmentFullError):
            await make(rig.store, place, 1)
        assert (await policy_of(rig.store, place)).self_made == 1

    async def test_I17_deleting_gives_no_room(self, rig: Rig) -> None:
        """The quota counts who made themselves, not who is still there."""
        place = await add_place(rig.store)
        await allow(rig.store, place, OPEN._replace(self_made_max=1))
        await make(rig.store, place, 0)
        async with rig.store.transaction() as store:
            device = await store.devices.by_name(place.account_id, place.product_key, "dev-0000")
            assert device is not None
            await store.device_changes.delete(device, NOW_MS)
        with pytest.raises(EnrolmentFullError):
            await make(rig.store, place, 1)

    async def test_a_taken_name_uses_no_quota(self, rig: Rig) -> None:
        """The transaction may go on after the refusal, and the count is as before."""
        place = await add_place(rig.store)
        await allow(rig.store, place)
        await make(rig.store, place, 0)
        async with rig.store.transaction() as store:
            with pytest.raises(DeviceNameTakenError):
                await store.enrolment.make_device(device_draft(place, "dev-0000"))
            await store.enrolment.make_device(device_draft(place, "dev-0001"))
        assert (await policy_of(rig.store, place)).self_made == 2

    async def test_I6_many_at_once(self, rig: Rig) -> None:
        """Of 20 that come at once as many are made as may."""
        place = await add_place(rig.store)
        await allow(rig.store, place, OPEN._replace(self_made_max=7))
        results = await asyncio.gather(
            *[make(rig.store, place, number) for number in range(20)], return_exceptions=True
        )
        assert sum(isinstance(result, int) for result in results) == 7
        assert all(isinstance(result, int | EnrolmentFullError) for result in results), results
        assert (await policy_of(rig.store, place)).self_made == 7
        assert (await product_of(rig.store, place)).device_count == 7

    async def test_a_product_by_its_key(self, rig: Rig) -> None:
        """With its secret and its switches; an unknown one is none."""
        place = await add_place(rig.store)
        await allow(rig.store, place)
        async with rig.store.snapshot() as store:
            product = await store.enrolment.product(place.product_key)
            assert product is not None
            assert product == (place.product_id, place.account_id, "s" * 16, OPEN)
            assert await store.enrolment.product("nobody") is None

    async def test_A16_a_proof_works_once(self, rig: Rig) -> None:
        """The same digest is used once in a product, and it belongs to that product alone."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        async with rig.store.transaction() as store:
            assert await store.enrolment.use_proof(place.product_id, b"proof", NOW_MS)
            assert not await store.enrolment.use_proof(place.product_id, b"proof", NOW_MS)
            assert await store.enrolment.use_proof(other.product_id, b"proof", NOW_MS)
        await rig.reopen()
        async with rig.store.transaction() as store:
            assert not await store.enrolment.use_proof(place.product_id, b"proof", NOW_MS + 1)

    async def test_the_first_answer_sets_the_time(self, rig: Rig) -> None:
        """Asking again is counted and does not move the window; a reset begins anew and reopens."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 1)
        for number in range(2):
            device = await found(rig.store, place)
            async with rig.store.transaction() as store:
                await store.enrolment.enrolled(device, None, NOW_MS + number)
        device = await found(rig.store, place)
        assert (device.enrolled_ms, device.enrolments, device.device_secret) == (NOW_MS, 2, secret_of("dev-0000"))
        await reset(rig.store, place)
        device = await found(rig.store, place)
        assert (device.enrolled_ms, device.enrolments, device.is_reopened) == (None, 0, True)

    async def test_reset_of_one_that_never_registered(self, rig: Rig) -> None:
        """A device that works with a factory secret is reopened too; one that has done nothing is left as it is."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        await reset(rig.store, place)
        assert not (await found(rig.store, place)).is_reopened
        async with rig.store.transaction() as store:
            await store.presences.connected(presence(device_id), NOW_MS)
        await reset(rig.store, place)
        assert (await found(rig.store, place)).is_reopened

    async def test_two_answers_at_once(self, rig: Rig) -> None:
        """The second of two that saw the same device is refused, with nothing changed."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 1)
        device = await found(rig.store, place)
        async with rig.store.transaction() as store:
            await store.enrolment.enrolled(device, None, NOW_MS)
        with pytest.raises(StoreConflictError):
            async with rig.store.transaction() as store:
                await store.enrolment.enrolled(device, None, NOW_MS)
        assert (await found(rig.store, place)).enrolments == 1


class TestLogins:
    async def test_many_in_one_statement(self, rig: Rig) -> None:
        """Each claim gets its own device, in the order asked, twice if it is asked twice; unknown ones get none."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        ids = await add_devices(rig.store, place, 3)
        [other_id] = await add_devices(rig.store, other, 1)
        claims = [
            LoginClaim(place.product_key, "dev-0002"),
            LoginClaim(place.product_key, "nobody"),
            LoginClaim(other.product_key, "dev-0000"),
            LoginClaim("k" * 30, "n" * 32),
            LoginClaim(place.product_key, "dev-0000"),
            LoginClaim(place.product_key, "dev-0002"),
        ]
        async with rig.store.snapshot() as store:
            logins = await store.device_logins.many(claims)
            assert await store.device_logins.many([]) == []
        assert [login and login.device_id for login in logins] == [ids[2], None, other_id, None, ids[0], ids[2]]
        assert logins[0] is not None
        assert (logins[0].device_secret, logins[0].is_disabled, logins[0].token) == (secret_of("dev-0002"), False, None)

    async def test_deleted_and_disabled(self, rig: Rig) -> None:
        """A deleted device is none, also by the name it was left; a disabled one is told apart."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2)
        async with rig.store.transaction() as store:
            for number, change in enumerate((store.device_changes.delete, store.device_changes.disable)):
                device = await store.devices.by_name(place.account_id, place.product_key, f"dev-{number:04d}")
                assert device is not None
                await change(device, NOW_MS)
        names = ["dev-0000", f"dev-0000~{ids[0]}", "dev-0001"]
        async with rig.store.snapshot() as store:
            logins = await store.device_logins.many([LoginClaim(place.product_key, name) for name in names])
        assert [login and login.is_disabled for login in logins] == [None, None, True]

    async def test_A15_a_token_is_a_digest(self, rig: Rig) -> None:
        """A token's digest and client id come with the login; a newer one replaces it; no other device has it."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 2)
        for token in (DeviceToken(b"1" * 32, "first"), DeviceToken(b"2" * 32, "second")):
            device = await found(rig.store, place)
            async with rig.store.transaction() as store:
                await store.enrolment.enrolled(device, token, NOW_MS)
        async with rig.store.snapshot() as store:
            logins = await store.device_logins.many(
                [LoginClaim(place.product_key, name) for name in ("dev-0000", "dev-0001")]
            )
        assert [login and login.token for login in logins] == [DeviceToken(b"2" * 32, "second"), None]


async def reset(store: Store, place: Place) -> None:
    async with store.transaction() as transaction:
        device = await transaction.devices.by_name(place.account_id, place.product_key, "dev-0000")
        assert device is not None
        await transaction.device_changes.reset_enrolment(device, NOW_MS)
