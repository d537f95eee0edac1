"""How many calls of one account are worked on at once in a process; the others wait at the door (F23).

Each call at work has its turns on the event loop, so a crowd of them makes everybody wait, a halt as well: that one
does not wait here (I8). Reads and changes wait apart, because changes of an account take turns anyhow (ADR 0013).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from whimbrel.errors import ServiceUnavailableError
from whimbrel.operations.declaration import Operation

AT_WORK_MAX = 32  # more are no faster: a commit of the embedded store has long found company by then
WAIT_SECONDS_MAX = 5.0


class Crowd:
    """Of one process."""

    def __init__(self) -> None:
        self._places: WeakValueDictionary[tuple[int, bool], asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def place(self, account_id: int, operation: Operation) -> AsyncIterator[None]:
        """Raises ServiceUnavailableError after some seconds of waiting."""
        if operation.manner.halts:
            yield
            return
        places = self._places.setdefault((account_id, operation.is_read), asyncio.Semaphore(AT_WORK_MAX))
        if places.locked():
            try:
                async with asyncio.timeout(WAIT_SECONDS_MAX):
                    await places.acquire()
            except TimeoutError:
                raise ServiceUnavailableError("the account has too many calls at work; repeat this one later") from None
        else:
            await places.acquire()
        try:
            yield
        finally:
            places.release()
