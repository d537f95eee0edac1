"""Devices that bring their identity from another server: what they may bring, and what stands in their way.

Invariant: an import never changes what is there. A device of the same name is equal in all that was given, or it is a
conflict, which a person decides (delete it, rename it, leave it).
"""

from __future__ import annotations

import hmac
import re
from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.device import Device

IMPORTED_DEVICES_MAX = 1_000  # in one call; 1,000 devices take some 60 ms of the store's turn (ADR 0063)

# 22 letters and digits have 131 bits (A15); the vendors' secrets have 32, of products 16.
IMPORTED_DEVICE_SECRET = re.compile(r"[A-Za-z0-9]{22,64}")
IMPORTED_PRODUCT_SECRET = re.compile(r"[A-Za-z0-9]{16,64}")
IMPORTED_IOT_ID = re.compile(r"[A-Za-z0-9]{16,64}")


class ImportConflict(StrEnum):
    """Why a device was left out; the wire's words."""

    DIFFERENT_SECRET = "DIFFERENT_SECRET"  # noqa: S105  a word of the wire
    DIFFERENT_IOT_ID = "DIFFERENT_IOT_ID"
    DIFFERENT_NICKNAME = "DIFFERENT_NICKNAME"
    IOT_ID_TAKEN = "IOT_ID_TAKEN"
    REPEATED_NAME = "REPEATED_NAME"


class DeviceImport(NamedTuple):
    """A device as it was elsewhere; an empty secret or IotId is made here, as for a device that is registered."""

    device_name: str
    device_secret: str = ""
    iot_id: str = ""
    nickname: str = ""


def conflict_with(existing: Device, wanted: DeviceImport) -> ImportConflict | None:
    """What tells the two apart, the weightiest first; None when they are equal in all that was given."""
    if wanted.device_secret and not hmac.compare_digest(wanted.device_secret, existing.device_secret):
        return ImportConflict.DIFFERENT_SECRET
    if wanted.iot_id and wanted.iot_id != existing.iot_id:
        return ImportConflict.DIFFERENT_IOT_ID
    return None if wanted.nickname == existing.nickname else ImportConflict.DIFFERENT_NICKNAME
