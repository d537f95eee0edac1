"""Connections to PostgreSQL that are kept and lent, few of them, each for one transaction.

Who finds none free waits for a bounded time. A connection that broke is forgotten, and the next one is made anew, so
service returns by itself when the server does (I19).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from weakref import WeakValueDictionary

from whimbrel.adapters.store.postgresql_connection import (
    FOREIGN,
    SETTINGS,
    Connection,
    connect,
    is_unavailable,
    translating,
)
from whimbrel.errors import StoreUnavailableError

CONNECTIONS_MAX = 10  # a process; a server allows 100 in all unless told otherwise
WAIT_SECONDS_MAX = 5.0
ROLLBACK_SECONDS_MAX = 2.0


class ConnectionPool:
    """Makes no connection before one is asked for."""

    def __init__(
        self, url: str, settings: Mapping[str, str] = SETTINGS, connections_max: int = CONNECTIONS_MAX
    ) -> None:
        self._url = url
        self._settings = settings
        self._connections_max = connections_max
        self._free = asyncio.Semaphore(connections_max)
        self._idle: list[Connection] = []
        self._lent = 0
        self._all_back = asyncio.Event()
        self._all_back.set()
        self._is_closed = False
        self._repairs: set[asyncio.Task[None]] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def take_turn(self, name: str) -> asyncio.Lock:
        """For who will lock `name` as the first thing: to be released when the transaction has ended.

        Only one of this process then waits in the database, and a caller's crowd of calls does not take all connections
        from everybody else (I15). Who waits here holds nothing yet, so nobody waits in a ring.
        Raises StoreUnavailableError.
        """
        turn = self._turns.setdefault(name, asyncio.Lock())
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await turn.acquire()
        except TimeoutError:
            raise StoreUnavailableError(
                "what was begun before on the same is under way still; repeat the request later"
            ) from None
        return turn

    async def begin(self, how: str | None) -> Connection:
        """A connection, on which `how`, a statement without rows, was run. Raises StoreUnavailableError."""
        if self._is_closed:
            raise StoreUnavailableError("the store is closed")
        self._lent += 1
        self._all_back.clear()
        try:
            await self._wait_for_a_free_one()
            try:
                with translating():
                    return await self._begin(how)
            except BaseException:
                self._free.release()
                raise
        except BaseException:
            self._leave()
            raise

    def give_back(self, connection: Connection) -> None:
        """Its transaction has ended."""
        if not connection.is_closed():
            self._idle.append(connection)
        self._free.release()
        self._leave()

    async def abandon(self, connection: Connection) -> None:
        """Undo its transaction and take it back, or drop it when the server does not answer; cancelled or not."""
        task = asyncio.get_running_loop().create_task(self._repair(connection))
        self._repairs.add(task)
        task.add_done_callback(self._repairs.discard)
        await asyncio.shield(task)

    async def close(self) -> None:
        """Waits for what is under way."""
        await self._all_back.wait()
        self._is_closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_close(connection) for connection in idle))

    async def _wait_for_a_free_one(self) -> None:
        if not self._free.locked():
            await self._free.acquire()  # at once
            return
        try:
            async with asyncio.timeout(WAIT_SECONDS_MAX):
                await self._free.acquire()
        except TimeoutError:
            raise StoreUnavailableError(
                f"all {self._connections_max} connections to the database are busy; repeat the request later"
            ) from None

    async def _begin(self, how: str | None) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_closed():
                continue
            try:
                if how is not None:
                    await connection.execute(how)
                return connection
            except BaseException as error:
                connection.terminate()
                if not is_unavailable(error):
                    raise
            # The server was restarted, and others would find out as this one did; nothing has been done yet.
            self._forget_idle()
        connection = await connect(self._url, self._settings)
        try:
            if how is not None:
                await connection.execute(how)
        except BaseException:
            connection.terminate()
            raise
        return connection

    def _forget_idle(self) -> None:
        for connection in self._idle:
            connection.terminate()
        self._idle.clear()

    async def _repair(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(ROLLBACK_SECONDS_MAX):
                await connection.execute("ROLLBACK")
        except FOREIGN:
            connection.terminate()
        finally:
            self.give_back(connection)

    def _leave(self) -> None:
        self._lent -= 1
        if self._lent == 0:
            self._all_back.set()


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=ROLLBACK_SECONDS_MAX)
    except FOREIGN:
        connection.terminate()
