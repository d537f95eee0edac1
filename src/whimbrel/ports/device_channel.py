"""Port: sending to a device. Adapter: `sessions` (devices connected to this process)."""

from __future__ import annotations

from typing import Protocol

from whimbrel.domain.notice import UpgradeNotice


class DeviceSession(Protocol):
    """A connected device, as the channel sees it."""

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


class DeviceChannel(Protocol):
    async def send(self, notice: UpgradeNotice) -> bool:
        """Hand the notice to the device's session; False when no session of this device is here.

        True does not mean received: a device that misses it gets it again when it reconnects or asks (F05).
        """
        ...

    async def end(self, device_id: int) -> bool:
        """End the device's session; False when none of this device is here."""
        ...

    async def ping(self) -> None:
        """Raises StoreUnavailableError when devices cannot be reached now."""
        ...
