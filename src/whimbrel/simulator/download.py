"""A device's download: HTTP/1.1 with a Range header from the first request on, as the vendor's C SDK does it.

Memory stays flat whatever the file's size. A transfer that breaks goes on where it broke, with the link that is newest
then; bytes beyond the announced size are never read.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from whimbrel.simulator.backoff import backoff_s
from whimbrel.simulator.messages import AnnouncedFile

BLOCK_BYTES_MAX: Final = 65_536
QUARTERS: Final = 4
STALLED_SECONDS: Final = 30.0
FRUITLESS_ATTEMPTS_MAX: Final = 10
"""Attempts in a row that bring no byte; with the back-off between them they last some three minutes."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


class DownloadFailedError(Exception):
    """The file could not be had, or is not the one that was announced. Internal to the simulator."""


class _AttemptError(Exception):
    """One request brought nothing."""


class _Head(NamedTuple):
    status: int
    headers: dict[str, str]


class Download:
    """One file on its way to one device. `latest` gives it as the notice in force has it, with the link to use."""

    def __init__(self, latest: Callable[[], AnnouncedFile], dice: random.Random) -> None:
        self._latest = latest
        self._dice = dice
        self._size_bytes = latest().size_bytes
        self._hash = hashlib.new(latest().digest_name, usedforsecurity=False)
        self._quarters_told = 0
        self.received_bytes = 0

    async def percents(self) -> AsyncGenerator[int, None]:
        """25, 50, 75 and 100 as the file comes in. Raises DownloadFailedError after FRUITLESS_ATTEMPTS_MAX."""
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

    @property
    def is_intact(self) -> bool:
        """Whether what came hashes to what was announced."""
        return self._hash.hexdigest() == self._latest().digest

    async def _attempt(self) -> AsyncGenerator[int, None]:
        parts = urlsplit(self._latest().url)
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        async with asyncio.timeout(STALLED_SECONDS):
            port = parts.port or _DEFAULT_PORTS[parts.scheme]
            reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls)
        try:
            writer.write(
                f"GET {urlunsplit(('', '', parts.path, parts.query, ''))} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                f"Range: bytes={self.received_bytes}-\r\nConnection: close\r\n\r\n".encode("ascii")
            )
            async with asyncio.timeout(STALLED_SECONDS):
                self._accept(await _read_head(reader))
            # A quarter of a small file is a block of its own, so that each quarter is told.
            block_bytes = min(BLOCK_BYTES_MAX, -(-self._size_bytes // QUARTERS))
            while (missing := self._size_bytes - self.received_bytes) > 0:
                async with asyncio.timeout(STALLED_SECONDS):
                    self._take(await reader.read(min(block_bytes, missing)))
                quarter = QUARTERS * self.received_bytes // self._size_bytes
                if quarter > self._quarters_told:
                    self._quarters_told = quarter
                    yield 100 * quarter // QUARTERS
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _accept(self, head: _Head) -> None:
        if head.status == 200 and self.received_bytes:
            # The server sends everything anew: so does the digest begin anew.
            self._hash = hashlib.new(self._latest().digest_name, usedforsecurity=False)
            self.received_bytes = 0
        elif head.status == 206:
            if not head.headers.get("content-range", "").startswith(f"bytes {self.received_bytes}-"):
                raise _AttemptError("the server sent another range than was asked for")
        elif head.status != 200:
            raise _AttemptError(f"the server answered {head.status}")

    def _take(self, block: bytes) -> None:
        if not block:
            raise EOFError("the transfer broke")
        self._hash.update(block)
        self.received_bytes += len(block)


async def _read_head(reader: asyncio.StreamReader) -> _Head:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = lines[0].split(" ")[1:2]
    if not status or not status[0].isdecimal():
        raise _AttemptError("the answer is not HTTP")
    fields = (line.partition(":") for line in lines[1:] if line)
    return _Head(int(status[0]), {name.strip().lower(): value.strip() for name, _, value in fields})
