"""Contract of Store: products and devices that come with their identities (I15, ADR 0063)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import NOW_MS, Place, add_devices, add_place, device_draft, product_draft, secret_of
from whimbrel.domain.device import DeviceDraft
from whimbrel.domain.paging import Page
from whimbrel.errors import StoreConflictError
from whimbrel.ports.store import Transaction

MANY = 250  # more than one statement takes


def drafts(place: Place, count: int) -> list[DeviceDraft]:
    return [device_draft(place, f"new-{number:04d}") for number in range(count)]


async def delete(store: Transaction, place: Place, name: str) -> None:
    device = await store.devices.by_name(place.account_id, place.product_key, name)
    assert device is not None
    await store.device_changes.delete(device, NOW_MS)


class TestDeviceImports:
    async def test_many_come_as_one_does(self, rig: Rig) -> None:
        """Rows, secrets, lists and counts are as if each had been registered; none come is no error."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            await store.device_imports.add(drafts(place, MANY))
            await store.device_imports.add([])
        async with rig.store.snapshot() as store:
            listing = await store.devices.page(place.account_id, place.product_id, Page(1, 50))
            assert listing.total == MANY
            counts = await store.device_states.counts(place.account_id, None)
            assert (counts.devices, counts.active) == (MANY, 0)
            names = [draft.device_name for draft in drafts(place, MANY)]
            found = await store.device_imports.of_names(place.product_id, [*names, "other"])
            assert {name: device.device_secret for name, device in found.items()} == {
                name: secret_of(name) for name in names
            }
            assert await store.device_imports.of_names(place.product_id, []) == {}

    @pytest.mark.parametrize("taken", ["name", "iot_id"])
    async def test_I2_one_that_is_taken_stops_all(self, rig: Rig, taken: str) -> None:
        """Whoever judged too early looks again; nothing has come."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        wanted = drafts(place, 3)
        there = wanted[1] if taken == "name" else wanted[1]._replace(product_id=other.product_id)
        async with rig.store.transaction() as store:
            await store.devices.add(there._replace(iot_id="other") if taken == "name" else there)
        with pytest.raises(StoreConflictError):
            async with rig.store.transaction() as store:
                await store.device_imports.add(wanted)
        async with rig.store.snapshot() as store:
            assert (await store.device_states.counts(place.account_id, None)).devices == 1

    async def test_I15_IotIds_that_cannot_be_had(self, rig: Rig) -> None:
        """Those of living devices of any account, and of another account's deleted ones; one's own are given up."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2, account="other")
        ids = {}
        for where in (place, other):
            await add_devices(rig.store, where, 2)
            async with rig.store.transaction() as store:
                await delete(store, where, "dev-0001")
            ids[where] = [f"{where.product_key}dev-000{number}" for number in range(2)]
        asked = [*ids[place], *ids[other], "free"]
        async with rig.store.transaction() as store:
            taken = await store.device_imports.taken(place.account_id, asked)
            assert taken == {ids[place][0], *ids[other]}
            assert await store.device_imports.taken(place.account_id, []) == frozenset()
            await store.device_imports.add([device_draft(place, "dev-0001")])

    async def test_I15_keys_that_cannot_be_had(self, rig: Rig) -> None:
        """As IotIds: a deleted product of the account gives its key up, nobody else's does."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2, account="other")
        async with rig.store.transaction() as store:
            assert await store.products.free_key(place.account_id, "free")
            for where in (place, other):
                assert not await store.products.free_key(place.account_id, where.product_key)
                product = await store.products.by_key(where.account_id, where.product_key)
                assert product is not None
                await store.products.delete(product, NOW_MS)
            assert not await store.products.free_key(place.account_id, other.product_key)
            assert await store.products.free_key(place.account_id, place.product_key)
            await store.products.add(product_draft(place.account_id, 1))
