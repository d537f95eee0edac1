"""Contract of Store: changes of products, and devices that are registered many at a time (I4, I15)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    NOW_MS,
    add_devices,
    add_job,
    add_place,
    device_draft,
    firmware_draft,
    product_draft,
)
from whimbrel.domain.device_apply import ApplyDraft, ApplyStatus, AskedName
from whimbrel.domain.paging import Page
from whimbrel.domain.product import Product
from whimbrel.errors import ProductNameTakenError, StoreConflictError
from whimbrel.ports.store import ProductFilter, Store

FIRST = Page(1, 50)


class TestProductChanges:
    async def test_update(self, rig: Rig) -> None:
        """Name and description are changed; another product's name is refused."""
        place = await add_place(rig.store, 1)
        await add_place(rig.store, 2)
        async with rig.store.transaction() as store:
            product = await store.products.by_key(place.account_id, place.product_key)
            assert product is not None
            await store.products.update(product, "renamed", "about")
            changed = await store.products.by_key(place.account_id, place.product_key)
            assert changed == product._replace(name="renamed", description="about")
        with pytest.raises(ProductNameTakenError):
            await self._rename(rig.store, product)

    async def _rename(self, store: Store, product: Product) -> None:
        async with store.transaction() as transaction:
            await transaction.products.update(product, "product2", "")

    async def test_delete(self, rig: Rig) -> None:
        """A deleted product is in no list and its name is free; its key is not given again, its jobs show its name."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            firmware_id = await store.firmware.add(firmware_draft(place))
            product = await store.products.by_key(place.account_id, place.product_key)
            assert product is not None
            await store.products.delete(product, NOW_MS)
            with pytest.raises(StoreConflictError):
                await store.products.delete(product, NOW_MS)
            assert firmware_id
        async with rig.store.transaction() as store:
            assert await store.products.by_key(place.account_id, place.product_key) is None
            assert (await store.products.page(place.account_id, ProductFilter(), FIRST)) == ((), 0)
            assert await store.products.count(place.account_id) == 0
            await store.products.add(product_draft(place.account_id, product_key="another"))
        async with rig.store.snapshot() as store:
            assert await store.products.count(place.account_id) == 1

    async def test_pages_of_resource_groups(self, rig: Rig) -> None:
        """Products are listed by resource group, also together with a commodity code."""
        async with rig.store.transaction() as store:
            account_id = await store.accounts.add("mine", NOW_MS)
            for number, (code, group) in enumerate([("a", "g1"), ("a", ""), ("b", "g1"), ("a", "g2"), ("a", "g1")]):
                await store.products.add(
                    product_draft(account_id, number, commodity_code=code, resource_group_id=group)
                )
        found = {}
        async with rig.store.snapshot() as store:
            for narrowed in (
                ProductFilter(),
                ProductFilter(resource_group_id="g1"),
                ProductFilter("a", "g1"),
                ProductFilter("a", "g2"),
                ProductFilter("b", "g2"),
            ):
                listing = await store.products.page(account_id, narrowed, FIRST)
                assert listing.total == len(listing.rows)
                found[narrowed] = [product.name for product in listing.rows]
        assert list(found.values()) == [
            ["product4", "product3", "product2", "product1", "product0"],
            ["product4", "product2", "product0"],
            ["product4", "product0"],
            ["product3"],
            [],
        ]

    async def test_unfinished_jobs(self, rig: Rig) -> None:
        """A product knows whether a job of its own is planned or runs."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        await add_devices(rig.store, place, 1)
        await add_job(rig.store, place)
        async with rig.store.snapshot() as store:
            assert await store.products.has_unfinished_jobs(place.product_id)
            assert not await store.products.has_unfinished_jobs(other.product_id)


class TestApplies:
    async def test_round_trip(self, rig: Rig) -> None:
        """An apply and its names are found as they were put, by their account alone."""
        place = await add_place(rig.store)
        names = [AskedName(f"name-{number:03d}", "灯泡" * (number % 2), "" if number else "x") for number in range(25)]
        async with rig.store.transaction() as store:
            draft = ApplyDraft(place.account_id, place.product_id, ApplyStatus.CHECK, False, 25, NOW_MS)
            apply_id = await store.applies.add(draft)
            for start in (0, 10, 20):
                await store.apply_names.add(apply_id, start, names[start : start + 10])
        async with (await rig.reopen()).snapshot() as store:
            apply = await store.applies.by_id(place.account_id, apply_id)
            assert apply is not None
            assert (apply.status, apply.names, apply.product_key) == (ApplyStatus.CHECK, 25, place.product_key)
            assert await store.applies.by_id(place.account_id + 1, apply_id) is None
            assert await store.apply_names.after(apply_id, 0, 100) == names
            assert await store.apply_names.after(apply_id, 10, 5) == names[10:15]

    async def test_moves(self, rig: Rig) -> None:
        """An apply is compared and set; only one that is being registered is handed out, the oldest first."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            made = []
            for status in (ApplyStatus.CHECK_SUCCESS, ApplyStatus.CREATE, ApplyStatus.CREATE):
                draft = ApplyDraft(place.account_id, place.product_id, status, True, 10, NOW_MS)
                made.append(await store.applies.add(draft))
            apply = await store.applies.next_running()
            assert apply is not None
            assert apply.id == made[1]
            assert await store.applies.devices_to_come(place.product_id) == 20
            moved = apply._replace(done_number=4, failed=1)
            assert await store.applies.move(apply, moved, NOW_MS)
            assert not await store.applies.move(apply, moved, NOW_MS)
            assert await store.applies.devices_to_come(place.product_id) == 16
            ended = moved._replace(done_number=10, status=ApplyStatus.CREATE_FAILED)
            assert await store.applies.move(moved, ended, NOW_MS)
            following = await store.applies.next_running()
            assert following is not None
            assert following.id == made[2]
            assert await store.applies.devices_to_come(place.product_id + 1) == 0

    async def test_registered_devices(self, rig: Rig) -> None:
        """An apply lists its devices newest first, without those that were deleted since."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            draft = ApplyDraft(place.account_id, place.product_id, ApplyStatus.CREATE, True, 3, NOW_MS)
            apply_id = await store.applies.add(draft)
            for number in range(3):
                await store.devices.add(device_draft(place, f"dev-{number:04d}")._replace(apply_id=apply_id))
            await store.devices.add(device_draft(place, "dev-0009"))
            device = await store.devices.by_name(place.account_id, place.product_key, "dev-0001")
            assert device is not None
            await store.device_changes.delete(device, NOW_MS)
        async with rig.store.snapshot() as store:
            apply = await store.applies.by_id(place.account_id, apply_id)
            assert apply is not None
            listing = await store.applies.page(apply, Page(1, 1))
            assert ([device.device_name for device in listing.rows], listing.total) == (["dev-0002"], 2)

    async def test_taken_names(self, rig: Rig) -> None:
        """Of many names those that the product has, in their case and of any length."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        names = ["abcd", "x" * 32, "a-_@.:9Z", "Abcd"]
        async with rig.store.transaction() as store:
            for name in names:
                await store.devices.add(device_draft(place, name))
            asked = [*names, "abcde", "x" * 31, "ABCD", *(f"none-{number}" for number in range(300))]
            assert await store.apply_names.taken(place.product_id, asked) == set(names)
            assert await store.apply_names.taken(other.product_id, asked) == frozenset()
            assert await store.apply_names.taken(place.product_id, []) == frozenset()

    async def test_blame(self, rig: Rig) -> None:
        """A name's fault is put where the name stands, and nowhere else."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            draft = ApplyDraft(place.account_id, place.product_id, ApplyStatus.CREATE, False, 3, NOW_MS)
            apply_id = await store.applies.add(draft)
            await store.apply_names.add(apply_id, 0, [AskedName(f"dev-000{number}", "") for number in range(3)])
            await store.apply_names.blame(apply_id, 2, "taken")
            assert [name.fault for name in await store.apply_names.after(apply_id, 0, 9)] == ["", "taken", ""]
