"""How many calls of one account are worked on at once in a process; the others wait at the door (F23).

Each call at work has its turns on the event loop, so a crowd of them makes everybody wait, a halt as well: that one
does not wait here (I8). Reads and changes wait apart, because changes of an account take turns anyhow (ADR 0013).
Of calls that look at a whole fleet few are at work in a process, and one of an account: each keeps for seconds what
others need (I17).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

from whimbrel.errors import ServiceUnavailableError
from whimbrel.operations.declaration import Operation

AT_WORK_MAX = 32  # more are no faster: a commit of the embedded store has long found company by then
WALKS_MAX = 3  # in a process: each keeps a connection or 64 MiB of pages for seconds, and the loop for 3 ms a time
WAIT_SECONDS_MAX = 5.0


class Crowd:
    """Of one process."""

    def __init__(self) -> None:
        self._places: WeakValueDictionary[tuple[int, str], asyncio.Semaphore] = WeakValueDictionary()
        self._walks = asyncio.Semaphore(WALKS_MAX)

    @asynccontextmanager
    async def place(self, account_id: int, operation: Operation) -> AsyncIterator[None]:
        """Raises ServiceUnavailableError after some seconds of waiting."""
        if operation.manner.halts:
            yield
            return
        async with AsyncExitStack() as stack:
            if operation.manner.walks:
                # Of its account one: so nobody's previews keep those of others away (I15).
                await stack.enter_async_context(_waiting(self._of(account_id, "walk", 1)))
                await stack.enter_async_context(_waiting(self._walks))
            kind = "read" if operation.is_read else "change"
            await stack.enter_async_context(_waiting(self._of(account_id, kind, AT_WORK_MAX)))
            yield

    def _of(self, account_id: int, kind: str, places: int) -> asyncio.Semaphore:
        return self._places.setdefault((account_id, kind), asyncio.Semaphore(places))


@asynccontextmanager
async def _waiting(places: asyncio.Semaphore) -> AsyncIterator[None]:
    if places.locked():
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await places.acquire()
        except TimeoutError:
            raise ServiceUnavailableError("there are too many such calls at work; repeat this one later") from None
    else:
        await places.acquire()
    try:
        yield
    finally:
        places.release()
