"""Timers by the ten thousand: devices that have nothing to do wait here, without a task or a timer handle of their
own.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from typing import Final

TICK_S: Final = 0.05
"""What is due within one tick is called together. Devices wait for half a second and more, so nobody notices."""


class Wheel:
    """Calls back after a time, at most TICK_S late. What was asked for cannot be taken back: the callback must know
    whether it still has something to do."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._start_s = loop.time()
        self._calls: dict[int, list[Callable[[], None]]] = {}
        self._ticks: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call this once, so many seconds from now."""
        tick = int((self._loop.time() - self._start_s + seconds) / TICK_S) + 1
        calls = self._calls.get(tick)
        if calls is not None:
            calls.append(call)
            return
        self._calls[tick] = [call]
        heapq.heappush(self._ticks, tick)
        if self._ticks[0] == tick:
            self._wind()

    def close(self) -> None:
        """Nothing is called any more."""
        self._is_closed = True
        self._calls.clear()
        self._ticks.clear()
        self._wind()

    def _wind(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._ticks and not self._is_closed:
            self._timer = self._loop.call_at(self._start_s + self._ticks[0] * TICK_S, self._turn)

    def _turn(self) -> None:
        # A loop that counts in milliseconds may call a little early.
        now_tick = int((self._loop.time() - self._start_s) / TICK_S + 0.1)
        due: list[Callable[[], None]] = []
        while self._ticks and self._ticks[0] <= now_tick:
            due += self._calls.pop(heapq.heappop(self._ticks))
        self._wind()
        for call in due:
            call()
