"""What devices say of themselves: that they are connected, and which versions they run."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.adapters.store.read_ahead import Standing
from whimbrel.adapters.store.repositories.device_lists import DevicePlace, count_activated, count_moved, device_turn
from whimbrel.adapters.store.repositories.padding import given
from whimbrel.adapters.store.session import Session
from whimbrel.domain.device import TRANSITIONS, DeviceStatus, ModuleVersion
from whimbrel.domain.device_story import FLAP_MS, VersionChange
from whimbrel.domain.ota_module import MODULES_PER_DEVICE_MAX
from whimbrel.domain.paging import Listing, Page
from whimbrel.ports.store import OrderKind, Presence

CLEARED_MAX = 500  # devices in one step, as many rows as a step of a job changes

SEEN_MS = 60_000  # a device that asks every second writes its row once a minute


class PresenceRepository:
    """A status is changed by the statements of presence, compared and set: devices come and go by the thousand."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def connected(self, presence: Presence, now_ms: int) -> bool:
        ahead = self._session.ahead
        old = ahead.standing(presence.device_id) if ahead is not None else None
        # An older session may have to be told: that is not read ahead.
        if ahead is not None and old is not None and old.status is not DeviceStatus.ONLINE:
            if DeviceStatus.ONLINE not in TRANSITIONS[old.status]:
                return False
            if ahead.has_moved(presence.device_id):
                await self._session.settle()
            ahead.come(presence, old, now_ms)
            self._count_online(DevicePlace(presence.device_id, old.account_id, old.product_id), old)
            return True
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
        ahead = self._session.ahead
        old = ahead.standing(presence.device_id) if ahead is not None else None
        if ahead is not None and old is not None:
            if old.is_held_by(presence):
                if ahead.has_moved(presence.device_id):
                    await self._session.settle()
                ahead.go(presence, old, now_ms)
                place = DevicePlace(presence.device_id, old.account_id, old.product_id)
                if old.status is DeviceStatus.ONLINE:
                    count_moved(self._session, place, DeviceStatus.ONLINE, DeviceStatus.OFFLINE)
            return
        await self._session.lock(device_turn(presence.device_id))
        ended = await self._session.run(
            "delete_presence", device_id=presence.device_id, node_id=presence.node_id, session_id=presence.session_id
        )
        if ended:
            await self.went_offline(presence.device_id, now_ms)

    async def went_offline(self, device_id: int, now_ms: int) -> None:
        """The caller has taken the device's turn."""
        await end_stay(self._session, device_id, now_ms)
        row = await self._session.one("device_offline", device_id=device_id, now_ms=now_ms)
        if row is not None:
            place = DevicePlace(device_id, row[0], row[1])
            count_moved(self._session, place, DeviceStatus.ONLINE, DeviceStatus.OFFLINE)

    async def called(self, device_id: int, ip_address: str, now_ms: int) -> bool:
        row = await self._session.one("device_last_seen", device_id=device_id)
        if row is None or DeviceStatus(row[0]) is DeviceStatus.DISABLE:
            return False
        _, activated_ms, seen_ms, seen_at = row
        if activated_ms is None:
            return await self._activated(device_id, ip_address, now_ms)
        # Looked at here, not in the statement: one that changes nothing would still end a batch's reading ahead.
        if seen_ms is None or now_ms - seen_ms > SEEN_MS or seen_at != ip_address:
            await self._session.run("device_seen", device_id=device_id, ip_address=ip_address, now_ms=now_ms)
        return True

    async def _activated(self, device_id: int, ip_address: str, now_ms: int) -> bool:
        """The first call of a device. It may have connected in another process since its state was read."""
        await self._session.lock(device_turn(device_id))
        row = await self._session.one("device_activated", device_id=device_id, ip_address=ip_address, now_ms=now_ms)
        if row is None:
            state = await self._session.one("device_state", device_id=device_id)
            return state is not None and DeviceStatus(state[2]) is not DeviceStatus.DISABLE
        place = DevicePlace(device_id, row[0], row[1])
        count_moved(self._session, place, DeviceStatus.UNACTIVE, DeviceStatus.OFFLINE)
        count_activated(self._session, place, 1)
        return True

    async def clear_node(self, node_id: str, now_ms: int, devices_max: int = CLEARED_MAX) -> int:
        held = await self._session.all("devices_of_node", node_id=node_id, devices_max=devices_max)
        if not held:
            return 0
        # Read again, now that nobody else changes their presence: some may have come to another node meanwhile.
        left = await self._session.all("delete_presences", node_id=node_id, **given(row[0] for row in held))
        if left:
            ids = given(row[0] for row in left)
            await self._session.run("end_stays", flap_ms=FLAP_MS, now_ms=now_ms, **ids)
            for row in await self._session.all("devices_offline", now_ms=now_ms, **ids):
                count_moved(self._session, DevicePlace(*row), DeviceStatus.ONLINE, DeviceStatus.OFFLINE)
        return len(left)

    def _count_online(self, place: DevicePlace, old: Standing) -> None:
        count_moved(self._session, place, old.status, DeviceStatus.ONLINE)
        if not old.is_activated:
            count_activated(self._session, place, 1)

    async def _connected_otherwise(self, presence: Presence, now_ms: int) -> bool:
        """The first connection, or one that takes an older session over; False when the device may not connect."""
        row = await self._session.one("device_state", device_id=presence.device_id)
        if row is None:
            return False
        account_id, product_id, state, activated_ms = row
        old = DeviceStatus(state)
        if old is not DeviceStatus.ONLINE and DeviceStatus.ONLINE not in TRANSITIONS[old]:
            return False
        # Who keeps no session takes none over: a device may poll over DDI while it is connected over MQTT.
        if old is DeviceStatus.ONLINE and presence.node_id:
            await self._session.all(
                "order_end",
                kind=OrderKind.TAKE_OVER.value,
                device_id=presence.device_id,
                but_node=presence.node_id,
            )
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


async def end_stay(session: Session, device_id: int, now_ms: int) -> None:
    """The device, if it is online, is about to be so no more; the caller has taken its turn."""
    await session.run("end_stay", device_id=device_id, flap_ms=FLAP_MS, now_ms=now_ms)


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
            self._record(VersionPlace(device_id, known.product_id, module_name), before, version, now_ms)
            return True
        await self._session.lock(device_turn(device_id))
        row = await self._session.one("reported_before", device_id=device_id, module_name=module_name)
        if row is None:
            return False
        product_id, before = row
        if before is None and await self._total(device_id) >= MODULES_PER_DEVICE_MAX:
            return False
        if before == version:
            await self._session.run("touch_module_version", device_id=device_id, module_name=module_name, now_ms=now_ms)
            return True
        self._record(VersionPlace(device_id, product_id, module_name), before, version, now_ms)
        await self._session.run(
            "put_module_version", device_id=device_id, module_name=module_name, version=version, now_ms=now_ms
        )
        return True

    async def page(self, device_id: int, page: Page) -> Listing[ModuleVersion]:
        rows = await self._session.all("module_versions_page", device_id=device_id, size=page.size, skip=page.offset)
        return Listing([ModuleVersion._make(row) for row in rows], await self._total(device_id))

    def _record(self, place: VersionPlace, before: str | None, version: str, now_ms: int) -> None:
        """What has to be counted and told of a change."""
        if before == version:
            return
        change = VersionChange(now_ms, place.module_name, before, version)
        self._session.late.version_changed(place.device_id, change)
        if before is not None:
            self._session.count(versions_list(place.product_id, place.module_name, before), place.device_id, -1)
        self._session.count(versions_list(place.product_id, place.module_name, version), place.device_id, 1)

    async def _total(self, device_id: int) -> int:
        row = await self._session.one("module_versions_total", device_id=device_id)
        return int(row[0]) if row else 0


def versions_list(product_id: int, module_name: str, version: str) -> str:
    """The name of the list of a product's devices that report this version of the module."""
    return f"versions:{product_id}:{module_name}:{version}"
