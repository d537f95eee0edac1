"""Port `device_channel`: the devices that are connected to this process."""

from __future__ import annotations

from whimbrel.domain.notice import UpgradeNotice
from whimbrel.ports.device_channel import DeviceSession


class SessionChannel:
    """Both `DeviceChannel` and `Sessions`: at most one session a device, the newest."""

    def __init__(self) -> None:
        self._sessions: dict[int, DeviceSession] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def enter(self, device_id: int, session: DeviceSession) -> None:
        older = self._sessions.get(device_id)
        self._sessions[device_id] = session
        if older is not None:
            older.take_over()

    def leave(self, device_id: int, session: DeviceSession) -> None:
        if self._sessions.get(device_id) is session:
            del self._sessions[device_id]

    async def send(self, notice: UpgradeNotice) -> bool:
        session = self._sessions.get(notice.device_id)
        if session is None:
            return False
        session.notify(notice)
        return True

    async def end(self, device_id: int) -> bool:
        session = self._sessions.get(device_id)
        if session is None:
            return False
        session.revoke()
        return True

    async def ping(self) -> None:
        """The sessions of this process are always reachable."""
