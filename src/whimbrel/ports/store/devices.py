"""Devices, what they report, and where they are connected. Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.device import Device, DeviceDraft, ModuleVersion
from whimbrel.domain.paging import Listing, Page


class DeviceLogin(NamedTuple):
    """What the device door needs to check a device's credentials."""

    device_id: int
    account_id: int
    device_secret: str
    is_disabled: bool


class Presence(NamedTuple):
    """A device's session in a gateway process."""

    device_id: int
    node_id: str
    session_id: int
    ip_address: str


class Devices(Protocol):
    async def add(self, draft: DeviceDraft) -> int:
        """Its id. Raises DeviceNameTakenError."""
        ...

    async def by_name(self, account_id: int, product_key: str, device_name: str) -> Device | None: ...
    async def by_iot_id(self, account_id: int, iot_id: str) -> Device | None: ...
    async def ids_by_names(self, account_id: int, product_id: int, names: tuple[str, ...]) -> dict[str, int]:
        """Name to id for those names that exist in the product; `names` is bounded by the operation."""
        ...

    async def page(self, account_id: int, product_id: int, page: Page) -> Listing[Device]: ...
    async def largest_id(self, product_id: int) -> int:
        """The id of the product's newest device, 0 without devices: freezes a target set (I2)."""
        ...

    async def login(self, product_key: str, device_name: str) -> DeviceLogin | None: ...


class ModuleVersions(Protocol):
    async def get(self, device_id: int, module_name: str) -> str | None: ...
    async def put(self, device_id: int, module_name: str, version: str, now_ms: int) -> bool:
        """False, and nothing stored, when the device has reported too many modules already (I17)."""
        ...

    async def page(self, device_id: int, page: Page) -> Listing[ModuleVersion]: ...


class Presences(Protocol):
    async def connected(self, presence: Presence, now_ms: int) -> None:
        """The device is online in this session, which replaces an older one; activates it the first time."""
        ...

    async def disconnected(self, presence: Presence) -> None:
        """The session ended; nothing changes when a newer session of the device has replaced it."""
        ...

    async def clear_node(self, node_id: str) -> None:
        """No device is connected to this node: what a node says when it starts."""
        ...
