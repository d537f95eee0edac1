"""Devices, what they report, and where they are connected. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from whimbrel.domain.device import Device, DeviceCounts, DeviceDraft, DeviceStatus, ModuleVersion
from whimbrel.domain.paging import Listing, Page
from whimbrel.errors import StoreUnavailableError


class LoginClaim(NamedTuple):
    """Whom a login is about. The product key has up to 30 letters and digits, the name up to 32 characters, ASCII."""

    product_key: str
    device_name: str


class DeviceToken(NamedTuple):
    """The password of a device that registered without a secret: its digest, and the client id that goes with it."""

    digest: bytes
    client_id: str


class DeviceLogin(NamedTuple):
    """What the device door needs to check a device's credentials."""

    device_id: int
    account_id: int
    device_secret: str
    is_disabled: bool
    token: DeviceToken | None = None


class Presence(NamedTuple):
    """A device's session in a gateway process."""

    device_id: int
    node_id: str
    session_id: int
    ip_address: str


class Devices(Protocol):
    """Finding devices. Deleted ones are found by no method of this port."""

    async def add(self, draft: DeviceDraft) -> int:
        """Its id. Raises DeviceNameTakenError."""
        ...

    async def by_name(self, account_id: int, product_key: str, device_name: str) -> Device | None: ...
    async def by_iot_id(self, account_id: int, iot_id: str) -> Device | None: ...
    async def ids_by_names(self, account_id: int, product_id: int, names: tuple[str, ...]) -> dict[str, int]:
        """Name to id for those names that exist in the product; `names` is bounded by the operation."""
        ...

    async def page(self, account_id: int, product_id: int, page: Page) -> Listing[Device]: ...
    async def below(self, account_id: int, product_id: int, device_id: int, size: int) -> list[Device]:
        """The product's next devices after this id, newest first: a cursor that later devices do not move."""
        ...

    async def largest_id(self, product_id: int) -> int:
        """The id of the product's newest device, 0 without devices: freezes a target set (I2)."""
        ...

    async def login(self, product_key: str, device_name: str) -> DeviceLogin | None: ...


class DeviceLogins(Protocol):
    async def many(self, claims: Sequence[LoginClaim]) -> list[DeviceLogin | StoreUnavailableError | None]:
        """One entry for each claim, in their order, by one statement; None, at the same cost, where there is no such
        device (A04). A secret that does not open is an error in that device's place, and no other's.
        """
        ...


class DeviceStates(Protocol):
    """Lists and counts by status."""

    async def page(self, account_id: int, product_id: int | None, status: DeviceStatus, page: Page) -> Listing[Device]:
        """The account's or the product's devices in this status, newest first."""
        ...

    async def counts(self, account_id: int, product_id: int | None) -> DeviceCounts: ...
    async def counts_of_members(self, group_row_id: int, product_id: int | None) -> DeviceCounts:
        """Of a static group's members, of one product or of all: counted in bounded pieces."""
        ...


class DeviceChanges(Protocol):
    """What operations do to devices. `device` is compared with the row: a status that moved meanwhile is a conflict.

    Raises StoreConflictError, with nothing changed.
    """

    async def rename(self, device: Device, nickname: str, now_ms: int) -> None: ...
    async def disable(self, device: Device, now_ms: int) -> None:
        """Its session is to end; from now on it may not connect."""
        ...

    async def enable(self, device: Device, now_ms: int) -> None: ...
    async def delete(self, device: Device, now_ms: int) -> None:
        """It is in no list any more, its name is free, its session is to end; its tasks keep their rows."""
        ...

    async def reset_enrolment(self, device: Device, now_ms: int) -> None:
        """The device may register dynamically once more."""
        ...


class ModuleVersions(Protocol):
    async def get(self, device_id: int, module_name: str) -> str | None: ...
    async def put(self, device_id: int, module_name: str, version: str, now_ms: int) -> bool:
        """False, and nothing stored, when the device has reported too many modules already (I17)."""
        ...

    async def page(self, device_id: int, page: Page) -> Listing[ModuleVersion]: ...


class Presences(Protocol):
    async def connected(self, presence: Presence, now_ms: int) -> bool:
        """The device is online in this session, which replaces an older one; activates it the first time.

        Another node that holds the older one is ordered to end it.

        False, and nothing changed, when it was disabled or deleted since its login.
        """
        ...

    async def disconnected(self, presence: Presence, now_ms: int) -> None:
        """The session ended; nothing changes when a newer session of the device has replaced it."""
        ...

    async def called(self, device_id: int, ip_address: str, now_ms: int) -> bool:
        """A device that keeps no session was heard: activates it the first time; its status is OFFLINE then.

        False, and nothing changed, when it is disabled or deleted. When it was seen is kept to the minute.
        """
        ...

    async def clear_node(self, node_id: str, now_ms: int, devices_max: int = 500) -> int:
        """The next devices of this node are connected no more; how many. Those that others change now may wait."""
        ...
