"""Remembers who polled, and tells the store of many at once: a row for each poll would be most of a server's work.

What a crash forgets is a few seconds of polls; each device polls again long before it counts as silent.
"""

from __future__ import annotations

import asyncio
import logging

from whimbrel.domain.ddi import SILENT_POLLS
from whimbrel.domain.ddi_offer import DeviceView
from whimbrel.errors import WhimbrelError
from whimbrel.ports.store import Seen, Store

log = logging.getLogger(__name__)

FLUSH_SECONDS = 5.0
FLUSH_ROWS_MAX = 1_000  # in one transaction, as for every batch (design.md 2)
MARGIN_MS = 60_000  # from a poll to its row, with a slow store between


def due_after(polling_s: int, now_ms: int) -> int:
    """Until when a device that polls now counts as online."""
    return now_ms + SILENT_POLLS * polling_s * 1000 + MARGIN_MS


class LastSeen:
    """One for a process; `run` it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._due_ms: dict[int, int] = {}

    def note(self, view: DeviceView, polling_s: int, now_ms: int) -> None:
        """The device polled. It is written once half of what it was given has passed: at every other poll or so."""
        due_ms = due_after(polling_s, now_ms)
        if view.due_ms is None or due_ms - view.due_ms >= (SILENT_POLLS * polling_s * 1000) // 2:
            self._due_ms[view.device_id] = due_ms

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except WhimbrelError as error:
                log.warning("who polled is remembered for longer: %s", error)

    async def leave(self) -> None:
        """The process ends; what the store cannot take now is a few seconds of polls."""
        try:
            await self.flush()
        except WhimbrelError as error:
            log.warning("who polled last is forgotten: %s", error)

    async def flush(self) -> None:
        """All that is remembered is stored. Raises what the store raises; then it is remembered further."""
        while self._due_ms:
            batch = [Seen(*item) for item in list(self._due_ms.items())[:FLUSH_ROWS_MAX]]
            async with self._store.transaction() as store:
                await store.ddi_devices.touch(batch)
            for seen in batch:
                if self._due_ms.get(seen.device_id) == seen.due_ms:
                    del self._due_ms[seen.device_id]
