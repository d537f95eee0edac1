"""Devices and their presence (api-contract 13.2, 6.6)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.characters import CJK, LETTERS_DIGITS, counted_length

DEVICE_NAME = re.compile(r"[A-Za-z0-9\-_@.:]{4,32}")
NICKNAME_LENGTH_MIN, NICKNAME_LENGTH_MAX = 4, 64
DEVICE_SECRET_LENGTH = 32
IOT_ID_LENGTH = 24
_NICKNAME = re.compile(f"[{LETTERS_DIGITS}_{CJK}]+")


class DeviceStatus(StrEnum):
    """What the platform knows of a device's presence; derived, never stored (see `status_of`)."""

    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    UNACTIVE = "UNACTIVE"  # never connected
    DISABLE = "DISABLE"


class DeviceDraft(NamedTuple):
    """A device about to be stored."""

    account_id: int
    product_id: int
    device_name: str
    iot_id: str
    device_secret: str
    nickname: str
    created_ms: int


class Device(NamedTuple):
    """A stored device with its product's names. `online_since_ms` is set while a gateway holds its session."""

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
    is_disabled: bool
    created_ms: int
    modified_ms: int
    activated_ms: int | None
    last_online_ms: int | None
    ip_address: str
    online_since_ms: int | None

    @property
    def status(self) -> DeviceStatus:
        return status_of(
            is_disabled=self.is_disabled,
            is_online=self.online_since_ms is not None,
            is_activated=self.activated_ms is not None,
        )


class ModuleVersion(NamedTuple):
    """The version that a device reported for one of its modules."""

    module_name: str
    version: str
    reported_ms: int


def status_of(*, is_disabled: bool, is_online: bool, is_activated: bool) -> DeviceStatus:
    """DISABLE hides everything else; a device that never connected is UNACTIVE (device-protocol 1)."""
    if is_disabled:
        return DeviceStatus.DISABLE
    if is_online:
        return DeviceStatus.ONLINE
    return DeviceStatus.OFFLINE if is_activated else DeviceStatus.UNACTIVE


def is_valid_nickname(nickname: str) -> bool:
    """4 to 64 of letters, digits, `_` and CJK, a CJK character counting 2 (api-contract 13.2)."""
    return _NICKNAME.fullmatch(nickname) is not None and (
        NICKNAME_LENGTH_MIN <= counted_length(nickname) <= NICKNAME_LENGTH_MAX
    )
