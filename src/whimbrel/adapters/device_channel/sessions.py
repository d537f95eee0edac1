"""Port `device_channel`: the devices that are connected to this process."""

from __future__ import annotations

from whimbrel.domain.notice import UpgradeNotice
from whimbrel.domain.task import Task
from whimbrel.ports.device_channel import DeviceSession, SessionEnd
from whimbrel.ports.store import Transaction


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

    async def post(self, store: Transaction, tasks: list[Task]) -> list[Task]:
        """All devices there are are here."""
        return tasks

    async def send(self, notice: UpgradeNotice) -> bool:
        session = self._sessions.get(notice.device_id)
        if session is None:
            return False
        session.notify(notice)
        return True

    async def end(self, end: SessionEnd) -> bool:
        session = self._sessions.get(end.device_id)
        if session is None or session.session_id != end.session_id:
            return False
        if end.is_revoked:
            session.revoke()
        else:
            session.take_over()
        return True

    async def ping(self) -> None:
        """The sessions of this process are always reachable."""
