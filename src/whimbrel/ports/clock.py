"""Port: the time of day. Adapters: `adapters/clock.py` (the system's); tests pass a fixed one."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def now_ms(self) -> int:
        """Epoch milliseconds, UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never jump: for deadlines inside one process (F16)."""
        ...
