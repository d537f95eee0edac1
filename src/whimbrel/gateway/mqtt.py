"""The device door for MQTT: listens, keeps the connections of `connection.py`, and keeps the time of all sessions."""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Coroutine

from whimbrel.gateway.block_frames import REPLY_TOPIC, REQUEST_TOPIC
from whimbrel.gateway.blocks import FILE_DOWNLOAD
from whimbrel.gateway.commands import CloseReason
from whimbrel.gateway.connection import LAST_WORDS_SECONDS_MAX, DeviceConnection
from whimbrel.gateway.doorway import Doorway
from whimbrel.gateway.session import CONNECT_SECONDS_MAX
from whimbrel.gateway.topics import TopicTable
from whimbrel.gateway.vendor_json import UPGRADE_TOPIC

CONNECTIONS_MAX = 60_000  # of one process; the operating system's limit on open files usually comes first (I17)
ACCEPT_BACKLOG = 1024
TICK_SECONDS = 1.0
DRAIN_SECONDS_MAX = 5.0
DROPS_PER_TURN = 50  # some 50 us each: then other work of the loop gets its turn


class MqttGateway:
    """Listens, and keeps the time of all sessions."""

    def __init__(self, doorway: Doorway) -> None:
        self.doorway = doorway
        replies = [report.reply_topic for report in doorway.reports.values() if report.reply_topic]
        kinds = {report.topic: name for name, report in doorway.reports.items()}
        self.topics = TopicTable({**kinds, REQUEST_TOPIC: FILE_DOWNLOAD}, (UPGRADE_TOPIC, REPLY_TOPIC, *replies))
        self.open: set[DeviceConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_session_id = 0
        self._due: defaultdict[int, set[DeviceConnection]] = defaultdict(set)
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        """Accepts devices; the port, which differs from the one asked for when that was 0."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: DeviceConnection(self),
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=CONNECT_SECONDS_MAX if tls else None,
            ssl_shutdown_timeout=LAST_WORDS_SECONDS_MAX if tls else None,  # else 30: gone devices answer no goodbye
            backlog=ACCEPT_BACKLOG,
        )
        self.spawn(self._keep_time())
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Says goodbye to every device and waits until what they said is stored."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.open):
            connection.end(CloseReason.SERVER_STOPPING)
        waited_s = 0.0
        while self.open and waited_s < DRAIN_SECONDS_MAX:
            await asyncio.sleep(0.01)
            waited_s += 0.01
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def drop_others(self, node_id: str) -> None:
        """End the sessions of another life than this: their devices come back (I18)."""
        others = [connection for connection in self.open if connection.node_id not in (None, node_id)]
        for number, connection in enumerate(others, 1):
            connection.end(CloseReason.SERVER_UNAVAILABLE)
            if number % DROPS_PER_TURN == 0:
                await asyncio.sleep(0)

    def spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        """Run a task that this gateway keeps alive."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def admit(self, connection: DeviceConnection) -> bool:
        """Whether there is room for one more connection; then it is kept until `forget`."""
        if len(self.open) >= CONNECTIONS_MAX:
            return False
        self.open.add(connection)
        return True

    def is_open(self, connection: DeviceConnection) -> bool:
        return connection in self.open

    def next_session_id(self) -> int:
        self._last_session_id += 1
        return self._last_session_id

    def watch(self, connection: DeviceConnection) -> None:
        """Tick the connection in the second after its deadline. A deadline that moved is met again there: each second
        only the sessions of that second are touched, never all."""
        connection.due_second = int(connection.session.deadline_s) + 1
        self._due[connection.due_second].add(connection)

    def forget(self, connection: DeviceConnection) -> None:
        """The connection has ended: nothing of it stays until its deadline (I17)."""
        self.open.discard(connection)
        due = self._due.get(connection.due_second)
        if due is not None:
            due.discard(connection)
            if not due:
                del self._due[connection.due_second]

    async def _keep_time(self) -> None:
        second = int(self.doorway.clock.monotonic_s())
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now_s = self.doorway.clock.monotonic_s()
            while second < int(now_s):
                second += 1
                for connection in self._due.pop(second, ()):
                    if connection in self.open:
                        connection.tick(now_s)
