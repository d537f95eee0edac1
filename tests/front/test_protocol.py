"""The HTTP sockets' guard, on a real uvicorn server on loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn

from whimbrel.asgi import Receive, Scope, Send, abort
from whimbrel.front import protocol
from whimbrel.front.protocol import HEAD_BYTES_MAX, GuardedHttp, capitalised

HEAD = b"GET / HTTP/1.1\r\nhost: x\r\n"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the request's path, or drops the peer for the path /abort."""
    if scope["path"] == "/abort":
        await abort(scope)
        return
    body = scope["path"].encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Server(uvicorn.Server):
    """A server that leaves the process's signals alone, and says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_serving.set()

    @asynccontextmanager
    async def running(self, listener: socket.socket) -> AsyncIterator[int]:
        task = asyncio.create_task(self._serve([listener]))
        await self.is_serving.wait()
        yield listener.getsockname()[1]
        self.should_exit = True
        await task


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(application, http=GuardedHttp, ws="none", lifespan="off", log_config=None, access_log=False)
    listener = socket.create_server(("127.0.0.1", 0))
    async with Server(config).running(listener) as number:
        yield number


async def exchange(port: int, *pieces: bytes) -> bytes:
    """What the server says until it hangs up or has been silent for a second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    with suppress(ConnectionError, TimeoutError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        async with asyncio.timeout(1.0):
            while block := await reader.read(65_536):
                said += block
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return said


async def is_cut_off(port: int, *pieces: bytes) -> bool:
    """Whether the server hangs up by itself, within two seconds and without an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
    try:
        async with asyncio.timeout(2.0):
            said = await reader.read(10)
    except (TimeoutError, ConnectionError) as error:
        return isinstance(error, ConnectionError)
    finally:
        writer.close()
    return said == b""


async def test_whole_heads_are_served(port: int) -> None:
    """Requests on one connection, in one piece and in several, are all answered."""
    pieces = (HEAD + b"\r\n", HEAD[:10], HEAD[10:], b"\r\n", HEAD + b"\r\n")
    assert (await exchange(port, *pieces)).count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize("pieces", [(), (HEAD,), (HEAD + b"\r\n", HEAD)])
async def test_I17_a_head_that_does_not_come_is_given_up(
    port: int, pieces: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that says nothing, or stops in the middle of its first or second head, is cut off."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS_MAX", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0.05)
    async with asyncio.timeout(5.0):
        said = await reader.read()
    assert said.count(b"200 OK") == max(0, len(pieces) - 1)
    writer.close()


@pytest.mark.parametrize(("size_bytes", "is_served"), [(-1, True), (0, True), (1, False)])
async def test_I17_the_size_of_a_head(port: int, size_bytes: int, is_served: bool) -> None:
    """A head of HEAD_BYTES_MAX is served; one byte more that has not ended is refused with 431."""
    filler = b"x-filler: "
    length = HEAD_BYTES_MAX + size_bytes - len(HEAD) - len(filler)
    ending = b"\r\n\r\n" if is_served else b""
    said = await exchange(port, HEAD + filler + b"a" * (length - len(ending)), ending)
    assert said.startswith(b"HTTP/1.1 200" if is_served else b"HTTP/1.1 431")


async def test_a_door_can_drop_its_peer(port: int) -> None:
    """The extension that doors use to drop a peer ends the connection without an answer."""
    assert await is_cut_off(port, b"GET /abort HTTP/1.1\r\nhost: x\r\n\r\n")


async def test_names_of_headers_have_capitals(port: int) -> None:
    """The vendor's C SDK finds a body only behind `Content-Length: `, letter for letter; in every answer it is so."""
    said = await exchange(port, HEAD + b"\r\n", HEAD + b"\r\n")
    assert said.count(b"\r\nContent-Length: 1\r\n") == 2
    names = [line.partition(b":")[0] for line in said.split(b"\r\n") if b": " in line]
    assert names == [name.title() for name in names]


async def test_a_body_that_looks_like_a_head_is_left_alone(port: int) -> None:
    """What a door sends after the head are bytes of a file, whatever they say."""
    body = b"HTTP/1.1%20200%20OK%0d%0acontent-length:%201%0d%0a%0d%0a"
    said = await exchange(port, b"GET /" + body + b" HTTP/1.1\r\nhost: x\r\n\r\n")
    assert said.endswith(b"/HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n")


def test_capitals() -> None:
    """Names change, values do not."""
    head = b'HTTP/1.1 200 OK\r\netag: "a: b"\r\nx-acs-request-id: x-y\r\n\r\n'
    assert capitalised(head) == b'HTTP/1.1 200 OK\r\nEtag: "a: b"\r\nX-Acs-Request-Id: x-y\r\n\r\n'
