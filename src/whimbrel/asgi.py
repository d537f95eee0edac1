"""What the HTTP doors need of ASGI: its vocabulary, one way to answer, and the least speed of a peer (threat-model 4).

A peer must move 1 KiB/s over any 30 s that it lets us wait; time that the server itself needs never counts against it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

#: A server that can drop a connection with what it still has buffered puts a function of no arguments here. ASGI alone
#: can only close, which waits for a peer that reads nothing.
ABORT_EXTENSION = "whimbrel.abort"

#: Measured on a 512 MiB download: 0.48 CPU seconds a GiB with 256 KiB pieces, 0.34 with 512 KiB, 0.33 with 1 MiB.
PIECE_BYTES_MAX = 524_288
#: A piece that left within this time was no strain for the peer, so the next one may be twice as large.
BRISK_S = 1.0


class Pace(NamedTuple):
    """The least speed of a peer (threat-model 4)."""

    bytes_per_s: int = 1024
    window_s: float = 30.0


class Answer(NamedTuple):
    """A response whose body is small enough to be one message."""

    status: int
    headers: Headers
    body: bytes = b""


class PeerGoneError(Exception):
    """The peer closed the connection: there is no one left to answer."""


class SlowPeerError(Exception):
    """The peer is slower than the Pace."""


class BodyReader:
    """A request's body, block by block, at no less than the Pace."""

    def __init__(self, receive: Receive, pace: Pace) -> None:
        self._receive = receive
        self._pace = pace
        self._waited_s = 0.0
        self._window_bytes = 0
        self.is_ended = False

    async def read(self) -> bytes | None:
        """The next bytes, None at the end. Raises PeerGoneError, SlowPeerError."""
        while not self.is_ended:
            message = await self._next_message()
            if message is None:
                continue
            if message["type"] == "http.disconnect":
                raise PeerGoneError
            self.is_ended = not message.get("more_body", False)
            block: bytes = message.get("body", b"")
            self._window_bytes += len(block)
            if block:
                return block
        return None

    async def _next_message(self) -> Message | None:
        """A message, or None when the window ended first and had enough bytes in it."""
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        message: Message | None = None
        try:
            async with asyncio.timeout(self._pace.window_s - self._waited_s):
                message = await self._receive()
        except TimeoutError:
            pass  # judged below, like a window that ends with a message
        self._waited_s += loop.time() - started_s
        if message is None or self._waited_s >= self._pace.window_s:
            if self._window_bytes < self._pace.bytes_per_s * self._pace.window_s:
                raise SlowPeerError
            self._waited_s, self._window_bytes = 0.0, 0
        return message


class PacedSender:
    """A response's body, sent in pieces that a slow peer can take in time and a fast one hardly notices.

    `send` waits until the server's buffer has room; a piece that the peer has not made room for after the window, plus
    the piece's own time at the least speed, ends the transfer. Pieces start small and grow with the peer's speed, so a
    stalled peer that was slow is found within a minute, and one that was fast within ten.
    """

    def __init__(self, send: Send, pace: Pace) -> None:
        self._send = send
        self._pace = pace
        self._smallest_bytes = max(1, int(pace.bytes_per_s * pace.window_s))
        self._piece_bytes = self._smallest_bytes

    async def send(self, block: bytes) -> None:
        """Raises SlowPeerError."""
        loop = asyncio.get_running_loop()
        rest = memoryview(block)
        while rest:
            piece, rest = rest[: self._piece_bytes], rest[self._piece_bytes :]
            started_s = loop.time()
            try:
                async with asyncio.timeout(self._pace.window_s + len(piece) / self._pace.bytes_per_s):
                    await self._send({"type": "http.response.body", "body": piece, "more_body": True})
            except TimeoutError as error:
                raise SlowPeerError from error
            if loop.time() - started_s < BRISK_S:
                self._piece_bytes = max(self._smallest_bytes, min(2 * self._piece_bytes, PIECE_BYTES_MAX))
            else:
                self._piece_bytes = self._smallest_bytes


def header(scope: Scope, name: bytes) -> str | None:
    """The header's value; None when it is absent or repeated, for two values have no one meaning."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


async def start(send: Send, status: int, headers: Headers) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def end(send: Send) -> None:
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def send_answer(send: Send, answer: Answer) -> None:
    await start(send, answer.status, answer.headers)
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


async def abort(scope: Scope) -> None:
    """Drop the connection now if the server can; if not, it closes it, because the response stays incomplete."""
    drop = scope.get("extensions", {}).get(ABORT_EXTENSION)
    if drop is not None:
        drop()
        await asyncio.sleep(0)  # the server learns of it before it looks at the incomplete response
