"""A virtual device's download, against a file server that does what it is told."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from whimbrel.simulator import download as download_module
from whimbrel.simulator.download import Download, DownloadFailedError
from whimbrel.simulator.messages import AnnouncedFile

CONTENT = random.Random(1).randbytes(300_000)

#: What the server sends for a request, given the offset that was asked for; the connection closes after it.
Answer = Callable[[int], bytes]


def partial(offset: int, length: int = len(CONTENT)) -> bytes:
    """A 206 that promises all from the offset on and sends at most so many bytes of it."""
    head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {offset}-{len(CONTENT) - 1}/{len(CONTENT)}\r\n\r\n"
    return head.encode() + CONTENT[offset : offset + length]


def whole(_offset: int) -> bytes:
    """A 200, whatever range was asked for."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(CONTENT) + CONTENT


@asynccontextmanager
async def file_server(*answers: Answer) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that answers one request after the other, the last answer again and again; its URL and the requests."""
    requests: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        requests.append(request)
        offset = int(request.partition("Range: bytes=")[2].partition("-")[0])
        writer.write(answers[min(len(requests), len(answers)) - 1](offset))
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/f/token?a=b", requests


def make(url: str, content: bytes = CONTENT) -> Download:
    """A download of this content."""
    file = AnnouncedFile(len(content), "sha256", hashlib.sha256(content).hexdigest(), url)
    return Download(lambda: file, random.Random(1))


async def test_the_first_request_has_a_range() -> None:
    """A whole file comes by one request with `Range: bytes=0-`, and each quarter is told once."""
    async with file_server(partial) as (url, requests):
        download = make(url)
        assert [percent async for percent in download.percents()] == [25, 50, 75, 100]
    assert download.is_intact
    (request,) = requests
    assert request.startswith("GET /f/token?a=b HTTP/1.1\r\nHost: 127.0.0.1:")
    assert "Range: bytes=0-\r\n" in request


async def test_a_broken_transfer_goes_on_where_it_broke() -> None:
    """After a transfer that broke, the next request asks for the rest, and no quarter is told twice."""
    async with file_server(lambda offset: partial(offset, 160_000), partial) as (url, requests):
        download = make(url)
        assert [percent async for percent in download.percents()] == [25, 50, 75, 100]
    assert download.is_intact
    assert ["Range: bytes=160000-" in request for request in requests] == [False, True]


async def test_a_server_without_ranges_sends_all_anew() -> None:
    """A 200 in answer to a later range is the whole file from its first byte, and so is the digest."""
    async with file_server(lambda offset: partial(offset, 160_000), whole) as (url, _):
        download = make(url)
        assert [percent async for percent in download.percents()] == [25, 50, 75, 100]
    assert (download.is_intact, download.received_bytes) == (True, len(CONTENT))


@pytest.mark.parametrize("size_bytes", [1, 2, 3, 4, 5])
async def test_quarters_of_tiny_files_are_told(size_bytes: int) -> None:
    """However small a file is, its progress ends at 100."""
    content = CONTENT[:size_bytes]
    async with file_server(lambda _: b"HTTP/1.1 200 OK\r\n\r\n" + content) as (url, _):
        download = make(url, content)
        assert [percent async for percent in download.percents()][-1] == 100
    assert download.is_intact


async def test_other_bytes_are_noticed() -> None:
    """A file of the right length and the wrong content is not intact."""
    async with file_server(partial) as (url, _):
        download = make(url, b"x" * len(CONTENT))
        assert [percent async for percent in download.percents()][-1] == 100
    assert not download.is_intact


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"",
        b"HTTP/1.1 206 \r\nContent-Range: bytes 5-9/10\r\n\r\n",
    ],
)
async def test_a_server_that_gives_nothing_is_given_up(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals, junk, silence and wrong ranges are tried again a bounded number of times, then the download fails."""
    monkeypatch.setattr(download_module, "backoff_s", lambda _failures, _dice: 0)
    async with file_server(lambda _: answer) as (url, requests):
        with pytest.raises(DownloadFailedError):
            [percent async for percent in make(url).percents()]
    assert len(requests) == download_module.FRUITLESS_ATTEMPTS_MAX
