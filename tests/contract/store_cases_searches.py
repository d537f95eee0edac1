"""Contract of Store: lists by any filters together are what looking at each device would give (I15, ADR 0059)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import pytest

from tests.contract.store_cases_groups import add_group, group_draft
from tests.contract.store_cases_rig import Rig
from tests.engine.world import NOW_MS, Place, add_devices, add_place, connect, device_draft, presence
from whimbrel.adapters.store.repositories import device_search as module
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.device_search import DeviceSearch, SearchTag
from whimbrel.domain.device_tag import DeviceTag
from whimbrel.domain.paging import Page
from whimbrel.ports.store import SearchPage, Store, Transaction

DEVICES = 150
SEARCHES = 120
PREFIXES = ("lamp-", "lamp-1", "LAMP", "plug_")
TEXTS = ("1", "-1", "_", "%", "nick", "NICK", "\\", "100%", "lamp")
VERSIONS = ("1.0.0", "2.0.0")
TAGS = (DeviceTag("ring", "early"), DeviceTag("ring", "late"), DeviceTag("hall", "7"))


class Made(NamedTuple):
    """A device as it was made."""

    id: int
    product_id: int
    name: str
    nickname: str
    status: DeviceStatus
    version: str | None
    tags: tuple[DeviceTag, ...]
    is_member: bool
    left_ms: int | None


class World(NamedTuple):
    places: tuple[Place, Place]
    group_row_id: int
    devices: Sequence[Made]


async def add_world(store: Store, seed: int) -> World:
    """Two products of one account with devices of all kinds, some deleted, and another account's beside them."""
    dice = random.Random(seed)
    places = (await add_place(store, 1), await add_place(store, 2))
    theirs = await add_place(store, 3, account="other")
    made: list[Made] = []
    async with store.transaction() as transaction:
        group = await add_group(transaction, group_draft(places[0].account_id))
        for number in range(DEVICES):
            place = dice.choice((*places, theirs))
            one = await _add_device(transaction, place, number, dice)
            if one.is_member:
                await transaction.group_members.add(group, [one.id])
            if place is not theirs and not await _is_deleted(transaction, place, one, dice):
                made.insert(0, one)
    return World(places, group.id, made)


async def _add_device(transaction: Transaction, place: Place, number: int, dice: random.Random) -> Made:
    name = f"{dice.choice(PREFIXES)}{number:03d}"
    nickname = dice.choice(("", "Nick_1", "nick_100", "台灯_Nick"))
    device_id = await transaction.devices.add(device_draft(place, name)._replace(nickname=nickname))
    version = dice.choice((None, *VERSIONS))
    if version is not None:
        await transaction.module_versions.put(device_id, "default", version, NOW_MS)
        await transaction.module_versions.put(device_id, "mcu", "9", NOW_MS)
    status, left_ms = dice.choice(tuple(DeviceStatus)), None
    if status in (DeviceStatus.ONLINE, DeviceStatus.OFFLINE):
        await transaction.presences.connected(presence(device_id), NOW_MS)
    if status is DeviceStatus.OFFLINE:
        left_ms = NOW_MS + dice.randrange(10)
        await transaction.presences.disconnected(presence(device_id), left_ms)
    device = await transaction.devices.by_name(place.account_id, place.product_key, name)
    assert device is not None
    if status is DeviceStatus.DISABLE:
        await transaction.device_changes.disable(device, NOW_MS)
    tags = tuple({tag.key: tag for tag in dice.sample(TAGS, dice.randrange(3))}.values())
    await transaction.tags.put(device, tags)
    is_member = place.product_key != "a1product03" and dice.random() < 0.3
    return Made(device_id, place.product_id, name, nickname, status, version, tags, is_member, left_ms)


async def _is_deleted(transaction: Transaction, place: Place, one: Made, dice: random.Random) -> bool:
    if dice.random() > 0.15:
        return False
    device = await transaction.devices.by_name(place.account_id, place.product_key, one.name)
    assert device is not None
    await transaction.device_changes.delete(device, NOW_MS)
    return True


def any_search(world: World, dice: random.Random) -> DeviceSearch:
    """Some filters, each seldom."""

    def seldom(*values: object) -> object:
        return dice.choice(values) if dice.random() < 0.3 else None

    product = seldom(*(place.product_id for place in world.places))
    tags = dict.fromkeys(tag for tag in (_any_tag(dice), _any_tag(dice)) if tag is not None)
    given = {
        "product_id": product,
        "status": seldom(*DeviceStatus),
        "name": seldom(*PREFIXES, "lamp", "nobody", "~"),
        "text": seldom(*TEXTS),
        "version": product and seldom(*VERSIONS, "3.0.0"),
        "group_row_id": seldom(world.group_row_id),
        "quiet_ms": seldom(NOW_MS + 5),
    }
    search = DeviceSearch(world.places[0].account_id, tags=tuple({tag.key: tag for tag in tags}.values()))
    if dice.random() < 0.1:
        search = search._replace(never_reported=True)
    if dice.random() < 0.05:
        given |= {"name": dice.choice(world.devices).name}
        search = search._replace(is_whole_name=True)
    return search._replace(**given)


def _any_tag(dice: random.Random) -> SearchTag | None:
    if dice.random() < 0.8:
        return None
    tag = dice.choice(TAGS)
    return SearchTag(tag.key, dice.choice((None, tag.value)))


def holds(search: DeviceSearch, one: Made) -> bool:
    """The same, looked at one by one."""
    text = (search.text or "").lower()
    tags = {tag.key: tag.value for tag in one.tags}
    name = search.name or ""
    return (
        search.product_id in (None, one.product_id)
        and search.status in (None, one.status)
        and (one.name == name if search.is_whole_name else one.name.startswith(name))
        and (text in one.name.lower() or text in one.nickname.lower())
        and search.version in (None, one.version)
        and not (search.never_reported and one.version is not None)
        and not (search.group_row_id is not None and not one.is_member)
        and all(tag.key in tags and tag.value in (None, tags[tag.key]) for tag in search.tags)
        and (search.quiet_ms is None or (one.left_ms is not None and one.left_ms < search.quiet_ms))
    )


async def every_page(store: Store, search: DeviceSearch, size: int) -> tuple[list[str], int | None, int]:
    """The names on all pages, the total, and how many devices were looked at."""
    names: list[str] = []
    async with store.snapshot() as snapshot:
        page = await snapshot.device_searches.page(search, Page(1, size))
        total, looked = page.total, page.looked
        while True:
            _check_page(page, size)
            names += [device.device_name for device in page.rows]
            if page.below is None:
                return names, total, looked
            page = await snapshot.device_searches.after(search, page.below, size)
            looked += page.looked


def _check_page(page: SearchPage, size: int) -> None:
    assert len(page.rows) <= size
    assert page.is_full or page.below is not None, "whoever stopped early says where to go on"
    assert len(page.rows) == size or page.below is None or not page.is_full


class TestDeviceSearches:
    @pytest.mark.parametrize("bounds", ["few looked at", "many looked at", "few names", "as released"])
    async def test_I15_any_filters(self, rig: Rig, bounds: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """All pages together are the devices that hold every filter, newest first; the total is exact where it is."""
        if bounds != "as released":
            looked, names = {"few looked at": (6, 1_000), "few names": (1_000, 3)}.get(bounds, (1_000, 1_000))
            for name, value in {"LOOKED_MAX": looked, "NAMES_MAX": names, "PIECE_MIN": 4, "PIECE_MAX": 16}.items():
                monkeypatch.setattr(module, name, value)
        world = await add_world(rig.store, 7)
        dice = random.Random(bounds)
        for _ in range(SEARCHES):
            search = any_search(world, dice)
            expected = [one.name for one in world.devices if holds(search, one)]
            names, total, looked = await every_page(rig.store, search, dice.choice((1, 5, 40)))
            assert names == expected, search
            assert total in (None, len(expected)), search
            assert looked >= len(expected), search

    @pytest.mark.parametrize("number", range(1, 7))
    async def test_numbered_pages(self, rig: Rig, number: int) -> None:
        """Counted lists have pages by number: of the account, a state, a product, a tag, a static group."""
        world = await add_world(rig.store, 8)
        account = DeviceSearch(world.places[0].account_id)
        for search in (
            account,
            account._replace(status=DeviceStatus.OFFLINE),
            account._replace(product_id=world.places[0].product_id),
            account._replace(product_id=world.places[1].product_id, status=DeviceStatus.ONLINE),
            account._replace(group_row_id=world.group_row_id),
            account._replace(tags=(SearchTag("hall", "7"),)),
        ):
            expected = [one.name for one in world.devices if holds(search, one)]
            async with rig.store.snapshot() as snapshot:
                page = await snapshot.device_searches.page(search, Page(number, 7))
                assert await snapshot.device_searches.counted(search) == len(expected) == page.total
            assert [device.device_name for device in page.rows] == expected[(number - 1) * 7 : number * 7]
            assert (page.below is None) is (number * 7 >= len(expected))

    async def test_what_rows_show(self, rig: Rig) -> None:
        """A row holds what a list shows, versions with `default` first, and no secret."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1, "1.0.0")
        async with rig.store.transaction() as transaction:
            await transaction.module_versions.put(device_id, "a-part", "7", NOW_MS)
        await connect(rig.store, [device_id])
        async with rig.store.snapshot() as snapshot:
            page = await snapshot.device_searches.page(DeviceSearch(place.account_id), Page(1, 5))
        [found] = page.rows
        versions = (("default", "1.0.0"), ("a-part", "7"))
        names = ("a1product01", "product1", "dev-0000", "a1product01dev-0000", "")
        times = (NOW_MS, NOW_MS, NOW_MS)
        assert found == (device_id, *names, DeviceStatus.ONLINE, *times, "127.0.0.1", versions)

    @pytest.mark.parametrize(("names_max", "looked"), [(2, 6), (3, 3), (4, 3)])
    async def test_few_names_are_collected(
        self, rig: Rig, names_max: int, looked: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Names are looked up as long as they are no more than the limit; else the product is walked."""
        monkeypatch.setattr(module, "NAMES_MAX", names_max)
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 3, prefix="plug")
        await add_devices(rig.store, place, 3)
        async with rig.store.snapshot() as snapshot:
            for product_id in (place.product_id, None):
                search = DeviceSearch(place.account_id, product_id, name="plug-")
                page = await snapshot.device_searches.page(search, Page(1, 5))
                assert (len(page.rows), page.looked, page.is_full, page.below) == (3, looked, True, None)

    async def test_names_of_many_products(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """In an account of more products than can be asked one by one, its devices are walked."""
        place = await add_place(rig.store)
        await add_place(rig.store, 2)
        await add_devices(rig.store, place, 3, prefix="plug")
        await add_devices(rig.store, place, 3)
        for products_max, looked in ((1, 6), (2, 3)):
            monkeypatch.setattr(module, "NAMED_PRODUCTS_MAX", products_max)
            async with rig.store.snapshot() as snapshot:
                search = DeviceSearch(place.account_id, name="plug-")
                page = await snapshot.device_searches.page(search, Page(1, 5))
            assert (len(page.rows), page.looked) == (3, looked)

    @pytest.mark.parametrize(("looked_max", "is_full"), [(5, False), (6, False), (7, True)])
    async def test_I17_no_call_looks_at_more(
        self, rig: Rig, looked_max: int, is_full: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A page that is not full when so many devices were looked at says where it goes on, be it behind the last."""
        monkeypatch.setattr(module, "LOOKED_MAX", looked_max)
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 6)
        async with rig.store.snapshot() as snapshot:
            search = DeviceSearch(place.account_id, text="nobody")
            page = await snapshot.device_searches.page(search, Page(1, 5))
            assert (page.is_full, page.looked, page.lookable) == (is_full, min(looked_max, 6), 6)
            assert page.below == {5: ids[1], 6: ids[0], 7: None}[looked_max]

    async def test_a_version_of_other_products(self, rig: Rig) -> None:
        """Where another product's newer devices report the same version, they are passed over by the counters."""
        mine, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        await add_devices(rig.store, mine, 2, "1.0.0")
        await add_devices(rig.store, other, 4_200, "1.0.0")
        async with rig.store.snapshot() as snapshot:
            search = DeviceSearch(mine.account_id, mine.product_id, version="1.0.0")
            page = await snapshot.device_searches.page(search, Page(1, 5))
        assert [device.device_name for device in page.rows] == ["dev-0001", "dev-0000"]
        assert page.total == 2
        assert page.looked <= 4_096
