"""Tags of devices. Each tag of an account (key and value) is a counted list of devices, newest first."""

from __future__ import annotations

from collections.abc import Collection

from whimbrel.adapters.store.repositories.groups import tag_list
from whimbrel.adapters.store.session import BLOCK_BITS, TOTAL_BLOCK, Session, list_total, position_of
from whimbrel.domain.device import Device
from whimbrel.domain.device_tag import QUERY_TAGS_MAX, DeviceTag
from whimbrel.domain.paging import Listing, Page
from whimbrel.ports.store.groups import DeviceIdentity

#: How many times devices of the rarest tag may be asked for a further one: 10,000 take some 10 ms of the event loop.
LOOKUPS_MAX = 10_000


class DeviceTagRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def of_device(self, device_id: int) -> dict[str, str]:
        return dict(await self._session.all("tags_of_device", device_id=device_id))

    async def put(self, device: Device, tags: Collection[DeviceTag]) -> None:
        before = await self.of_device(device.id)
        for key, value in tags:
            if before.get(key) == value:
                continue
            await self._session.run(
                "put_tag",
                account_id=device.account_id,
                product_id=device.product_id,
                device_id=device.id,
                tag_key=key,
                tag_value=value,
            )
            self._session.count(tag_list(device.account_id, key, value), device.id, 1)
            if key in before:
                await self._leave(device.account_id, device.id, DeviceTag(key, before[key]))

    async def remove(self, device: Device, key: str) -> None:
        row = await self._session.one("remove_tag", device_id=device.id, tag_key=key)
        if row is not None:
            await self._leave(device.account_id, device.id, DeviceTag(key, row[0]))

    async def forget_device(self, account_id: int, device_id: int) -> None:
        for key, value in sorted(await self._session.all("remove_tags_of_device", device_id=device_id)):
            await self._leave(account_id, device_id, DeviceTag(key, value))

    async def page(self, account_id: int, tags: Collection[DeviceTag], page: Page) -> Listing[DeviceIdentity] | None:
        totals = {tag: await list_total(self._session, tag_list(account_id, *tag)) for tag in tags}
        rarest = min(totals, key=lambda tag: totals[tag])
        if len(totals) == 1:
            return await self._page_of_tag(account_id, rarest, page)
        if totals[rarest] * (len(totals) - 1) > LOOKUPS_MAX:
            return None
        ordered = sorted(totals, key=lambda tag: totals[tag])
        which: dict[str, object] = {"account_id": account_id, "tags": len(ordered)}
        for number in range(QUERY_TAGS_MAX):
            tag = ordered[number] if number < len(ordered) else DeviceTag("", "")
            which |= {f"key{number}": tag.key, f"value{number}": tag.value}
        rows = await self._session.all("devices_with_tags_page", **which, skip=page.offset, size=page.size)
        if rows:
            return Listing([DeviceIdentity._make(row[:-1]) for row in rows], rows[0][-1])
        row = await self._session.one("devices_with_tags_total", **which)
        assert row is not None
        return Listing((), row[0])

    async def _page_of_tag(self, account_id: int, tag: DeviceTag, page: Page) -> Listing[DeviceIdentity]:
        name = tag_list(account_id, *tag)
        position = await position_of(self._session, name, page)
        if position is None:
            return Listing((), await list_total(self._session, name))
        rows = await self._session.all(
            "tagged_devices_page",
            account_id=account_id,
            tag_key=tag.key,
            tag_value=tag.value,
            below=position.below,
            skip=position.skip,
            size=page.size,
        )
        return Listing([DeviceIdentity._make(row) for row in rows], position.total)

    async def _leave(self, account_id: int, device_id: int, tag: DeviceTag) -> None:
        """Counted at once, not when the transaction ends: only so is it known whether the list is empty now."""
        name, block = tag_list(account_id, *tag), device_id >> BLOCK_BITS
        for counted in (TOTAL_BLOCK, block):
            await self._session.run("add_to_list", list=name, block=counted, n=-1)
        await self._session.run("forget_empty_counters", list=name, block=block)
