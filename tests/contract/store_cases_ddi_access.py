"""Contract of Store: how DDI devices are set up and recognised (A15, I15)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import NOW_MS, Place, add_devices, add_job, add_place, device_draft, fill, tasks_of
from whimbrel.adapters.store.repositories.ddi_access import PLACES_PER_STATEMENT
from whimbrel.domain.ddi_access import DdiSettings, gateway_token_digest, target_token_digest
from whimbrel.domain.ddi_action import ActionState
from whimbrel.domain.ddi_claim import Standing
from whimbrel.domain.ddi_feedback import Message
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.enrolment import EnrolmentPolicy
from whimbrel.domain.paging import Page
from whimbrel.ports.store import ActionEntry, DdiPlace, Store

SETTINGS = DdiSettings(60, False, ("ab:cd", "ef"), "sw_version", is_default=True)
NOBODYS = "0" * 64


async def put_settings(store: Store, place: Place, settings: DdiSettings) -> None:
    async with store.transaction() as transaction:
        await transaction.ddi_access.put_settings(place.account_id, place.product_id, settings, NOW_MS)


async def put_gateway_token(store: Store, place: Place, token: str | None) -> None:
    digest = None if token is None else gateway_token_digest(token)
    async with store.transaction() as transaction:
        await transaction.ddi_access.put_gateway_token(place.account_id, place.product_id, digest, NOW_MS)


async def put_target_token(store: Store, device_id: int, name: str, token: str | None) -> None:
    digest = None if token is None else target_token_digest(name, token)
    async with store.transaction() as transaction:
        await transaction.ddi_access.put_target_token(device_id, digest)


async def settings_of(store: Store, place: Place) -> DdiSettings:
    async with store.snapshot() as snapshot:
        return await snapshot.ddi_access.settings(place.product_id)


async def defaults_of(store: Store, *digests: str) -> list[str | None]:
    async with store.snapshot() as snapshot:
        return await snapshot.ddi_access.default_products(digests)


async def standings_of(store: Store, *places: tuple[str, str]) -> list[Standing | None]:
    async with store.snapshot() as snapshot:
        return await snapshot.ddi_access.standings([DdiPlace(*place) for place in places])


def standing(place: Place, settings: DdiSettings) -> Standing:
    """What is stored of a product with these settings, and of no device."""
    authorities = frozenset(settings.authorities)
    product = Standing(
        place.product_id,
        place.account_id,
        place.product_key,
        False,
        False,
        0,
        False,
        None,
        authorities,
        "",
        None,
        None,
        None,
    )
    return product._replace(
        polling_s=settings.polling_s,
        accepts_target_tokens=settings.accepts_target_tokens,
        version_attribute=settings.version_attribute,
    )


class TestDdiAccess:
    async def test_settings(self, rig: Rig) -> None:
        """A product that was never set up has the defaults; what is put is read back, after a restart too."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        assert await settings_of(rig.store, place) == DdiSettings()
        await put_settings(rig.store, place, SETTINGS._replace(polling_s=90))
        await put_settings(rig.store, place, SETTINGS)
        await rig.reopen()
        assert await settings_of(rig.store, place) == SETTINGS
        assert await settings_of(rig.store, other) == DdiSettings()

    async def test_settings_and_gateway_token_leave_each_other_alone(self, rig: Rig) -> None:
        """Whichever of them is put first, the other stays; a removed token is gone."""
        place = await add_place(rig.store)
        await put_gateway_token(rig.store, place, "first")
        assert await settings_of(rig.store, place) == DdiSettings(has_gateway_token=True)
        await put_settings(rig.store, place, SETTINGS)
        assert await settings_of(rig.store, place) == SETTINGS._replace(has_gateway_token=True)
        await put_gateway_token(rig.store, place, "second")
        [found] = await standings_of(rig.store, (place.product_key, "dev-0000"))
        assert found is not None
        assert found.gateway_digest == gateway_token_digest("second")
        await put_gateway_token(rig.store, place, None)
        assert await settings_of(rig.store, place) == SETTINGS

    async def test_the_default_product_is_one_of_an_account(self, rig: Rig) -> None:
        """A product that becomes its account's default takes the place of another; other accounts keep theirs."""
        first, second = await add_place(rig.store, 1), await add_place(rig.store, 2)
        theirs = await add_place(rig.store, 3, "theirs")
        for place in (first, theirs, second):
            await put_settings(rig.store, place, SETTINGS)
        found = [(await settings_of(rig.store, place)).is_default for place in (first, second, theirs)]
        assert found == [False, True, True]
        await put_settings(rig.store, second, SETTINGS._replace(is_default=False))
        assert not (await settings_of(rig.store, second)).is_default
        assert await defaults_of(rig.store) == [None]

    async def test_standings(self, rig: Rig) -> None:
        """Each place in its order with product, device and tokens; None without the product, no device without one."""
        place, plain = await add_place(rig.store, 1), await add_place(rig.store, 2)
        [device_id] = await add_devices(rig.store, place, 1)
        [other_id] = await add_devices(rig.store, plain, 1)
        await put_settings(rig.store, place, SETTINGS)
        await put_target_token(rig.store, device_id, "dev-0000", "old")
        await put_target_token(rig.store, device_id, "dev-0000", "token")
        found = await standings_of(
            rig.store,
            (plain.product_key, "dev-0000"),
            ("nothing", "dev-0000"),
            (place.product_key, "dev-0001"),
            (place.product_key, "dev-0000"),
            (place.product_key, "dev-0000"),
            ("x" * 400, "dev-0000"),
            (place.product_key, "ü " * 200),
        )
        known = standing(place, SETTINGS)._replace(
            device_id=device_id, status=DeviceStatus.UNACTIVE, target_digest=target_token_digest("dev-0000", "token")
        )
        nobody = known._replace(device_id=None, status=None, target_digest=None)
        defaults = standing(plain, DdiSettings())._replace(device_id=other_id, status=DeviceStatus.UNACTIVE)
        assert found == [defaults, None, nobody, known, known, None, nobody]
        assert await standings_of(rig.store) == []
        await put_target_token(rig.store, device_id, "dev-0000", None)
        assert await standings_of(rig.store, (place.product_key, "dev-0000")) == [known._replace(target_digest=None)]

    @pytest.mark.parametrize("more", [-1, 0, 1])
    async def test_many_standings(self, rig: Rig, more: int) -> None:
        """More places than one statement asks for are asked for in pieces, and each gets its own answer."""
        place = await add_place(rig.store)
        count = PLACES_PER_STATEMENT + more
        ids = await add_devices(rig.store, place, count)
        await put_settings(rig.store, place, SETTINGS)
        for number in (0, count - 1):
            await put_target_token(rig.store, ids[number], f"dev-{number:04d}", "t")
        found = await standings_of(rig.store, *((place.product_key, f"dev-{number:04d}") for number in range(count)))
        assert [standing.device_id for standing in found if standing is not None] == ids
        digests = [target_token_digest(f"dev-{number:04d}", "t") for number in range(count)]
        products = await defaults_of(rig.store, *digests)
        wanted = [place.product_key if number in (0, count - 1) else None for number in range(count)]
        assert products == [*wanted, place.product_key]

    async def test_A15_a_deleted_device_and_product_are_known_no_more(self, rig: Rig) -> None:
        """Their tokens lead nowhere, neither by name nor as DEFAULT."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        await put_settings(rig.store, place, SETTINGS)
        await put_gateway_token(rig.store, place, "gateway")
        await put_target_token(rig.store, device_id, "dev-0000", "token")
        digests = [target_token_digest("dev-0000", "token"), gateway_token_digest("gateway"), NOBODYS]
        key = place.product_key
        assert await defaults_of(rig.store, *digests) == [key, key, None, key]
        async with rig.store.transaction() as store:
            device = await store.devices.by_name(place.account_id, key, "dev-0000")
            assert device is not None
            await store.device_changes.delete(device, NOW_MS)
        assert await defaults_of(rig.store, *digests) == [None, key, None, key]
        for name in ("dev-0000", f"dev-0000~{device_id}"):
            [found] = await standings_of(rig.store, (key, name))
            assert found is not None
            assert found.device_id is None
        async with rig.store.transaction() as store:
            product = await store.products.by_key(place.account_id, key)
            assert product is not None
            await store.products.delete(product, NOW_MS)
        assert await defaults_of(rig.store, *digests) == [None] * 4
        assert await standings_of(rig.store, (key, "dev-0000")) == [None]

    async def test_I15_default_never_crosses_accounts(self, rig: Rig) -> None:
        """DEFAULT means the product of the account whose token it is; a token that two accounts have means none."""
        place = await add_place(rig.store, 1)
        aside = await add_place(rig.store, 2)
        theirs = await add_place(rig.store, 3, "theirs")
        await put_settings(rig.store, place, SETTINGS)
        await put_settings(rig.store, theirs, SETTINGS)
        [ours], [besides], [other] = [await add_devices(rig.store, at, 1) for at in (place, aside, theirs)]
        await put_target_token(rig.store, ours, "dev-0000", "ours")
        await put_target_token(rig.store, besides, "dev-0000", "aside")
        await put_target_token(rig.store, other, "dev-0000", "theirs")
        await put_gateway_token(rig.store, theirs, "gateway")
        await put_gateway_token(rig.store, aside, "no default")
        digests = [target_token_digest("dev-0000", token) for token in ("ours", "theirs", "aside")]
        digests += [gateway_token_digest("gateway"), gateway_token_digest("no default")]
        mine, other_key = place.product_key, theirs.product_key
        assert await defaults_of(rig.store, *digests) == [mine, other_key, None, other_key, None, mine]
        await put_target_token(rig.store, other, "dev-0000", "ours")
        assert await defaults_of(rig.store, *digests) == [None, None, None, other_key, None, mine]

    @pytest.mark.parametrize(("self_made_max", "has_room"), [(0, False), (1, False), (2, True)])
    async def test_room_for_devices_that_make_themselves(self, rig: Rig, self_made_max: int, has_room: bool) -> None:
        """A standing says whether plug and play is on, and whether the quota has room for one more."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            await store.enrolment.set_policy(place.product_id, EnrolmentPolicy(plug_and_play=True, self_made_max=1))
            await store.enrolment.make_device(device_draft(place, "dev-0000"))
            policy = EnrolmentPolicy(plug_and_play=True, self_made_max=self_made_max)
            await store.enrolment.set_policy(place.product_id, policy)
        [found] = await standings_of(rig.store, (place.product_key, "dev-0001"))
        assert found is not None
        assert (found.has_plug_and_play, found.has_room) == (True, has_room)

    async def test_attributes(self, rig: Rig) -> None:
        """A device that never said anything has none and is asked; to be asked leaves its token alone."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        await put_target_token(rig.store, device_id, "dev-0000", "t")
        async with rig.store.transaction() as store:
            assert await store.ddi_access.attributes(device_id) == ({}, None, True)
            await store.ddi_access.ask_attributes(device_id)
            assert await store.ddi_access.attributes(device_id) == ({}, None, True)
        [found] = await standings_of(rig.store, (place.product_key, "dev-0000"))
        assert found is not None
        assert found.target_digest == target_token_digest("dev-0000", "t")


class TestDdiHistory:
    async def test_actions(self, rig: Rig) -> None:
        """A device's actions, newest first and page by page, with their tasks' jobs; no other device's."""
        place = await add_place(rig.store)
        device_id, other_id, idle_id = await add_devices(rig.store, place, 3, "1.0.0")
        job = await fill(rig.store, await add_job(rig.store, place, fill_until=other_id))
        tasks = await tasks_of(rig.store, job)
        async with rig.store.transaction() as store:
            for attempt in (1, 2, 3):
                await store.ddi_actions.make(tasks[device_id]._replace(attempt=attempt), NOW_MS + attempt)
            await store.ddi_actions.make(tasks[other_id], NOW_MS)
            action = await store.ddi_actions.by_number(device_id, 2)
            assert action is not None
            await store.ddi_actions.say(action, Message(NOW_MS + 7, "proceeding", "words"))
            assert await store.ddi_actions.close(action, ActionState.FAILED, NOW_MS + 9)
        task_id = tasks[device_id].id
        wanted = [
            ActionEntry(number, task_id, job.id, number, ActionState.OPEN, 0, NOW_MS + number, NOW_MS + number)
            for number in (3, 2, 1)
        ]
        wanted[1] = wanted[1]._replace(state=ActionState.FAILED, messages=1, modified_ms=NOW_MS + 9)
        async with (await rig.reopen()).snapshot() as store:
            assert await store.ddi_history.actions(device_id, Page(1, 2)) == (wanted[:2], 3)
            assert await store.ddi_history.actions(device_id, Page(2, 2)) == (wanted[2:], 3)
            assert await store.ddi_history.actions(device_id, Page(3, 2)) == ([], 3)
            assert await store.ddi_history.actions(idle_id, Page(1, 2)) == ([], 0)
