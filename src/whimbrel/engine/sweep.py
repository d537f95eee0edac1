"""Removes firmware objects that nothing refers to: of deleted firmware, and of uploads that became none within an hour.
And forgets the ClientTokens whose day is over, and the console's links and sessions whose time is.

An object is looked at only when it is old, is asked for in the database, and is deleted only if it was not uploaded
again meanwhile, so that a sweep never races an upload of the same bytes (F02).
"""

from __future__ import annotations

import logging

from whimbrel.domain.access import CLIENT_TOKEN_KEPT_MS
from whimbrel.domain.firmware import FILE_TO_FIRMWARE_SECONDS_MAX
from whimbrel.ports.clock import Clock
from whimbrel.ports.firmware_store import FirmwareStore
from whimbrel.ports.store import Store

log = logging.getLogger(__name__)

SWEEP_EVERY_SECONDS = 600.0
OBJECT_AGE_SECONDS = FILE_TO_FIRMWARE_SECONDS_MAX * 2  # an upload may run while its hour does
TOKENS_STEP = 1_000  # tokens, links or sessions that are forgotten in one transaction (I17)


class Sweep:
    def __init__(self, store: Store, firmware_store: FirmwareStore, clock: Clock) -> None:
        self._store = store
        self._firmware_store = firmware_store
        self._clock = clock
        self._next_s = clock.monotonic_s()

    async def when_due(self) -> None:
        """Sweep if the time has come."""
        if self._clock.monotonic_s() >= self._next_s:
            self._next_s = self._clock.monotonic_s() + SWEEP_EVERY_SECONDS
            await self.run()

    async def run(self) -> int:
        """Sweep now; how many objects were deleted."""
        await self._forget_tokens()
        await self._forget_console_rows()
        issued_before_ms = self._clock.now_ms() - OBJECT_AGE_SECONDS * 1000
        async with self._store.transaction() as store:
            await store.uploads.forget_before(issued_before_ms)
        await self._forget_device_lists(issued_before_ms)
        deleted = 0
        async for sha256 in self._firmware_store.list_older_than(OBJECT_AGE_SECONDS):
            async with self._store.snapshot() as store:
                is_referenced = await store.firmware.is_referenced(sha256, issued_before_ms)
            if not is_referenced and await self._firmware_store.delete(sha256, OBJECT_AGE_SECONDS):
                log.info("swept the firmware object %s", sha256)
                deleted += 1
        return deleted

    async def _forget_device_lists(self, stored_before_ms: int) -> None:
        """One list at a time: a list has at most some thousand rows. Those that a job still reads stay."""
        has_forgotten = True
        while has_forgotten:
            async with self._store.transaction() as store:
                has_forgotten = await store.device_lists.forget_before(stored_before_ms)

    async def _forget_tokens(self) -> None:
        used_before_ms = self._clock.now_ms() - CLIENT_TOKEN_KEPT_MS
        forgotten = TOKENS_STEP
        while forgotten == TOKENS_STEP:
            async with self._store.transaction() as store:
                forgotten = await store.tokens.forget_before(used_before_ms, TOKENS_STEP)

    async def _forget_console_rows(self) -> None:
        now_ms = self._clock.now_ms()
        forgotten = TOKENS_STEP
        while forgotten >= TOKENS_STEP:
            async with self._store.transaction() as store:
                links = await store.console_invitations.forget_expired(now_ms, TOKENS_STEP)
                sessions = await store.console_sessions.forget_ended(now_ms, TOKENS_STEP)
            forgotten = max(links, sessions)
