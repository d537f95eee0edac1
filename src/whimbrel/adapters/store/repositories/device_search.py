"""Devices by any filters together: the shortest list among them is walked in pieces (domain/device_search.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import NamedTuple

from whimbrel.adapters.store.repositories.device_lists import account_devices_list, devices_list
from whimbrel.adapters.store.repositories.groups import containing, members_list, tag_list
from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.repositories.presence import versions_list
from whimbrel.adapters.store.repositories.products import products_list
from whimbrel.adapters.store.session import BLOCK_BITS, NO_ROW_ABOVE, Row, Session, list_total, position_of
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.device_search import (
    LOOKED_MAX,
    NAMED_PRODUCTS_MAX,
    NAMES_MAX,
    DeviceSearch,
    SearchTag,
    Way,
    collected_way,
    counted_ways,
    is_the_list,
)
from whimbrel.domain.paging import Page
from whimbrel.ports.store import ProductFilter
from whimbrel.ports.store.device_search import FoundDevice, SearchPage

PIECE_MIN, PIECE_GROWTH, PIECE_MAX = 200, 4, 2_000  # measured: 2,000 devices hold the event loop for 2 to 6 ms


class _Walk(NamedTuple):
    """Along which list, how many devices it has, and whether they are all found and no others."""

    way: Way
    lookable: int
    is_the_list: bool


class DeviceSearchRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def counted(self, search: DeviceSearch) -> int | None:
        walk = await self._walk_of(search)
        return walk.lookable if walk.is_the_list else None

    async def page(self, search: DeviceSearch, page: Page) -> SearchPage:
        walk = await self._walk_of(search)
        if not walk.is_the_list or walk.way is Way.VERSION:
            assert page.number == 1, "only counted lists have numbered pages"
            return await self._look(search, walk, NO_ROW_ABOVE, page.size)
        position = await position_of(self._session, _list_of(search, walk.way), page)
        if position is None:
            return SearchPage((), None, True, 0, walk.lookable, walk.lookable)
        return await self._list(search, walk, position.below, position.skip, page.size)

    async def after(self, search: DeviceSearch, below: int, size: int) -> SearchPage:
        walk = await self._walk_of(search)
        if walk.is_the_list and walk.way is not Way.VERSION:
            return await self._list(search, walk, below, 0, size)
        return await self._look(search, walk, below, size)

    async def _list(self, search: DeviceSearch, walk: _Walk, below: int, skip: int, size: int) -> SearchPage:
        """A page of a list whose devices are all found: no more of them are looked at than are shown."""
        rows = await self._session.all(
            f"found_by_{walk.way}", **_parameters(search), below=below, skip=skip, piece=size + 1, size=size + 1
        )
        found = [_found(row) for row in rows[:size]]
        after = found[-1].id if len(rows) > size else None
        return SearchPage(await self._with_versions(found), after, True, len(found), walk.lookable, walk.lookable)

    async def _look(self, search: DeviceSearch, walk: _Walk, below: int, size: int) -> SearchPage:
        """Look through a list until the page is full, the list ends, or LOOKED_MAX devices were looked at."""
        found: list[FoundDevice] = []
        looked, total = 0, walk.lookable if walk.is_the_list else None
        for piece in _pieces():
            below = await self._lowered(search, walk.way, below)
            where = {**_parameters(search), "below": below, "skip": 0, "piece": piece}
            rows = await self._session.all(f"found_by_{walk.way}", size=size - len(found), **where)
            found += [_found(row) for row in rows]
            passed = await self._session.one(f"passed_by_{walk.way}", **where)
            assert passed is not None, "an aggregate has a row"
            count, last = passed
            is_over = count < piece
            if len(found) == size:
                place = int(rows[-1][-1])
                after = None if is_over and place == count else found[-1].id
                return SearchPage(await self._with_versions(found), after, True, looked + place, walk.lookable, total)
            looked += count
            if is_over:
                return SearchPage(await self._with_versions(found), None, True, looked, walk.lookable, total)
            below = last
            await asyncio.sleep(0)
        return SearchPage(await self._with_versions(found), below, False, looked, walk.lookable, total)

    async def _lowered(self, search: DeviceSearch, way: Way, below: int) -> int:
        """Versions of all products share an index: the product's counters say where its next devices are."""
        if way is not Way.VERSION:
            return below
        row = await self._session.one("newest_block", list=_list_of(search, way), block=(below - 1) >> BLOCK_BITS)
        return 0 if row is None or row[0] is None else min(below, (row[0] + 1) << BLOCK_BITS)

    async def _walk_of(self, search: DeviceSearch) -> _Walk:
        """The shortest way; of equally long ones that which holds no other devices."""
        walks = [
            _Walk(way, await list_total(self._session, _list_of(search, way)), is_the_list(search, way))
            for way in counted_ways(search)
        ]
        shortest = min(walks, key=lambda walk: (walk.lookable, not walk.is_the_list))
        way = collected_way(search)
        if way is None or shortest.is_the_list or not await self._may_collect(search, way):
            return shortest
        row = await self._session.one(
            f"passed_by_{way}", **_parameters(search), below=NO_ROW_ABOVE, skip=0, piece=NAMES_MAX + 1
        )
        assert row is not None, "an aggregate has a row"
        return _Walk(way, row[0], False) if row[0] <= min(NAMES_MAX, shortest.lookable) else shortest

    async def _may_collect(self, search: DeviceSearch, way: Way) -> bool:
        if way is not Way.ACCOUNT_NAMES:
            return True
        return await list_total(self._session, products_list(search.account_id, ProductFilter())) <= NAMED_PRODUCTS_MAX

    async def _with_versions(self, found: list[FoundDevice]) -> list[FoundDevice]:
        if not found:
            return []
        versions: dict[int, list[tuple[str, str]]] = {}
        for device_id, module_name, version in await self._session.all(
            "versions_of_devices", **given(device.id for device in found)
        ):
            versions.setdefault(device_id, []).append((module_name, version))
        return [device._replace(versions=tuple(versions.get(device.id, ()))) for device in found]


def _pieces() -> Iterator[int]:
    """How many devices are looked at, one time after the other: a page is often full after the first."""
    left, piece = LOOKED_MAX, PIECE_MIN
    while left:
        yield min(piece, left)
        left -= min(piece, left)
        piece = min(piece * PIECE_GROWTH, PIECE_MAX)


def _list_of(search: DeviceSearch, way: Way) -> str:
    """The name of the list that counts the devices of a way."""
    match way:
        case Way.ACCOUNT | Way.ACCOUNT_STATE:
            return account_devices_list(search.account_id, search.status if way is Way.ACCOUNT_STATE else None)
        case Way.GROUP:
            assert search.group_row_id is not None
            return members_list(search.group_row_id)
        case Way.TAG:
            tag = _whole_tag(search)
            assert tag is not None
            assert tag.value is not None
            return tag_list(search.account_id, tag.key, tag.value)
    assert search.product_id is not None, "the other lists are of a product"
    if way is Way.VERSION:
        assert search.version is not None
        return versions_list(search.product_id, search.module_name, search.version)
    return devices_list(search.product_id, search.status if way is Way.PRODUCT_STATE else None)


def _whole_tag(search: DeviceSearch) -> SearchTag | None:
    return next((tag for tag in search.tags if tag.value is not None), None)


def _parameters(search: DeviceSearch) -> dict[str, object]:
    """All that the statements may ask; the tag that a way may follow is the first."""
    tags = sorted(search.tags, key=lambda tag: tag.value is None)
    first, other, *_ = (*tags, SearchTag("", None), SearchTag("", None))
    # Names have no character behind z: see `GroupMemberRepository`.
    name_end = f"{search.name}{' ' if search.is_whole_name else '~'}"
    return {
        "account_id": search.account_id,
        "product_id": search.product_id,
        "state": None if search.status is None else search.status.value,
        "name": search.name,
        "name_end": name_end,
        "names_max": NAMES_MAX + 1,
        "is_whole_name": int(search.is_whole_name),
        "pattern": None if search.text is None else containing(search.text),
        "module_name": search.module_name,
        "version": search.version,
        "never_reported": int(search.never_reported),
        "group_row_id": search.group_row_id,
        "tag_key": first.key or None,
        "tag_value": first.value,
        "other_key": other.key or None,
        "other_value": other.value,
        "any_key": next((tag.key for tag in search.tags if tag.value is None), None),
        "quiet_ms": search.quiet_ms,
    }


def _found(row: Row) -> FoundDevice:
    device = FoundDevice._make((*row[:-1], ()))
    return device._replace(status=DeviceStatus(device.status))
