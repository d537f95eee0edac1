"""What an account has, by counters: nothing here grows with the fleet."""

from __future__ import annotations

from collections.abc import Collection

from whimbrel.adapters.store.repositories.device_lists import account_devices_list
from whimbrel.adapters.store.repositories.firmware import firmware_list
from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.session import Session, list_total
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.firmware import Firmware, FirmwareStatus
from whimbrel.ports.store.overview import ProductStanding

VERSION_LISTS_MAX = 5_000  # over all products of a call: as many take some 15 ms
VERSIONS_OF_PRODUCT_MAX = 1_000
UNREADY_FIRMWARE_MAX = 1_000  # of each status; more is said to be so much


class OverviewRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def devices(self, account_id: int) -> dict[DeviceStatus, int]:
        return {
            status: await list_total(self._session, account_devices_list(account_id, status)) for status in DeviceStatus
        }

    async def products(self, product_ids: Collection[int]) -> dict[int, ProductStanding]:
        if not product_ids:
            return {}
        standings = {product_id: ProductStanding({}, {}) for product_id in product_ids}
        these = given(product_ids)
        for product_id, status, n in await self._session.all("devices_of_products", **these):
            standings[product_id].devices[DeviceStatus(status)] = n
        versions_max = min(VERSIONS_OF_PRODUCT_MAX, VERSION_LISTS_MAX // len(product_ids))
        for product_id, version, n in await self._session.all(
            "versions_of_products", versions_max=versions_max, **these
        ):
            standings[product_id].versions[version] = n
        return standings

    async def firmware(self, account_id: int, product_id: int | None) -> dict[FirmwareStatus, int]:
        statement, where = _of("unready_firmware", account_id, product_id)
        rows = await self._session.all(statement, firmware_max=UNREADY_FIRMWARE_MAX, **where)
        return {FirmwareStatus(status): n for status, n in rows}

    async def firmware_total(self, account_id: int, product_id: int | None) -> int:
        return await list_total(self._session, firmware_list(account_id, product_id, None))

    async def failed_firmware(self, account_id: int, product_id: int | None, limit: int) -> list[Firmware]:
        statement, where = _of("failed_firmware", account_id, product_id)
        return [Firmware(*row) for row in await self._session.all(statement, limit=limit, **where)]


def _of(statement: str, account_id: int, product_id: int | None) -> tuple[str, dict[str, int]]:
    if product_id is None:
        return f"{statement}_of_account", {"account_id": account_id}
    return f"{statement}_of_product", {"product_id": product_id}
