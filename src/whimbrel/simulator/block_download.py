"""A device's download over MQTT: one block after the other, asked for again when it does not come (device-protocol
8).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from whimbrel.simulator.backoff import backoff_s
from whimbrel.simulator.blocks import BLOCK_BYTES, Block
from whimbrel.simulator.files import DownloadFailedError, FileTransfer
from whimbrel.simulator.messages import AnnouncedFile, Stream

ANSWER_SECONDS_MAX: Final = 10.0
REPEATS_MAX: Final = 3
"""How often the C SDK asks again for a block that failed. While there is no connection nothing is counted."""

Ask = Callable[[Stream, int, int], Awaitable[Block]]
"""Asks for a block by stream, offset and size. Raises TimeoutError, ConnectionError."""


class BlockDownload(FileTransfer):
    """A file that comes in blocks. `bytes_per_s` None: as fast as it goes."""

    def __init__(
        self, latest: Callable[[], AnnouncedFile], dice: random.Random, ask: Ask, bytes_per_s: float | None = None
    ) -> None:
        super().__init__(latest, dice)
        self._ask = ask
        self._bytes_per_s = bytes_per_s

    async def percents(self) -> AsyncGenerator[int, None]:
        """See FileTransfer; given up when one block failed REPEATS_MAX times more."""
        failures = 0
        while (missing := self._size_bytes - self.received_bytes) > 0:
            stream = self._latest().stream
            if stream is None:
                raise DownloadFailedError("the newest notice has no stream")
            size_bytes = min(BLOCK_BYTES, missing, -(-self._size_bytes // 4))
            try:
                block = await self._ask(stream, self.received_bytes, size_bytes)
            except ConnectionError:
                continue  # the device is connected again when it may ask again
            except TimeoutError:
                block = Block(-1, b"", code=0)
            if not block.is_good or block.offset != self.received_bytes or not block.content:
                failures += 1
                if failures > REPEATS_MAX:
                    raise DownloadFailedError(f"a block failed {failures} times, last with code {block.code}")
                await asyncio.sleep(backoff_s(failures, self._dice))
                continue
            failures = 0
            for percent in self._take(block.content):
                yield percent
            if self._bytes_per_s is not None:
                await asyncio.sleep(len(block.content) / self._bytes_per_s)

    def break_off(self) -> None:
        """Blocks come over the device's own connection, which breaks by itself."""
