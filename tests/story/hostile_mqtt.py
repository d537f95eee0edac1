"""Strangers at the MQTT port, as many as asked for: half-open connections that drip bytes, garbage, cut packets.

Each attacker starts anew whenever the server ends its connection, until the attack is over. Seeded.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from typing import Final

from whimbrel.domain.device_credential import connect_fields
from whimbrel.gateway.packets import Connect, Publish, encode

DRIP_SECONDS: Final = 0.3
PAUSE_SECONDS: Final = 0.2


class Attack:
    """Counts what the attackers did, so that a test knows that there was an attack."""

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._dice = random.Random(seed)
        self.connections = 0
        self.dropped = 0
        self.open_now = 0
        self._wanted = 0
        self._all_came = asyncio.Event()
        self._is_over = False

    @contextlib.asynccontextmanager
    async def going_on(self, drippers: int, shouters: int) -> AsyncIterator[None]:
        """`drippers` hold half-open connections; `shouters` send nonsense and come again at once."""
        attackers = [self._drip] * drippers + [self._shout] * shouters
        self._wanted = drippers
        tasks = [asyncio.create_task(self._for_ever(attack)) for attack in attackers]
        try:
            await self._all_came.wait()
            yield
        finally:
            self._is_over = True
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _for_ever(self, attack: Callable[[], AsyncIterator[bytes]]) -> None:
        while not self._is_over:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1024)
            except OSError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            self.connections += 1
            self.open_now += 1
            if self.open_now >= self._wanted:
                self._all_came.set()
            try:
                async for data in attack():
                    writer.write(data)
                    await writer.drain()
                    if reader.at_eof():
                        break
                # Not wait_for, which in Python 3.11 may swallow the end of the attack.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PAUSE_SECONDS):
                        await reader.read(1024)
                self.dropped += reader.at_eof()
            except OSError:
                self.dropped += 1
            finally:
                self.open_now -= 1
                writer.close()

    async def _drip(self) -> AsyncIterator[bytes]:
        """A CONNECT that looks honest, a byte at a time, and never whole."""
        for byte in self._connect()[:-1]:
            yield bytes((byte,))
            await asyncio.sleep(DRIP_SECONDS * (0.5 + self._dice.random()))

    async def _shout(self) -> AsyncIterator[bytes]:
        yield self._nonsense()

    def _connect(self) -> bytes:
        fields = connect_fields("a1b2c3d4e5F", "dev-1", "no secret")
        return encode(Connect(fields.client_id, fields.username, fields.password.encode(), 60))

    def _nonsense(self) -> bytes:
        dice, honest = self._dice, self._connect()
        match dice.randrange(6):
            case 0:
                return dice.randbytes(dice.randint(1, 2000))
            case 1:  # a packet cut anywhere
                return honest[: dice.randint(1, len(honest) - 1)]
            case 2:  # the largest length that there is, and a beginning of it
                return b"\x10\xff\xff\xff\x7f" + dice.randbytes(1000)
            case 3:  # as much as is taken before anybody is known, then nothing
                return b"\x10\xff\x1f" + honest[3:] + bytes(3_800)
            case 4:  # a byte changed
                at = dice.randrange(len(honest))
                return honest[:at] + dice.randbytes(1) + honest[at + 1 :]
            case _:  # a message before anybody is known
                return encode(Publish("/ota/device/inform/a1b2c3d4e5F/dev-1", dice.randbytes(500), 1))
