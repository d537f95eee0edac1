"""Devices: the registry. Presence and reported versions are in `presence.py`."""

from __future__ import annotations

from whimbrel.adapters.store.session import Row, Session, UniqueViolationError, list_total, position_of
from whimbrel.domain.device import Device, DeviceDraft
from whimbrel.domain.paging import Listing, Page
from whimbrel.errors import DeviceNameTakenError
from whimbrel.ports.sealer import Sealer
from whimbrel.ports.store import DeviceLogin


class DeviceRepository:
    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def add(self, draft: DeviceDraft) -> int:
        values = draft._asdict()
        sealed = self._sealer.seal(values.pop("device_secret"), f"device:{draft.iot_id}")
        try:
            row = await self._session.one("add_device", secret_sealed=sealed, **values)
        except UniqueViolationError:
            raise DeviceNameTakenError(f"the product has a device of the name {draft.device_name}") from None
        assert row is not None
        self._session.count(_list(draft.product_id), int(row[0]), 1)
        return int(row[0])

    async def by_name(self, account_id: int, product_key: str, device_name: str) -> Device | None:
        row = await self._session.one(
            "device_by_name", account_id=account_id, product_key=product_key, device_name=device_name
        )
        return self._device(row) if row else None

    async def by_iot_id(self, account_id: int, iot_id: str) -> Device | None:
        row = await self._session.one("device_by_iot_id", account_id=account_id, iot_id=iot_id)
        return self._device(row) if row else None

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
        position = await position_of(self._session, _list(product_id), page)
        if position is None:
            return Listing((), await list_total(self._session, _list(product_id)))
        rows = await self._session.all(
            "devices_page",
            account_id=account_id,
            product_id=product_id,
            below=position.below,
            skip=position.skip,
            size=page.size,
        )
        return Listing([self._device(row) for row in rows], position.total)

    async def largest_id(self, product_id: int) -> int:
        row = await self._session.one("largest_device_id", product_id=product_id)
        return int(row[0]) if row else 0

    async def login(self, product_key: str, device_name: str) -> DeviceLogin | None:
        row = await self._session.one("device_login", product_key=product_key, device_name=device_name)
        if row is None:
            return None
        device_id, account_id, iot_id, sealed, is_disabled = row
        return DeviceLogin(device_id, account_id, self._sealer.open(sealed, f"device:{iot_id}"), bool(is_disabled))

    def _device(self, row: Row) -> Device:
        iot_id, sealed = row[7], row[8]
        secret = self._sealer.open(sealed, f"device:{iot_id}")
        return Device._make((*row[:8], secret, row[9], bool(row[10]), *row[11:]))


def _list(product_id: int) -> str:
    return f"devices:{product_id}"
