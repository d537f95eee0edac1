"""The sliding minute of MaximumPerMinute (I5): takes notices out of the count when they are old enough.

What a job told counts as long as its rows in `job_notice` are there, so nobody who claims needs to know the time. How
old a row is no wall clock decides: it counts from when this process saw it as it is now, by the monotonic clock. A
process that has just started knows nothing of what was told before, so it lets all of it count for one more window:
after a restart, and whatever the clocks do, a job pauses rather than tell more devices than it may.
"""

from __future__ import annotations

from whimbrel.ports.clock import Clock
from whimbrel.ports.store import Notices, Store

MARGIN_SECONDS = 3.0  # from the commit that counted a notice to its way out of any node; what is later counts again
WINDOW_SECONDS = 60.0 + MARGIN_SECONDS


class PaceWindow:
    """A chore of the engine."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._seen_s: dict[Notices, float] = {}

    async def step(self) -> bool:
        """Forget what has left the window; whether anything did."""
        async with self._store.snapshot() as store:
            notices = await store.pacing.notices()
        now_s = self._clock.monotonic_s()
        # A row that has grown is another one here: it is as young as what was added to it.
        self._seen_s = {row: self._seen_s.get(row, now_s) for row in notices}
        old = [row for row, seen_s in self._seen_s.items() if now_s - seen_s >= WINDOW_SECONDS]
        if not old:
            return False
        async with self._store.transaction() as store:
            await store.pacing.forget(old)
        return True

    def frees_in_s(self) -> float | None:
        """How long until the next rows leave the window; None when none will."""
        if not self._seen_s:
            return None
        return max(0.0, min(self._seen_s.values()) + WINDOW_SECONDS - self._clock.monotonic_s())
