"""What devices say of themselves: that they are connected, and which versions they run."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.adapters.store.repositories.device_lists import DevicePlace, count_activated, count_moved, device_turn
from whimbrel.adapters.store.session import Session
from whimbrel.domain.device import TRANSITIONS, DeviceStatus, ModuleVersion
from whimbrel.domain.ota_module import MODULES_PER_DEVICE_MAX
from whimbrel.domain.paging import Listing, Page
from whimbrel.ports.store import Presence


class PresenceRepository:
    """A status is changed by the statements of presence, compared and set: devices come and go by the thousand."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def connected(self, presence: Presence, now_ms: int) -> bool:
        if not await self.came_online(presence, now_ms):
            return False
        await self._session.run(
            "put_presence",
            device_id=presence.device_id,
            node_id=presence.node_id,
            session_id=presence.session_id,
            now_ms=now_ms,
        )
        return True

    async def came_online(self, presence: Presence, now_ms: int) -> bool:
        """As `connected`, for a device that keeps no session."""
        await self._session.lock(device_turn(presence.device_id))
        row = await self._session.one(
            "device_back_online", device_id=presence.device_id, ip_address=presence.ip_address, now_ms=now_ms
        )
        if row is not None:
            place = DevicePlace(presence.device_id, row[0], row[1])
            count_moved(self._session, place, DeviceStatus.OFFLINE, DeviceStatus.ONLINE)
            return True
        return await self._connected_otherwise(presence, now_ms)

    async def disconnected(self, presence: Presence, now_ms: int) -> None:
        await self._session.lock(device_turn(presence.device_id))
        ended = await self._session.run(
            "delete_presence", device_id=presence.device_id, node_id=presence.node_id, session_id=presence.session_id
        )
        if ended:
            await self.went_offline(presence.device_id, now_ms)

    async def went_offline(self, device_id: int, now_ms: int) -> None:
        """The caller has taken the device's turn."""
        row = await self._session.one("device_offline", device_id=device_id, now_ms=now_ms)
        if row is not None:
            place = DevicePlace(device_id, row[0], row[1])
            count_moved(self._session, place, DeviceStatus.ONLINE, DeviceStatus.OFFLINE)

    async def clear_node(self, node_id: str, now_ms: int) -> None:
        await self._session.run("count_cleared", node_id=node_id)
        await self._session.run("clear_states", node_id=node_id, now_ms=now_ms)
        await self._session.run("clear_presence", node_id=node_id)

    async def _connected_otherwise(self, presence: Presence, now_ms: int) -> bool:
        """The first connection, or one that takes an older session over; False when the device may not connect."""
        row = await self._session.one("device_state", device_id=presence.device_id)
        if row is None:
            return False
        account_id, product_id, state, activated_ms = row
        old = DeviceStatus(state)
        if old is not DeviceStatus.ONLINE and DeviceStatus.ONLINE not in TRANSITIONS[old]:
            return False
        changed = await self._session.run(
            "device_online",
            device_id=presence.device_id,
            state=state,
            ip_address=presence.ip_address,
            now_ms=now_ms,
        )
        if not changed:
            return False
        place = DevicePlace(presence.device_id, account_id, product_id)
        count_moved(self._session, place, old, DeviceStatus.ONLINE)
        if activated_ms is None:
            count_activated(self._session, place, 1)
        return True


class VersionPlace(NamedTuple):
    """Whose version of what."""

    device_id: int
    product_id: int
    module_name: str


class ModuleVersionRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, device_id: int, module_name: str) -> str | None:
        known = self._session.ahead.reported(device_id) if self._session.ahead is not None else None
        if known is not None:
            return known.versions.get(module_name)
        row = await self._session.one("module_version", device_id=device_id, module_name=module_name)
        return row[0] if row else None

    async def put(self, device_id: int, module_name: str, version: str, now_ms: int) -> bool:
        ahead = self._session.ahead
        if ahead is not None and ahead.may_put(device_id):
            known = ahead.reported(device_id)
            assert known is not None, "may_put says that the device was read"
            before = known.versions.get(module_name)
            if before is None and len(known.versions) >= MODULES_PER_DEVICE_MAX:
                return False
            ahead.put_version(device_id, module_name, version, now_ms)
            self._count(VersionPlace(device_id, known.product_id, module_name), before, version)
            return True
        await self._session.lock(device_turn(device_id))
        row = await self._session.one("reported_before", device_id=device_id, module_name=module_name)
        if row is None:
            return False
        product_id, before = row
        if before is None and await self._total(device_id) >= MODULES_PER_DEVICE_MAX:
            return False
        self._count(VersionPlace(device_id, product_id, module_name), before, version)
        await self._session.run(
            "put_module_version", device_id=device_id, module_name=module_name, version=version, now_ms=now_ms
        )
        return True

    async def page(self, device_id: int, page: Page) -> Listing[ModuleVersion]:
        rows = await self._session.all("module_versions_page", device_id=device_id, size=page.size, skip=page.offset)
        return Listing([ModuleVersion._make(row) for row in rows], await self._total(device_id))

    def _count(self, place: VersionPlace, before: str | None, version: str) -> None:
        if before == version:
            return
        if before is not None:
            self._session.count(versions_list(place.product_id, place.module_name, before), place.device_id, -1)
        self._session.count(versions_list(place.product_id, place.module_name, version), place.device_id, 1)

    async def _total(self, device_id: int) -> int:
        row = await self._session.one("module_versions_total", device_id=device_id)
        return int(row[0]) if row else 0


def versions_list(product_id: int, module_name: str, version: str) -> str:
    """The name of the list of a product's devices that report this version of the module."""
    return f"versions:{product_id}:{module_name}:{version}"
