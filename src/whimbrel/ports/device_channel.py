"""Port: sending to a device. Adapter: `sessions` (devices connected to this process)."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class UpgradeNotice(NamedTuple):
    """All that a device must know to upgrade (device-protocol 4). A repeated notice is the same command (I12)."""

    device_id: int
    task_id: int
    attempt: int
    module_name: str
    dest_version: str
    is_difference: bool
    size_bytes: int
    sign_method: str
    sign: str
    md5: str
    url: str
    extra: dict[str, str]  # the job's tags and `_package_udi`


class DeviceChannel(Protocol):
    async def send(self, notice: UpgradeNotice) -> bool:
        """Hand the notice to the device's session; False when no session of this device is here.

        True does not mean received: a device that misses it gets it again when it reconnects or asks (F05).
        """
        ...

    async def ping(self) -> None:
        """Raises StoreUnavailableError when devices cannot be reached now."""
        ...
