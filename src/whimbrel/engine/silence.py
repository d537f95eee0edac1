"""Looks for devices that were told and say nothing, block by block when they are due (design.md part 4)."""

from __future__ import annotations

from whimbrel.ports.clock import Clock
from whimbrel.ports.store import Store

BLOCKS_PER_STEP = 1  # 512 tasks: as many rows as a step of a job changes
ALIVE_EVERY_SECONDS = 30.0
AWAY_MS_MAX = 300_000  # an engine that was away for longer has heard nobody, and blames no device for it (I19)


class SilenceWatch:
    """A chore of the engine."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._alive_s: float | None = None

    async def step(self) -> bool:
        """Look at the next block that is due; whether there was one."""
        now_ms, now_s = self._clock.now_ms(), self._clock.monotonic_s()
        if self._alive_s is None or now_s - self._alive_s >= ALIVE_EVERY_SECONDS:
            async with self._store.transaction() as store:
                await store.silence.engine_lives(AWAY_MS_MAX, now_ms)
            self._alive_s = now_s
        async with self._store.snapshot() as snapshot:
            due_ms = await snapshot.silence.next_due_ms()
        if due_ms is None or due_ms > now_ms:
            return False
        async with self._store.transaction() as store:
            return await store.silence.look(BLOCKS_PER_STEP, now_ms) > 0
