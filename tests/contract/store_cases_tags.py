"""Contract of Store: tags of devices, and devices found by them (I4, I15, I17)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import Place, add_devices, add_place
from whimbrel.adapters.store.repositories.tags import LOOKUPS_MAX
from whimbrel.domain.device import Device
from whimbrel.domain.device_tag import DeviceTag
from whimbrel.domain.paging import Page
from whimbrel.ports.store import Store, Transaction

BLOCK = 4_096
RED, ROUND = DeviceTag("color", "red"), DeviceTag("shape", "round")


async def devices_of(store: Transaction, place: Place, names: Sequence[str]) -> list[Device]:
    found = [await store.devices.by_name(place.account_id, place.product_key, name) for name in names]
    return [device for device in found if device is not None]


async def tagged(store: Store, account_id: int, *tags: DeviceTag) -> list[str]:
    """Names as the list shows them, with a total that is exact."""
    async with store.snapshot() as snapshot:
        listing = await snapshot.tags.page(account_id, tags, Page(1, 1_000))
    assert listing is not None
    assert listing.total == len(listing.rows)
    return [row.device_name for row in listing.rows]


class TestDeviceTags:
    async def test_tags_of_a_device(self, rig: Rig) -> None:
        """Tags are put, replaced by key, removed, and kept in the order of their keys' bytes."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 2)
        async with rig.store.transaction() as store:
            [device, other] = await devices_of(store, place, ["dev-0000", "dev-0001"])
            assert await store.tags.of_device(device.id) == {}
            await store.tags.put(device, [DeviceTag("a", "1"), DeviceTag("Z", "中"), DeviceTag("a.b", "2")])
            await store.tags.put(device, [DeviceTag("a", "3"), DeviceTag("Z", "中"), DeviceTag("n", "4")])
            await store.tags.remove(device, "a.b")
            await store.tags.remove(device, "nothing")
            await store.tags.put(other, [])
        async with (await rig.reopen()).snapshot() as store:
            assert list((await store.tags.of_device(device.id)).items()) == [("Z", "中"), ("a", "3"), ("n", "4")]
            assert await store.tags.of_device(other.id) == {}

    async def test_devices_by_one_tag(self, rig: Rig) -> None:
        """Devices of any product of the account, newest first, by exactly this key and value, as they are now."""
        first, second = await add_place(rig.store, 1), await add_place(rig.store, 2)
        await add_devices(rig.store, first, 3)
        await add_devices(rig.store, second, 1, prefix="plug")
        async with rig.store.transaction() as store:
            lamps = await devices_of(store, first, ["dev-0000", "dev-0001", "dev-0002"])
            for device in [*lamps, *await devices_of(store, second, ["plug-0000"])]:
                await store.tags.put(device, [RED, ROUND])
            await store.tags.put(lamps[1], [DeviceTag("color", "Red")])
            await store.tags.remove(lamps[2], "color")
        account_id = first.account_id
        assert await tagged(rig.store, account_id, RED) == ["plug-0000", "dev-0000"]
        assert await tagged(rig.store, account_id, DeviceTag("color", "Red")) == ["dev-0001"]
        assert await tagged(rig.store, account_id, ROUND) == ["plug-0000", "dev-0002", "dev-0001", "dev-0000"]
        assert await tagged(rig.store, account_id, DeviceTag("red", "color")) == []
        async with rig.store.snapshot() as store:
            listing = await store.tags.page(account_id, [RED], Page(1, 1))
            assert listing is not None
            assert listing.rows == [("plug-0000", f"{second.product_key}plug-0000", second.product_key, "product2")]
            assert listing.total == 2

    async def test_devices_by_several_tags(self, rig: Rig) -> None:
        """Devices that have all the tags, up to ten, whichever is the rarest."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 12)
        tags = [DeviceTag(f"k{number}", "v") for number in range(10)]
        async with rig.store.transaction() as store:
            devices = await devices_of(store, place, [f"dev-{number:04d}" for number in range(12)])
            for number, device in enumerate(devices):
                await store.tags.put(device, tags[:number])
        for count in range(1, 11):
            wanted = [f"dev-{number:04d}" for number in range(11, count - 1, -1)]
            assert await tagged(rig.store, place.account_id, *tags[:count]) == wanted
            assert await tagged(rig.store, place.account_id, *tags[:count][::-1]) == wanted
        assert await tagged(rig.store, place.account_id, tags[0], DeviceTag("k0", "other")) == []
        async with rig.store.snapshot() as store:
            listing = await store.tags.page(place.account_id, tags[:8], Page(2, 3))
            assert listing is not None
            assert ([row.device_name for row in listing.rows], listing.total) == (["dev-0008"], 4)
            assert await store.tags.page(place.account_id, tags[:8], Page(3, 3)) == ((), 4)

    async def test_deep_pages_of_one_tag(self, rig: Rig) -> None:
        """Pages over more than a block of ids are what slicing the plain list gives."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, BLOCK + 900)
        async with rig.store.transaction() as store:
            everyone = (await store.devices.page(place.account_id, place.product_id, Page(1, BLOCK + 900))).rows
            for device in everyone:
                await store.tags.put(device, [RED])
            for device in everyone[5:15]:
                await store.tags.remove(device, "color")
        wanted = [device.device_name for device in [*everyone[:5], *everyone[15:]]]
        async with rig.store.snapshot() as store:
            for page in (Page(1, 50), Page(18, 50), Page(100, 50), Page(4_986, 1), Page(4_987, 1)):
                listing = await store.tags.page(place.account_id, [RED], page)
                assert listing is not None
                names = [row.device_name for row in listing.rows]
                assert (names, listing.total) == (wanted[page.offset : page.offset + page.size], len(wanted)), page

    @pytest.mark.parametrize("more", [-1, 0, 1])
    async def test_I17_several_tags_are_looked_for_up_to_a_limit(self, rig: Rig, more: int) -> None:
        """Ten tags are looked for on a bounded number of devices; on more the store says that it does not look."""
        place = await add_place(rig.store)
        lookups = 9
        count = LOOKUPS_MAX // lookups + more
        tags = [DeviceTag(f"k{number}", "v") for number in range(lookups + 1)]
        await add_devices(rig.store, place, count)
        async with rig.store.transaction() as store:
            for device in (await store.devices.page(place.account_id, place.product_id, Page(1, count))).rows:
                await store.tags.put(device, tags)
        async with rig.store.snapshot() as store:
            listing = await store.tags.page(place.account_id, tags, Page(1, 10))
            one = await store.tags.page(place.account_id, tags[:1], Page(1, 10))
        assert one is not None
        assert one.total == count
        assert (listing is None) is (more > 0)
        if listing is not None:
            assert (len(listing.rows), listing.total) == (10, count)

    async def test_I15_other_accounts_find_nothing(self, rig: Rig) -> None:
        """An account finds no device of another's by its tags."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 1)
        theirs = await add_place(rig.store, 2, "other")
        await add_devices(rig.store, theirs, 1, prefix="theirs")
        async with rig.store.transaction() as store:
            for owner, name in ((place, "dev-0000"), (theirs, "theirs-0000")):
                [device] = await devices_of(store, owner, [name])
                await store.tags.put(device, [RED, ROUND])
        for tags in ([RED], [RED, ROUND]):
            assert await tagged(rig.store, place.account_id, *tags) == ["dev-0000"]
            assert await tagged(rig.store, theirs.account_id, *tags) == ["theirs-0000"]

    async def test_a_device_that_is_deleted(self, rig: Rig) -> None:
        """It loses its tags and stands in no tag's list; others keep theirs."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 2)
        async with rig.store.transaction() as store:
            [device, other] = await devices_of(store, place, ["dev-0000", "dev-0001"])
            await store.tags.put(device, [RED, ROUND])
            await store.tags.put(other, [RED])
            for _ in range(2):
                await store.tags.forget_device(place.account_id, device.id)
            assert await store.tags.of_device(device.id) == {}
        assert await tagged(rig.store, place.account_id, RED) == ["dev-0001"]
        assert await tagged(rig.store, place.account_id, ROUND) == []

    async def test_many_changes_in_one_transaction(self, rig: Rig) -> None:
        """Tags that come and go within a transaction leave exact lists."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 2)
        async with rig.store.transaction() as store:
            [device, other] = await devices_of(store, place, ["dev-0000", "dev-0001"])
            for value in ("red", "blue", "red", "blue", "red"):
                await store.tags.put(device, [DeviceTag("color", value)])
            await store.tags.put(other, [RED])
            await store.tags.remove(device, "color")
        assert await tagged(rig.store, place.account_id, RED) == ["dev-0001"]
        assert await tagged(rig.store, place.account_id, DeviceTag("color", "blue")) == []
