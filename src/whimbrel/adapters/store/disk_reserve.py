"""Room on the disk that halts can be written in when nothing else can (I8, F14; ADR 0051).

A file that holds the room until a halt finds the disk full. Then it is emptied, and until it could be filled again all
other changes are refused: what was given back is for halts alone. That it is empty outlives a restart.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path

from whimbrel.errors import StoreFullError

log = logging.getLogger(__name__)

RESERVE_BYTES = 16 * 1024 * 1024  # a halt writes some 100 KiB of log, so it is room for more than 100 of them
ROOM_BYTES_MIN = 2 * RESERVE_BYTES  # before it is filled again: else the disk would be full once more at once
LOOK_SECONDS = 1.0
_BLOCK_BYTES = 1024 * 1024


class DiskReserve:
    """The file at `path`, beside the database."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked_s = 0.0
        self._filling: asyncio.Future[None] | None = None
        # A part of it is a filling that a crash broke off.
        self._is_spent = path.exists() and path.stat().st_size < RESERVE_BYTES
        if not path.exists() or self._is_spent:
            self._fill()

    @property
    def is_spent(self) -> bool:
        """Whether a halt has taken the room and it is not there again."""
        return self._is_spent

    def give_back(self) -> bool:
        """The disk is full for a halt: whether there is room now that there was not."""
        if self._is_spent or not self._path.exists():
            return False
        self._is_spent = True
        os.truncate(self._path, 0)
        log.warning("the disk is full; the reserve %s is given to halts, all other changes are refused", self._path)
        return True

    def check(self) -> None:
        """Raises StoreFullError while the room is for halts alone; looks by the way whether it may be filled again."""
        if not self._is_spent:
            return
        now_s = time.monotonic()
        if (self._filling is None or self._filling.done()) and now_s - self._looked_s >= LOOK_SECONDS:
            self._looked_s = now_s
            if self._has_room():
                # In a thread: it writes and waits for the disk.
                self._filling = asyncio.get_running_loop().run_in_executor(None, self._fill)
        raise StoreFullError("the disk that holds the database is full; what is left is kept for halts; free space")

    async def close(self) -> None:
        if self._filling is not None:
            await self._filling

    def _has_room(self) -> bool:
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize >= ROOM_BYTES_MIN

    def _fill(self) -> None:
        """Random bytes: a disk that packs what is written would keep no room for zeros."""
        try:
            if not self._has_room():
                raise OSError("there is no room for it")
            with self._path.open("wb") as file:
                for _ in range(RESERVE_BYTES // _BLOCK_BYTES):
                    file.write(os.urandom(_BLOCK_BYTES))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            if self._path.exists():
                self._path.unlink() if not self._is_spent else os.truncate(self._path, 0)
            log.warning("no reserve for halts could be made at %s: %s", self._path, error)
            return
        if self._is_spent:
            log.warning("there is room again; all changes are taken")
        self._is_spent = False
