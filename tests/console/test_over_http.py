"""The console over a real socket: uvicorn as the process runs it, a page that looks on, and the process's end."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from urllib.parse import quote

from tests.console.rig import COOKIE, Console, Person
from tests.operations.fleet import make_product
from whimbrel.front.routes import Doors, Front
from whimbrel.host import DRAIN_SECONDS_MAX, Http, http_config
from whimbrel.settings import load_settings

WITHIN_S = 60
LIST = {"action": "QueryProductList", "parameters": {"CurrentPage": 1, "PageSize": 10}}


class Serving:
    """The HTTP server of a process whose only door is the console's."""

    def __init__(self, console: Console, folder: Path) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        front = Front(Doors(None, None, None, {}, console=console.door))
        self._http = Http(http_config(load_settings({}, {}, folder), front))
        self._console = console
        self.task = asyncio.create_task(self._http.serve(sockets=[self._listener]))

    async def begun(self) -> Serving:
        await self._http.is_serving.wait()
        return self

    def stop(self) -> None:
        """As SIGTERM does it."""
        self._console.stopping.set()
        self._http.should_exit = True


async def request(port: int, *lines: str, body: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """One request that was sent, its answer yet to be read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "\r\n".join([*lines, f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}", "", ""])
    writer.write(head.encode() + body)
    return reader, writer


async def head_of(reader: asyncio.StreamReader) -> list[str]:
    async with asyncio.timeout(WITHIN_S):
        return (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")


def watching(person: Person) -> list[str]:
    """The lines of a request for a live page."""
    return [f"GET /console/api/live?watch={quote(json.dumps([LIST]))} HTTP/1.1", f"Cookie: {COOKIE}={person.token}"]


async def test_a_call_and_the_page_that_sees_it(console: Console, tmp_path: Path) -> None:
    """A person looks on, another makes a product, and the page is told."""
    serving = await Serving(console, tmp_path).begun()
    ada = await console.sign_in()
    page, writer = await request(serving.port, *watching(ada))
    head = await head_of(page)
    assert head[0] == "HTTP/1.1 200 OK"
    assert "Content-Type: text/event-stream; charset=utf-8" in head
    said = [
        "POST /console/api/call/CreateProduct HTTP/1.1", f"Cookie: {COOKIE}={ada.token}", f"X-CSRF-Token: {ada.csrf}",
        "Content-Type: application/json", f"Origin: http://127.0.0.1:{serving.port}", "Connection: close",
    ]  # fmt: skip
    body = json.dumps({"ProductName": "lamp", "NodeType": 0}).encode()
    answer, answered = await request(serving.port, *said, body=body)
    assert b'"success":true' in await answer.read()
    async with asyncio.timeout(WITHIN_S):
        await page.readuntil(b'"productName":"lamp"')
    for open_writer in (writer, answered):
        open_writer.close()
    serving.stop()
    await serving.task


async def test_the_end_of_the_process_waits_for_no_page(console: Console, tmp_path: Path) -> None:
    """Pages are told and closed, so that the process drains long before it would give up on them."""
    serving = await Serving(console, tmp_path).begun()
    ada = await console.sign_in()
    pages = [await request(serving.port, *watching(ada)) for _ in range(3)]
    for page, _ in pages:
        await page.readuntil(b"event: answer")
    serving.stop()
    async with asyncio.timeout(DRAIN_SECONDS_MAX / 2):
        await serving.task
        ends = [await page.read() for page, _ in pages]
    assert all(b'event: end\ndata: {"reason":"stopping"}' in text and text.endswith(b"0\r\n\r\n") for text in ends)
    for _, writer in pages:
        writer.close()


async def test_a_page_that_is_closed_is_forgotten(console: Console, tmp_path: Path) -> None:
    """Nothing is read for it any more."""
    serving = await Serving(console, tmp_path).begun()
    page, writer = await request(serving.port, *watching(await console.sign_in()))
    await page.readuntil(b"event: answer")
    await make_product(console.signed)
    writer.close()
    for _ in range(1_000):
        if not len(console.door._live.watches) and not console.door._live._streams:
            break
        await asyncio.sleep(0.01)
    assert not len(console.door._live.watches)
    assert not console.door._live._streams
    serving.stop()
    await serving.task
