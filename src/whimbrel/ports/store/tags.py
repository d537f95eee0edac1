"""Tags of devices. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from whimbrel.domain.device import Device
from whimbrel.domain.device_tag import DeviceTag
from whimbrel.domain.paging import Listing, Page
from whimbrel.ports.store.groups import DeviceIdentity


class DeviceTags(Protocol):
    async def of_device(self, device_id: int) -> dict[str, str]:
        """Key to value, at most 100, in the order of keys."""
        ...

    async def put(self, device: Device, tags: Collection[DeviceTag]) -> None:
        """Adds the tags; those of the same keys are replaced, others stay."""
        ...

    async def remove(self, device: Device, key: str) -> None:
        """Nothing happens when the device has no such tag."""
        ...

    async def page(self, account_id: int, tags: Collection[DeviceTag], page: Page) -> Listing[DeviceIdentity] | None:
        """Devices with all these 1 to 10 tags, newest first. None: too many devices would have to be looked at."""
        ...

    async def forget_device(self, account_id: int, device_id: int) -> None:
        """The device loses its tags: it is being deleted."""
        ...
