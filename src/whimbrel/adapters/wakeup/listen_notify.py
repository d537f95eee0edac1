"""Port `wakeup` over all processes of a PostgreSQL database, by LISTEN and NOTIFY on a connection of its own.

On the channel that all share, or on a node's own, on which the statements that write its orders speak.

A lost connection is made again, and counts as a wake-up: nobody knows what was missed. While there is none, this
process still wakes itself, and the others find their work when they poll.
"""

from __future__ import annotations

import asyncio
import logging

import asyncpg

from whimbrel.adapters.wakeup.in_process import InProcessWakeup

log = logging.getLogger(__name__)

CHANNEL = "whimbrel_wakeup"
NODE_CHANNEL = "whimbrel_node_"  # with the node's name; as adapters/store/postgresql.sql has it
ANSWER_SECONDS_MAX = 5.0
RETRY_SECONDS = 1.0
PAUSE_SECONDS = 0.01  # what is said within it goes out as one: the server takes 4,000 words/s one by one
LOOK_SECONDS = 30.0  # a connection on which nothing happens is tried this often: a server that vanished says nothing

_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)


class ListenNotifyWakeup:
    """`start` it before use; `close` it afterwards. `notify` returns at once; the word goes out by itself."""

    def __init__(self, url: str, channel: str = CHANNEL) -> None:
        self._url = url
        self._channel = channel
        self._here = InProcessWakeup()
        self._has_word = asyncio.Event()
        self._first_try = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns when it listens, or when the first try failed: it goes on trying."""
        self._work = asyncio.get_running_loop().create_task(self._run())
        await self._first_try.wait()

    async def close(self) -> None:
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    def notify(self) -> None:
        self._here.notify()
        self._has_word.set()

    async def wait(self, timeout_s: float) -> bool:
        return await self._here.wait(timeout_s)

    async def _run(self) -> None:
        while True:
            try:
                await self._talk()
            except _FAULTS as error:
                log.warning("other processes are not woken now: %s", error or type(error).__name__)
                self._has_word.set()  # what was not said is said afterwards
            self._first_try.set()
            await asyncio.sleep(RETRY_SECONDS)

    async def _talk(self) -> None:
        """Until the connection is lost."""
        connection = await asyncpg.connect(
            self._url,
            timeout=ANSWER_SECONDS_MAX,
            command_timeout=ANSWER_SECONDS_MAX,
            server_settings={"application_name": "whimbrel wakeup"},
        )
        try:
            connection.add_termination_listener(lambda _: self._has_word.set())
            await connection.add_listener(self._channel, self._heard)
            if self._first_try.is_set():
                self._here.notify()
            self._first_try.set()
            while True:
                await self._say_when_told(connection)
        finally:
            connection.terminate()

    async def _say_when_told(self, connection: asyncpg.Connection) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._has_word.wait()
        except TimeoutError:
            await connection.execute("SELECT 1")
            return
        self._has_word.clear()
        await connection.execute(f"NOTIFY {self._channel}")
        await asyncio.sleep(PAUSE_SECONDS)

    def _heard(self, connection: object, pid: int, channel: str, payload: object) -> None:
        """A word of this process comes back to it, too, and would wake it twice."""
        assert isinstance(connection, asyncpg.Connection)
        if pid != connection.get_server_pid():
            self._here.notify()
