"""uvicorn's HTTP protocol with the limits it lacks: how long and how large a request's head may be (threat-model 4),
and a way for a door to drop a peer that reads nothing. It also spells names of headers with their usual capitals, which
uvicorn does not: the vendor's C SDK finds the length of a body only behind `Content-Length: `, letter for letter.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from whimbrel.asgi import ABORT_EXTENSION

HEAD_SECONDS_MAX = 10.0
HEAD_BYTES_MAX = 128 * 1024  # a query of 64 KiB, which the doors measure themselves, and headers around it
CONNECTIONS_MAX = 10_000
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def capitalised(head: bytes) -> bytes:
    """A response's head with `Content-Length` for `content-length`, and so on; values stay as they are."""
    status, *lines = head.split(b"\r\n")
    fields = (line.partition(b":") for line in lines)
    return b"\r\n".join((status, *(name.title() + colon + value for name, colon, value in fields)))


class _Headed:
    """The transport while a response's head is written, which is one write."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def write(self, head: bytes) -> None:
        self._transport.write(capitalised(head))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Cycle(RequestResponseCycle):
    """One request and its response."""

    async def send(self, message: Any) -> None:
        if self.response_started:
            await super().send(message)
            return
        transport = self.transport
        self.transport = cast(asyncio.Transport, _Headed(transport))
        try:
            await super().send(message)
        finally:
            self.transport = transport


class GuardedHttp(HttpToolsProtocol):
    """One connection. A head is what comes before a request's body."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._is_in_head = True
        self._head_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        if len(self.connections) > CONNECTIONS_MAX:
            transport.abort()
            return
        self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._is_in_head and self._is_between_requests():
            self._is_in_head, self._head_bytes = True, 0
        self._head_bytes += len(data)
        super().data_received(data)
        # Looked at after parsing: nearly every head comes whole in one read, and then needs neither limit nor timer.
        if not self._is_in_head or self.transport.is_closing():
            return
        if self._head_bytes > HEAD_BYTES_MAX:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._deadline is None:
            self._set_deadline()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = cast(Any, {ABORT_EXTENSION: self._abort})

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()
        # uvicorn has no other way to be given a cycle; it has not begun, for its task runs after this.
        self.cycle.__class__ = _Cycle

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _set_deadline(self) -> None:
        loop: Any = self.loop
        self._deadline = loop.call_later(HEAD_SECONDS_MAX, self._give_up)

    def _head_came(self) -> None:
        self._is_in_head = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()

    def _abort(self) -> None:
        self.transport.abort()
