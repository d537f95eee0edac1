"""The lists that devices are counted in: by product and by account, each whole, by status, and those ever activated."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.adapters.store.session import Session
from whimbrel.domain.device import DeviceStatus


class DevicePlace(NamedTuple):
    """Which device, and whose lists it stands in."""

    device_id: int
    account_id: int
    product_id: int


def device_turn(device_id: int) -> str:
    """The name to lock while a device's presence or versions are read and then changed: two gateways may hear of it."""
    return f"device:{device_id}"


def devices_list(product_id: int, status: DeviceStatus | None = None) -> str:
    return f"devices:{product_id}" if status is None else f"devices:{product_id}:{status.value}"


def account_devices_list(account_id: int, status: DeviceStatus | None = None) -> str:
    return f"account_devices:{account_id}" if status is None else f"account_devices:{account_id}:{status.value}"


def activated_list(product_id: int) -> str:
    return f"activated:{product_id}"


def account_activated_list(account_id: int) -> str:
    return f"account_activated:{account_id}"


def apply_list(apply_id: int) -> str:
    return f"apply:{apply_id}"


def count_device(session: Session, place: DevicePlace, status: DeviceStatus, n: int) -> None:
    """A device of this status came (1) or went (-1)."""
    for wanted in (None, status):
        session.count(devices_list(place.product_id, wanted), place.device_id, n)
        session.count(account_devices_list(place.account_id, wanted), place.device_id, n)


def count_activated(session: Session, place: DevicePlace, n: int) -> None:
    session.count(activated_list(place.product_id), place.device_id, n)
    session.count(account_activated_list(place.account_id), place.device_id, n)


def count_moved(session: Session, place: DevicePlace, old: DeviceStatus, new: DeviceStatus) -> None:
    """A device went from one status to another."""
    if old is new:
        return
    for status, n in ((old, -1), (new, 1)):
        session.count(devices_list(place.product_id, status), place.device_id, n)
        session.count(account_devices_list(place.account_id, status), place.device_id, n)
