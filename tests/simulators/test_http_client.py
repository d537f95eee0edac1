"""HTTP for devices without a connection of their own, against a scripted server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.simulators.http_door import Asked, Reply, http_door, listening, read_request
from whimbrel.simulator import http_client as client_module
from whimbrel.simulator.http_client import BODY_BYTES_MAX, Answer, HttpClient, HttpError, Request, TlsOnce


@asynccontextmanager
async def raw_door(*replies: bytes) -> AsyncIterator[tuple[str, list[int]]]:
    """Answers one request after the other with these bytes, the last again and again. Its address, and how many
    requests each connection brought.
    """
    brought: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        brought.append(0)
        while True:
            await read_request(reader)
            brought[-1] += 1
            reply = replies[min(sum(brought), len(replies)) - 1]
            writer.write(reply)
            if b"Connection: close" in reply or b"Content-Length" not in reply:
                break

    async with listening(serve) as address:
        yield f"{address}/a?b=c", brought


@asynccontextmanager
async def client() -> AsyncIterator[HttpClient]:
    """A client that is closed in the end."""
    made = HttpClient(TlsOnce(), lambda: None)
    try:
        yield made
    finally:
        made.close()
        await asyncio.sleep(0)


def whole(body: bytes = b"yes") -> bytes:
    """A good answer."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def test_a_request_is_whole_and_so_is_its_answer() -> None:
    """Method, path with query, host, headers and body arrive; status, headers and body come back."""
    seen: list[Asked] = []

    def answer(asked: Asked) -> Reply:
        seen.append(asked)
        return Reply(418, b"tea", ("X-Pot: round",))

    async with http_door(answer) as address, client() as http:
        answered = await http.send(Request("PUT", f"{address}/a/b?c=d", {"X-Cup": "1"}, b"sugar"))
    assert answered == Answer(418, {"content-length": "3", "x-pot": "round"}, b"tea")
    (asked,) = seen
    assert (asked.method, asked.path, asked.body, asked.headers["x-cup"]) == ("PUT", "/a/b", b"sugar", "1")


async def test_connections_are_kept_and_shared() -> None:
    """One request after the other takes one connection, whoever asks."""
    async with raw_door(whole()) as (url, brought), client() as http:
        for _ in range(3):
            await http.send(Request("GET", url))
        assert brought == [3]


async def test_a_kept_connection_that_ended_is_replaced() -> None:
    """A server may end a connection between two requests: the next one takes a new one, and nobody notices."""
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    async with raw_door(closing) as (url, brought), client() as http:
        for _ in range(3):
            await http.send(Request("GET", url))
        assert brought == [1, 1, 1]


async def test_no_more_than_the_limit_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many devices ask, so many connections are open."""
    monkeypatch.setattr(client_module, "CONNECTIONS_MAX", 2)
    async with raw_door(whole()) as (url, brought), client() as http:
        answers = await asyncio.gather(*(http.send(Request("GET", url)) for _ in range(20)))
        assert {answer.body for answer in answers} == {b"yes"}
        assert len(brought) <= 2


async def test_an_answer_of_304_has_no_body() -> None:
    """304 needs no length (RFC 9110)."""
    async with raw_door(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n") as (url, _), client() as http:
        assert (await http.send(Request("GET", url))).status == 304


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nyes",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nyes",
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1),
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"",
    ],
)
async def test_an_answer_that_devices_do_not_bear_is_none(reply: bytes) -> None:
    """Chunked answers, answers without a length or of too great a one, cut ones and junk are errors (ddi-protocol
    1).
    """
    async with raw_door(reply) as (url, _), client() as http:
        with pytest.raises(HttpError):
            await http.send(Request("GET", url))


async def test_a_server_that_is_away_is_an_error() -> None:
    """Nobody listens: the error of the operating system."""
    async with client() as http:
        with pytest.raises(OSError, match="Connect"):
            await http.send(Request("GET", "http://127.0.0.1:1/"))
