"""HTTP/1.1 for devices that have no connection of their own while idle: short requests on connections that are shared
and kept, so that a large fleet needs few open files.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import SplitResult, urlsplit, urlunsplit

CONNECTIONS_MAX: Final = 64
ANSWER_SECONDS_MAX: Final = 30.0
BODY_BYTES_MAX: Final = 1024 * 1024
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class HttpError(OSError):
    """The answer is not HTTP as devices bear it, so it counts as none."""


class Head(NamedTuple):
    """An answer without its body; the names of headers are lower case."""

    status: int
    headers: Mapping[str, str]


class Answer(NamedTuple):
    """One answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Request(NamedTuple):
    """What to ask for, at an absolute URL. A body goes with its length."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes | None = None

    def encoded(self, parts: SplitResult) -> bytes:
        """The request on the wire."""
        lines = [f"{self.method} {urlunsplit(('', '', parts.path, parts.query, ''))} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"{name}: {content}" for name, content in self.headers.items()]
        if self.body is not None:
            lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (self.body or b"")


class TlsOnce:
    """The TLS context, made when the first connection needs it: loading the authorities takes some milliseconds."""

    def __init__(self, given: ssl.SSLContext | None = None) -> None:
        self._context = given

    def for_scheme(self, scheme: str) -> ssl.SSLContext | None:
        """None for http."""
        if scheme != "https":
            return None
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context


_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class HttpClient:
    """Sends requests of many devices; at most CONNECTIONS_MAX wait for an answer at once. `sent` hears of each."""

    def __init__(self, tls: TlsOnce, sent: Callable[[], None]) -> None:
        self.tls = tls
        self._sent = sent
        self._turns = asyncio.Semaphore(CONNECTIONS_MAX)
        self._idle: defaultdict[tuple[str, str], list[_Connection]] = defaultdict(list)

    async def send(self, request: Request) -> Answer:
        """The answer, whatever its status. Raises OSError, TimeoutError: there is none."""
        parts = urlsplit(request.url)
        async with self._turns, asyncio.timeout(ANSWER_SECONDS_MAX):
            self._sent()
            kept = self._idle[parts.scheme, parts.netloc]
            while kept:
                with suppress(ConnectionError, asyncio.IncompleteReadError):
                    # The server may have ended a kept connection meanwhile; then nothing of the request was served.
                    return await self._exchange(request, parts, kept.pop())
            try:
                return await self._exchange(request, parts, await self._open(parts))
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
                raise HttpError(f"no whole answer from {parts.netloc}: {error}") from None

    def close(self) -> None:
        """Ends the kept connections."""
        for connections in self._idle.values():
            for _, writer in connections:
                writer.close()
        self._idle.clear()

    async def _open(self, parts: SplitResult) -> _Connection:
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        return await asyncio.open_connection(parts.hostname, port, ssl=self.tls.for_scheme(parts.scheme))

    async def _exchange(self, request: Request, parts: SplitResult, connection: _Connection) -> Answer:
        reader, writer = connection
        is_kept = False
        try:
            writer.write(request.encoded(parts))
            head = await read_head(reader)
            body = await _read_body(reader, head)
            is_kept = head.headers.get("connection", "").lower() != "close"
            return Answer(head.status, head.headers, body)
        finally:
            if is_kept:
                self._idle[parts.scheme, parts.netloc].append(connection)
            else:
                writer.close()


async def read_head(reader: asyncio.StreamReader) -> Head:
    """Status and headers. Raises HttpError, EOFError, LimitOverrunError."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = lines[0].split(" ")[1:2]
    if not status or not status[0].isdecimal():
        raise HttpError("the answer is not HTTP")
    fields = (line.partition(":") for line in lines[1:] if line)
    return Head(int(status[0]), {name.strip().lower(): content.strip() for name, _, content in fields})


async def _read_body(reader: asyncio.StreamReader, head: Head) -> bytes:
    """By its length, as Zephyr reads it: an answer without one is none (ddi-protocol 1, rule 2)."""
    if head.status == 304:
        return b""
    length = head.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > BODY_BYTES_MAX:
        raise HttpError(f"an answer's Content-Length is {length!r}")
    return await reader.readexactly(int(length))
