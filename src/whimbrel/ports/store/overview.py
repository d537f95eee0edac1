"""What an account has, by counters alone. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Protocol

from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.firmware import Firmware, FirmwareStatus


class ProductStanding(NamedTuple):
    """A product's devices by status, and by the version that they report of the module `default`."""

    devices: dict[DeviceStatus, int]
    versions: dict[str, int]


class Overviews(Protocol):
    """However large the fleet is, a call reads some thousand counters at most."""

    async def devices(self, account_id: int) -> dict[DeviceStatus, int]:
        """All devices of an account by status."""
        ...

    async def products(self, product_ids: Collection[int]) -> dict[int, ProductStanding]:
        """By product. Of very many versions (VERSION_LISTS_MAX over all products) some are left out."""
        ...

    async def firmware(self, account_id: int, product_id: int | None) -> dict[FirmwareStatus, int]:
        """Firmware that may not leave, by status: UNVERIFIED, VERIFYING, VERIFICATION_FAILED; of each 1,000 at most."""
        ...

    async def firmware_total(self, account_id: int, product_id: int | None) -> int: ...
    async def failed_firmware(self, account_id: int, product_id: int | None, limit: int) -> list[Firmware]:
        """The newest whose verification failed."""
        ...
