"""What devices say of themselves: that they are connected, and which versions they run."""

from __future__ import annotations

from whimbrel.adapters.store.session import Session
from whimbrel.domain.device import ModuleVersion
from whimbrel.domain.ota_module import MODULES_PER_DEVICE_MAX
from whimbrel.domain.paging import Listing, Page
from whimbrel.ports.store import Presence


class PresenceRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def connected(self, presence: Presence, now_ms: int) -> None:
        await self._session.run(
            "put_presence",
            device_id=presence.device_id,
            node_id=presence.node_id,
            session_id=presence.session_id,
            now_ms=now_ms,
        )
        await self._session.run(
            "activate_device", device_id=presence.device_id, ip_address=presence.ip_address, now_ms=now_ms
        )

    async def disconnected(self, presence: Presence) -> None:
        await self._session.run(
            "delete_presence", device_id=presence.device_id, node_id=presence.node_id, session_id=presence.session_id
        )

    async def clear_node(self, node_id: str) -> None:
        await self._session.run("clear_presence", node_id=node_id)


class ModuleVersionRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, device_id: int, module_name: str) -> str | None:
        row = await self._session.one("module_version", device_id=device_id, module_name=module_name)
        return row[0] if row else None

    async def put(self, device_id: int, module_name: str, version: str, now_ms: int) -> bool:
        is_new = await self.get(device_id, module_name) is None
        if is_new and await self._total(device_id) >= MODULES_PER_DEVICE_MAX:
            return False
        await self._session.run(
            "put_module_version", device_id=device_id, module_name=module_name, version=version, now_ms=now_ms
        )
        return True

    async def page(self, device_id: int, page: Page) -> Listing[ModuleVersion]:
        rows = await self._session.all("module_versions_page", device_id=device_id, size=page.size, skip=page.offset)
        return Listing([ModuleVersion._make(row) for row in rows], await self._total(device_id))

    async def _total(self, device_id: int) -> int:
        row = await self._session.one("module_versions_total", device_id=device_id)
        return int(row[0]) if row else 0
