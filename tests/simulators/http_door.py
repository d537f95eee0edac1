"""A scripted HTTP server: a function from request to answer, over real connections that are kept."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The JSON of the body."""
        return json.loads(self.body)


class Reply(NamedTuple):
    """What is answered. `headers` are written as they are, after the length."""

    status: int = 200
    body: bytes = b""
    headers: tuple[str, ...] = ()

    def encoded(self) -> bytes:
        """On the wire."""
        lines = [f"HTTP/1.1 {self.status} Said", f"Content-Length: {len(self.body)}", *self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


def json_reply(document: object, status: int = 200) -> Reply:
    """A JSON answer."""
    return Reply(status, json.dumps(document).encode())


def file_reply(asked: Asked, content: bytes) -> Reply:
    """A file, from the byte on that is asked for."""
    offset = int(asked.headers["range"].removeprefix("bytes=").partition("-")[0])
    return Reply(206, content[offset:], (f"Content-Range: bytes {offset}-{len(content) - 1}/{len(content)}",))


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[str]:
    """Serves each connection while the block runs, and leaves none open; the address."""
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    async with server:
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            for writer in writers:
                writer.transport.abort()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def http_door(answer: Callable[[Asked], Reply]) -> AsyncIterator[str]:
    """Serves while the block runs; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            asked = await read_request(reader)
            writer.write(answer(asked).encoded())
            if asked.headers.get("connection") == "close":
                break

    async with listening(serve) as address:
        yield address


async def read_request(reader: asyncio.StreamReader) -> Asked:
    """The next request of a connection."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = lines[0].split(" ")
    headers = {
        name.lower(): content.strip() for name, _, content in (line.partition(":") for line in lines[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, urlsplit(target).path, headers, body)
