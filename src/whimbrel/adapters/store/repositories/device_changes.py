"""What operations do to devices, and the sessions that end by it."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.births import hold_births
from whimbrel.adapters.store.repositories.departures import leave_everything
from whimbrel.adapters.store.repositories.device_lists import (
    DevicePlace,
    apply_list,
    count_activated,
    count_device,
    count_moved,
    device_turn,
)
from whimbrel.adapters.store.repositories.presence import end_stay
from whimbrel.adapters.store.session import Session
from whimbrel.domain.device import TRANSITIONS, Device, DeviceStatus
from whimbrel.errors import StoreConflictError
from whimbrel.ports.store import OrderKind


class DeviceChangeRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def rename(self, device: Device, nickname: str, now_ms: int) -> None:
        changed = await self._session.run("rename_device", device_id=device.id, nickname=nickname, now_ms=now_ms)
        _require(changed, device)

    async def disable(self, device: Device, now_ms: int) -> None:
        await self._move(device, DeviceStatus.DISABLE, now_ms)
        await self._end_session(device)

    async def enable(self, device: Device, now_ms: int) -> None:
        await self._move(device, device.status_when_enabled, now_ms)

    async def delete(self, device: Device, now_ms: int) -> None:
        await self._session.lock(device_turn(device.id))
        # A job that makes tasks now still sees the device: the caller, who cancels its open ones, must see them all.
        await hold_births(self._session, device.product_id)
        row = await self._session.one("delete_device", device_id=device.id, state=device.status.value, now_ms=now_ms)
        if row is None:
            raise _conflict(device)
        apply_id, activated_ms = row
        place = _place(device)
        count_device(self._session, place, device.status, -1)
        if activated_ms is not None:
            count_activated(self._session, place, -1)
        if apply_id is not None:
            self._session.count(apply_list(apply_id), device.id, -1)
        await self._end_session(device)
        await leave_everything(self._session, device)

    async def reset_enrolment(self, device: Device, now_ms: int) -> None:
        await self._session.run("reset_enrolment", device_id=device.id, now_ms=now_ms)

    async def _move(self, device: Device, new: DeviceStatus, now_ms: int) -> None:
        assert new in TRANSITIONS[device.status], f"{device.status} does not become {new}"
        await self._session.lock(device_turn(device.id))
        await end_stay(self._session, device.id, now_ms)
        changed = await self._session.run(
            "move_device_state", device_id=device.id, old=device.status.value, new=new.value, now_ms=now_ms
        )
        _require(changed, device)
        count_moved(self._session, _place(device), device.status, new)

    async def _end_session(self, device: Device) -> None:
        """Nothing is pushed to it from now on; the node that holds it ends it after the commit (A21)."""
        await self._session.all("order_end", kind=OrderKind.REVOKE.value, device_id=device.id, but_node="")
        await self._session.run("delete_presence_of", device_id=device.id)


def _place(device: Device) -> DevicePlace:
    return DevicePlace(device.id, device.account_id, device.product_id)


def _require(changed: int, device: Device) -> None:
    if not changed:
        raise _conflict(device)


def _conflict(device: Device) -> StoreConflictError:
    return StoreConflictError(f"the device {device.device_name} changed meanwhile; nothing was done")
