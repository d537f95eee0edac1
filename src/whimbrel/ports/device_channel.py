"""Port: reaching devices. Adapters: `sessions` (devices connected to this process), `bus` (to any process)."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.notice import UpgradeNotice
from whimbrel.domain.task import Task
from whimbrel.ports.store import Transaction


class DeviceSession(Protocol):
    """A connected device, as the channel sees it."""

    @property
    def session_id(self) -> int:
        """As in the device's `Presence`: no two sessions of a process share one."""
        ...

    def notify(self, notice: UpgradeNotice) -> None:
        """Send the notice in the session's own protocol."""
        ...

    def take_over(self) -> None:
        """A newer session of the same device has come: this one ends (device-protocol 1)."""
        ...

    def revoke(self) -> None:
        """The device may not be connected any more, because it was disabled or deleted: this session ends."""
        ...


class Sessions(Protocol):
    """Where the device doors enter and leave their sessions."""

    def enter(self, device_id: int, session: DeviceSession) -> None:
        """The device's session from now on; an older one is taken over."""
        ...

    def leave(self, device_id: int, session: DeviceSession) -> None:
        """The session has ended; nothing happens when a newer one has taken its place."""
        ...


class SessionEnd(NamedTuple):
    """One session that is to end: taken over by a newer one elsewhere, or revoked."""

    device_id: int
    session_id: int
    is_revoked: bool


class DeviceChannel(Protocol):
    async def post(self, store: Transaction, tasks: list[Task]) -> list[Task]:
        """In the transaction that claimed the tasks: give those whose devices other processes hold to them, durably.

        Returns the others: the caller sends their notices after the commit.
        """
        ...

    async def send(self, notice: UpgradeNotice) -> bool:
        """Hand the notice to the device's session; False when no session of this device is in this process.

        True does not mean received: a device that misses it gets it again when it reconnects or asks (F05).
        """
        ...

    async def end(self, end: SessionEnd) -> bool:
        """End the session; False when it is not in this process, or not any more."""
        ...

    async def ping(self) -> None:
        """Raises StoreUnavailableError when devices cannot be reached now."""
        ...
