"""A device's download: HTTP/1.1 with a Range header from the first request on, as the vendor's C SDK does it.

A transfer that breaks goes on where it broke, with the link that is newest then; bytes beyond the announced size are
never read.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from whimbrel.simulator.backoff import backoff_s
from whimbrel.simulator.files import DownloadFailedError, FileTransfer
from whimbrel.simulator.http_client import DEFAULT_PORTS, Head, Request, TlsOnce, read_head
from whimbrel.simulator.messages import AnnouncedFile

BLOCK_BYTES_MAX: Final = 65_536
STALLED_SECONDS: Final = 30.0
FRUITLESS_ATTEMPTS_MAX: Final = 10
"""Attempts in a row that bring no byte; with the back-off between them they last some three minutes."""


class _AttemptError(Exception):
    """One request brought nothing."""


class Way(NamedTuple):
    """How one device downloads. `headers` prove who asks, where the link does not; `bytes_per_s` None: as fast as it
    goes.
    """

    tls: TlsOnce
    headers: Mapping[str, str] = {}
    bytes_per_s: float | None = None


class Download(FileTransfer):
    """A file that comes over HTTP."""

    def __init__(self, latest: Callable[[], AnnouncedFile], dice: random.Random, way: Way | None = None) -> None:
        super().__init__(latest, dice)
        self._way = way or Way(TlsOnce())
        self._writer: asyncio.StreamWriter | None = None

    async def percents(self) -> AsyncGenerator[int, None]:
        """See FileTransfer; given up after FRUITLESS_ATTEMPTS_MAX."""
        fruitless = 0
        while self.received_bytes < self._size_bytes:
            had_bytes = self.received_bytes
            try:
                async with aclosing(self._attempt()) as percents:
                    async for percent in percents:
                        yield percent
            except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError, _AttemptError) as error:
                fruitless = fruitless + 1 if self.received_bytes == had_bytes else 0
                if fruitless >= FRUITLESS_ATTEMPTS_MAX:
                    raise DownloadFailedError(f"the download failed: {error}") from error
                await asyncio.sleep(backoff_s(fruitless, self._dice))

    def break_off(self) -> None:
        """The connection of the transfer is lost."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def _attempt(self) -> AsyncGenerator[int, None]:
        parts = urlsplit(self._latest().url)
        async with asyncio.timeout(STALLED_SECONDS):
            port = parts.port or DEFAULT_PORTS[parts.scheme]
            tls = self._way.tls.for_scheme(parts.scheme)
            reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls)
        self._writer = writer
        try:
            own = {"Range": f"bytes={self.received_bytes}-", "Connection": "close"}
            writer.write(Request("GET", self._latest().url, {**own, **self._way.headers}).encoded(parts))
            async with asyncio.timeout(STALLED_SECONDS):
                self._accept(await read_head(reader))
            async with aclosing(self._blocks(reader)) as percents:
                async for percent in percents:
                    yield percent
        finally:
            self._writer = None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _blocks(self, reader: asyncio.StreamReader) -> AsyncGenerator[int, None]:
        # A quarter of a small file is a block of its own, so that a fate can strike between two quarters.
        block_bytes = min(BLOCK_BYTES_MAX, -(-self._size_bytes // 4))
        while (missing := self._size_bytes - self.received_bytes) > 0:
            async with asyncio.timeout(STALLED_SECONDS):
                block = await reader.read(min(block_bytes, missing))
            if not block:
                raise EOFError("the transfer broke")
            for percent in self._take(block):
                yield percent
            if self._way.bytes_per_s is not None:
                await asyncio.sleep(len(block) / self._way.bytes_per_s)

    def _accept(self, head: Head) -> None:
        if head.status == 200:
            if self.received_bytes:
                self._begin_anew()
        elif head.status == 206:
            if not head.headers.get("content-range", "").startswith(f"bytes {self.received_bytes}-"):
                raise _AttemptError("the server sent another range than was asked for")
        else:
            raise _AttemptError(f"the server answered {head.status}")
