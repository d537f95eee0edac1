"""A name that one process holds for as long as it lives, over all processes on the database.

The claim is a session lock on a connection of its own. When that connection ends, the claim has ended, and another
process may have it: so the process that held it must end too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from whimbrel.adapters.store.postgresql_connection import PATIENT, Connection, connect, translating

TRIES, PAUSE_SECONDS = 50, 0.1
_TRY = "SELECT pg_try_advisory_lock(hashtextextended($1, 1))"


class Claim:
    """Held until `close`."""

    def __init__(self, connection: Connection, on_lost: Callable[[], None]) -> None:
        self._connection = connection
        self._on_lost = on_lost
        connection.add_termination_listener(self._terminated)

    async def close(self) -> None:
        self._connection.remove_termination_listener(self._terminated)
        with translating():
            await self._connection.close()

    def _terminated(self, _connection: object) -> None:
        self._on_lost()


async def claim_for_process(url: str, name: str, on_fatal: Callable[[str], None]) -> Claim | None:
    """The claim, or None when another process keeps it. `on_fatal` is called when it was lost.

    A process that was killed holds its claim until the database has noticed: so this waits for a while.
    Raises StoreUnavailableError.
    """
    with translating():
        connection = await connect(url, PATIENT)
        for _ in range(TRIES):
            if await connection.fetchval(_TRY, name):
                break
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            await connection.close()
            return None
    return Claim(connection, lambda: on_fatal(f"the connection that holds the claim of {name} was lost"))
