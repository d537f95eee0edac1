"""Devices and their status (api-contract 13.2, 6.6)."""

from __future__ import annotations

import hashlib
import re
from enum import Enum
from typing import NamedTuple

from whimbrel.domain.characters import CJK, LETTERS_DIGITS, counted_length

DEVICE_NAME_LENGTH_MAX = 32
DEVICE_NAME = re.compile(rf"[A-Za-z0-9\-_@.:]{{4,{DEVICE_NAME_LENGTH_MAX}}}")
NICKNAME_LENGTH_MIN, NICKNAME_LENGTH_MAX = 4, 64
DEVICE_SECRET_LENGTH = 32
IOT_ID_LENGTH = 24
RANDOM_NAME_LENGTH = 20
_NICKNAME = re.compile(f"[{LETTERS_DIGITS}_{CJK}]+")


class DeviceStatus(Enum):
    """The wire's word, and the code of QueryDeviceByStatus that rows carry too."""

    UNACTIVE = 0  # never connected
    ONLINE = 1
    OFFLINE = 3
    DISABLE = 8  # hides everything else (device-protocol 1)


#: From each status, the statuses that may follow. Nothing else decides.
TRANSITIONS: dict[DeviceStatus, frozenset[DeviceStatus]] = {
    # OFFLINE at once: a device that keeps no session has called (device-protocol 10).
    DeviceStatus.UNACTIVE: frozenset({DeviceStatus.ONLINE, DeviceStatus.OFFLINE, DeviceStatus.DISABLE}),
    DeviceStatus.ONLINE: frozenset({DeviceStatus.OFFLINE, DeviceStatus.DISABLE}),
    DeviceStatus.OFFLINE: frozenset({DeviceStatus.ONLINE, DeviceStatus.DISABLE}),
    DeviceStatus.DISABLE: frozenset({DeviceStatus.UNACTIVE, DeviceStatus.OFFLINE}),
}


class DeviceDraft(NamedTuple):
    """A device about to be stored."""

    account_id: int
    product_id: int
    device_name: str
    iot_id: str
    device_secret: str
    nickname: str
    created_ms: int
    apply_id: int | None = None

    @property
    def gray_key(self) -> int:
        """31 bits that are spread evenly and never change: a share of a product's devices is a range of them."""
        return int.from_bytes(hashlib.sha256(self.iot_id.encode()).digest()[:4]) >> 1


class Device(NamedTuple):
    """A stored device with its product's names. `status_ms` is when its status changed last."""

    id: int
    account_id: int
    product_id: int
    product_key: str
    product_name: str
    node_type: int
    device_name: str
    iot_id: str
    device_secret: str
    nickname: str
    status: DeviceStatus
    status_ms: int
    created_ms: int
    modified_ms: int
    activated_ms: int | None
    last_online_ms: int | None
    ip_address: str

    @property
    def status_when_enabled(self) -> DeviceStatus:
        """What a disabled device becomes: its session ended when it was disabled."""
        return DeviceStatus.UNACTIVE if self.activated_ms is None else DeviceStatus.OFFLINE


class DeviceCounts(NamedTuple):
    """How many devices there are, are connected, and have ever been (QueryDeviceStatistics)."""

    devices: int
    online: int
    active: int


class ModuleVersion(NamedTuple):
    """The version that a device reported for one of its modules."""

    module_name: str
    version: str
    reported_ms: int


def is_valid_nickname(nickname: str) -> bool:
    """4 to 64 of letters, digits, `_` and CJK, a CJK character counting 2 (api-contract 13.2)."""
    return _NICKNAME.fullmatch(nickname) is not None and (
        NICKNAME_LENGTH_MIN <= counted_length(nickname) <= NICKNAME_LENGTH_MAX
    )
