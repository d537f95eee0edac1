"""Devices: the registry. Presence and reported versions are in `presence.py`."""

from __future__ import annotations

import asyncio

from whimbrel.adapters.store.repositories.device_lists import (
    DevicePlace,
    account_activated_list,
    account_devices_list,
    activated_list,
    apply_list,
    count_device,
    devices_list,
)
from whimbrel.adapters.store.repositories.device_logins import DeviceLoginRepository
from whimbrel.adapters.store.session import Row, Session, list_total, position_of
from whimbrel.domain.device import Device, DeviceCounts, DeviceDraft, DeviceStatus
from whimbrel.domain.paging import Listing, Page
from whimbrel.errors import DeviceNameTakenError, StoreUnavailableError
from whimbrel.ports.sealer import Sealer
from whimbrel.ports.store import DeviceLogin, LoginClaim

MEMBERS_PER_PIECE = 1_000


class DeviceRepository:
    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def add(self, draft: DeviceDraft) -> int:
        values = draft._asdict()
        sealed = self._sealer.seal(values.pop("device_secret"), f"device:{draft.iot_id}")
        await self._session.lock(devices_list(draft.product_id), shared=True)
        row = await self._session.one("add_device", secret_sealed=sealed, gray_key=draft.gray_key, **values)
        if row is None:
            raise DeviceNameTakenError(f"the product has a device of the name {draft.device_name}")
        device_id = int(row[0])
        count_device(
            self._session, DevicePlace(device_id, draft.account_id, draft.product_id), DeviceStatus.UNACTIVE, 1
        )
        if draft.apply_id is not None:
            self._session.count(apply_list(draft.apply_id), device_id, 1)
        return device_id

    async def by_name(self, account_id: int, product_key: str, device_name: str) -> Device | None:
        row = await self._session.one(
            "device_by_name", account_id=account_id, product_key=product_key, device_name=device_name
        )
        return device_of(row, self._sealer) if row else None

    async def by_iot_id(self, account_id: int, iot_id: str) -> Device | None:
        row = await self._session.one("device_by_iot_id", account_id=account_id, iot_id=iot_id)
        return device_of(row, self._sealer) if row else None

    async def ids_by_names(self, account_id: int, product_id: int, names: tuple[str, ...]) -> dict[str, int]:
        found: dict[str, int] = {}
        for name in names:
            row = await self._session.one(
                "device_id_by_name", account_id=account_id, product_id=product_id, device_name=name
            )
            if row:
                found[name] = row[0]
        return found

    async def page(self, account_id: int, product_id: int, page: Page) -> Listing[Device]:
        position = await position_of(self._session, devices_list(product_id), page)
        if position is None:
            return Listing((), await list_total(self._session, devices_list(product_id)))
        rows = await self._session.all(
            "devices_page",
            account_id=account_id,
            product_id=product_id,
            below=position.below,
            skip=position.skip,
            size=page.size,
        )
        return Listing([device_of(row, self._sealer) for row in rows], position.total)

    async def below(self, account_id: int, product_id: int, device_id: int, size: int) -> list[Device]:
        rows = await self._session.all(
            "devices_page", account_id=account_id, product_id=product_id, below=device_id, skip=0, size=size
        )
        return [device_of(row, self._sealer) for row in rows]

    async def largest_id(self, product_id: int) -> int:
        # Whoever is adding a device now has an id below the largest, perhaps, and would be missed: wait for them (I2).
        await self._session.lock(devices_list(product_id))
        row = await self._session.one("largest_device_id", product_id=product_id)
        return int(row[0]) if row else 0

    async def login(self, product_key: str, device_name: str) -> DeviceLogin | None:
        [login] = await DeviceLoginRepository(self._session, self._sealer).many([LoginClaim(product_key, device_name)])
        if isinstance(login, StoreUnavailableError):
            raise login
        return login


class DeviceStateRepository:
    """Lists by status: a page and a total cost the same among ten devices and among a million."""

    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def page(self, account_id: int, product_id: int | None, status: DeviceStatus, page: Page) -> Listing[Device]:
        if product_id is None:
            statement, list_name = "devices_page_of_account_state", account_devices_list(account_id, status)
        else:
            statement, list_name = "devices_page_of_product_state", devices_list(product_id, status)
        position = await position_of(self._session, list_name, page)
        if position is None:
            return Listing((), await list_total(self._session, list_name))
        rows = await self._session.all(
            statement,
            account_id=account_id,
            product_id=product_id,
            state=status.value,
            below=position.below,
            skip=position.skip,
            size=page.size,
        )
        return Listing([device_of(row, self._sealer) for row in rows], position.total)

    async def counts(self, account_id: int, product_id: int | None) -> DeviceCounts:
        if product_id is None:
            lists = (
                account_devices_list(account_id),
                account_devices_list(account_id, DeviceStatus.ONLINE),
                account_activated_list(account_id),
            )
        else:
            lists = (
                devices_list(product_id),
                devices_list(product_id, DeviceStatus.ONLINE),
                activated_list(product_id),
            )
        return DeviceCounts(*[await list_total(self._session, name) for name in lists])

    async def counts_of_members(self, group_row_id: int, product_id: int | None) -> DeviceCounts:
        counts, after = DeviceCounts(0, 0, 0), 0
        while True:
            row = await self._session.one(
                "count_members",
                group_row_id=group_row_id,
                product_id=product_id,
                after=after,
                members_max=MEMBERS_PER_PIECE,
            )
            if row is None or row[0] is None:
                return counts
            after, *found = row
            counts = DeviceCounts(*map(sum, zip(counts, found, strict=True)))
            await asyncio.sleep(0)  # a group may hold a fleet


def device_of(row: Row, sealer: Sealer) -> Device:
    """A device from the columns `device_columns` of queries/*.sql."""
    iot_id, sealed = row[7], row[8]
    return Device._make((*row[:8], sealer.open(sealed, f"device:{iot_id}"), row[9], DeviceStatus(row[10]), *row[11:]))
