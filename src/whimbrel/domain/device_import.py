"""Devices that bring their identity from another server: what they may bring, and what stands in their way.

Invariant: an import never changes what is there. A device of the same name is equal in all that was given, or it is a
conflict, which a person decides (delete it, rename it, leave it).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.device import Device

IMPORTED_DEVICES_MAX = 1_000  # in one call; they hold up changes for 0.1 to 0.4 s (ADR 0063)

# 22 letters and digits have 131 bits (A15); the vendors' secrets have 32, of products 16.
IMPORTED_DEVICE_SECRET = re.compile(r"[A-Za-z0-9]{22,64}")
IMPORTED_PRODUCT_SECRET = re.compile(r"[A-Za-z0-9]{16,64}")
IOT_ID_LENGTH_MAX = 64
IMPORTED_IOT_ID = re.compile(rf"[A-Za-z0-9]{{16,{IOT_ID_LENGTH_MAX}}}")


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


class JudgedImport(NamedTuple):
    """What becomes of the devices of an import; conflicts by the device's name, in the order given."""

    new: list[DeviceImport]
    equal: list[DeviceImport]
    conflicts: list[tuple[str, ImportConflict]]


def judge_import(
    wanted: Iterable[DeviceImport], existing: Mapping[str, Device], taken_iot_ids: Collection[str]
) -> JudgedImport:
    """`existing`: the product's devices of these names; `taken_iot_ids`: those that no new device can have.

    Of names and IotIds that come twice the first ones count.
    """
    judged = JudgedImport([], [], [])
    names: set[str] = set()
    iot_ids = set(taken_iot_ids)
    for device in wanted:
        there = existing.get(device.device_name)
        reason: ImportConflict | None = None
        if device.device_name in names:
            reason = ImportConflict.REPEATED_NAME
        elif there is not None:
            reason = conflict_with(there, device)
        elif device.iot_id in iot_ids:
            reason = ImportConflict.IOT_ID_TAKEN
        names.add(device.device_name)
        if reason is not None:
            judged.conflicts.append((device.device_name, reason))
            continue
        (judged.new if there is None else judged.equal).append(device)
        if device.iot_id:
            iot_ids.add(device.iot_id)
    return judged


def conflict_with(existing: Device, wanted: DeviceImport) -> ImportConflict | None:
    """What tells the two apart, the weightiest first; None when they are equal in all that was given."""
    if wanted.device_secret and not hmac.compare_digest(wanted.device_secret, existing.device_secret):
        return ImportConflict.DIFFERENT_SECRET
    if wanted.iot_id and wanted.iot_id != existing.iot_id:
        return ImportConflict.DIFFERENT_IOT_ID
    return None if wanted.nickname == existing.nickname else ImportConflict.DIFFERENT_NICKNAME
