"""How often one caller may call within a second. Kept per process; who is forgotten with the second starts afresh."""

from __future__ import annotations

from collections.abc import Hashable

from whimbrel.ports.clock import Clock


class CallRate:
    """Bounded by the calls of one second (I17): with the next all are forgotten."""

    def __init__(self, clock: Clock, calls_max: int) -> None:
        self._clock = clock
        self._calls_max = calls_max
        self._second = -1
        self._calls: dict[Hashable, int] = {}

    def takes(self, caller: Hashable) -> bool:
        """Count a call; False when the caller has had its calls of this second."""
        second = int(self._clock.monotonic_s())
        if second != self._second:
            self._second = second
            self._calls.clear()
        calls = self._calls.get(caller, 0)
        if calls >= self._calls_max:
            return False
        self._calls[caller] = calls + 1
        return True
