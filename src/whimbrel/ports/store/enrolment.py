"""Devices that make themselves or fetch their credentials. Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.device import DeviceDraft
from whimbrel.domain.enrolment import EnrolledDevice, EnrolmentPolicy
from whimbrel.ports.store.devices import DeviceToken


class EnrollingProduct(NamedTuple):
    """What a door needs of a product to let its devices enrol."""

    product_id: int
    account_id: int
    product_secret: str
    policy: EnrolmentPolicy


class Enrolments(Protocol):
    async def policy(self, product_id: int) -> EnrolmentPolicy: ...
    async def set_policy(self, product_id: int, policy: EnrolmentPolicy) -> None:
        """Switches and quota from now on; how many made themselves is not changed. Raises StoreConflictError."""
        ...

    async def product(self, product_key: str) -> EnrollingProduct | None:
        """By its key alone, as a device names it; None when there is no such product. Costs the same either way
        (A04).
        """
        ...

    async def device(self, product_id: int, device_name: str) -> EnrolledDevice | None: ...
    async def make_device(self, draft: DeviceDraft) -> int:
        """A device that made itself: counted against its product's quota by one statement, never one too many (I6).

        Its id. Raises EnrolmentFullError, DeviceNameTakenError; then nothing is changed and the transaction may go on.
        """
        ...

    async def use_proof(self, product_id: int, digest: bytes, now_ms: int) -> bool:
        """False when a request with this digest was answered before (A16)."""
        ...

    async def enrolled(self, device: EnrolledDevice, token: DeviceToken | None, now_ms: int) -> None:
        """The device is about to be answered; a token replaces an older one. Raises StoreConflictError when the device
        is not what it was.
        """
        ...
