"""Where devices that want to connect stand in line, so that a fleet comes through the door at a chosen pace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

CONNECTING_MAX: Final = 128
"""How many are between their SYN and their CONNACK at once; no more tasks than that exist for those that wait."""


class Visitor(Protocol):
    """Whoever wants to connect."""

    async def knock(self) -> None:
        """Connect, once. What goes wrong is the visitor's to handle: it may stand in line again."""
        ...


class Doorstep:
    """First come, first served, and at most `per_second` in a second (None: as fast as it
    goes).
    """

    def __init__(self, per_second: float | None, now_s: Callable[[], float]) -> None:
        self._pause_s = 0.0 if per_second is None else 1 / per_second
        self._now_s = now_s
        self._next_s = 0.0
        self._line: asyncio.Queue[Visitor] = asyncio.Queue()

    def line_up(self, visitor: Visitor) -> None:
        """It will be asked to knock when its turn has come."""
        self._line.put_nowait(visitor)

    async def usher(self) -> None:
        """Let one after the other in, until cancelled. As many do this at once as may connect at once."""
        while True:
            visitor = await self._line.get()
            await self._turn()
            await visitor.knock()

    async def _turn(self) -> None:
        if not self._pause_s:
            return
        now_s = self._now_s()
        mine_s = max(self._next_s, now_s)
        self._next_s = mine_s + self._pause_s
        await asyncio.sleep(mine_s - now_s)
