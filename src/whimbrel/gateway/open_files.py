"""The firmware objects that downloads over MQTT read: opened once for all devices, few at a time, closed when idle.

A file stays readable while it is open, also when its name is deleted; what it holds was checked as it was opened (I11).
"""

from __future__ import annotations

import asyncio
from typing import Final

from whimbrel.errors import FirmwareObjectCorruptError
from whimbrel.ports.firmware_store import FirmwareObject, FirmwareStore

FILES_OPEN_MAX: Final = 64  # a rollout sends one file, and few run at once; each is one descriptor of the process (I17)
IDLE_SECONDS_MAX: Final = 30.0


class _Entry:
    __slots__ = ("opened", "readers", "used_s")

    def __init__(self, opened: FirmwareObject, now_s: float) -> None:
        self.opened = opened
        self.readers = 0
        self.used_s = now_s


class OpenFiles:
    """One for a process. Times are the event loop's."""

    def __init__(self, files: FirmwareStore) -> None:
        self._files = files
        self._entries: dict[str, _Entry] = {}  # the least recently used first
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._entries)

    async def read(self, sha256: str, offset: int, length: int) -> bytes:
        """Exactly these bytes. Raises FirmwareObjectMissingError, FirmwareObjectCorruptError, StoreUnavailableError."""
        entry = self._entries.get(sha256) or await self._open(sha256)
        self._entries[sha256] = self._entries.pop(sha256, entry)
        entry.used_s = asyncio.get_running_loop().time()
        entry.readers += 1
        try:
            block = await entry.opened.read(offset, length)
        finally:
            entry.readers -= 1
            if self._entries.get(sha256) is not entry and not entry.readers:
                entry.opened.close()
        if len(block) != length:
            raise FirmwareObjectCorruptError(f"the stored object {sha256} is shorter than its record")
        return block

    def close(self) -> None:
        """Close all; what is being read is closed by its last reader."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for sha256 in list(self._entries):
            self._drop(sha256)

    async def _open(self, sha256: str) -> _Entry:
        opened = await self._files.open(sha256)
        other = self._entries.get(sha256)
        if other is not None:  # opened by another download meanwhile
            opened.close()
            return other
        if len(self._entries) >= FILES_OPEN_MAX:
            self._drop(next(iter(self._entries)))
        loop = asyncio.get_running_loop()
        entry = self._entries[sha256] = _Entry(opened, loop.time())
        if self._timer is None:
            self._timer = loop.call_later(IDLE_SECONDS_MAX, self._close_idle)
        return entry

    def _close_idle(self) -> None:
        loop = asyncio.get_running_loop()
        for sha256, entry in list(self._entries.items()):
            if entry.used_s <= loop.time() - IDLE_SECONDS_MAX:
                self._drop(sha256)
        self._timer = loop.call_later(IDLE_SECONDS_MAX, self._close_idle) if self._entries else None

    def _drop(self, sha256: str) -> None:
        entry = self._entries.pop(sha256)
        if not entry.readers:
            entry.opened.close()
