"""Turns at the embedded store's one writer: first come, first served, and whoever halts something before all others."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Place = asyncio.Future[None]


class Turns:
    """One at a time. A turn that ends goes to the next in the queue, so nobody who comes later slips in between."""

    def __init__(self) -> None:
        self._is_taken = False
        self._halts: deque[Place] = deque()
        self._others: deque[Place] = deque()

    @asynccontextmanager
    async def turn(self, *, halts: bool = False) -> AsyncIterator[None]:
        """Until the block is left nobody else has a turn."""
        await self.wait(self.queue(halts=halts))
        try:
            yield
        finally:
            self.leave()

    def queue(self, *, halts: bool = False) -> Place:
        """A place in the queue, to be waited for."""
        place: Place = asyncio.get_running_loop().create_future()
        if not self._is_taken:
            self._is_taken = True
            place.set_result(None)
        else:
            (self._halts if halts else self._others).append(place)
        return place

    def hurry(self, place: Place) -> None:
        """Somebody who halts something waits for this one: it goes next."""
        if place in self._others:
            self._others.remove(place)
            self._halts.append(place)

    async def wait(self, place: Place) -> None:
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self.leave()  # the turn had come already
            raise

    def leave(self) -> None:
        """The turn is over."""
        for places in (self._halts, self._others):
            while places:
                place = places.popleft()
                if not place.done():
                    place.set_result(None)
                    return
        self._is_taken = False
