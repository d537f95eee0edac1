"""`/openapi.json`: who asks gets the description, and who has it already gets nothing again."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.operations.signed_door import OPERATIONS
from whimbrel.rpc.openapi_door import OpenApiDoor

URL = "https://ota.example.com"


async def ask(
    door: OpenApiDoor, method: str = "GET", *headers: tuple[bytes, bytes]
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and body."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await door({"type": "http", "method": method, "path": "/openapi.json", "headers": list(headers)}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


async def test_get_and_head() -> None:
    """GET answers the description, HEAD the same without a body."""
    door = OpenApiDoor(OPERATIONS, URL)
    status, headers, body = await ask(door)
    assert (status, headers[b"content-type"], headers[b"cache-control"]) == (200, b"application/json", b"no-cache")
    assert headers[b"content-length"] == str(len(body)).encode()
    document = json.loads(body)
    assert document["servers"] == [{"url": URL}]
    assert list(document["paths"]) == [f"/?Action={action}" for action in OPERATIONS]
    assert await ask(door, "HEAD") == (200, headers, b"")


async def test_who_has_it_gets_304() -> None:
    """An ETag that still holds, also as a weak one, among others or as *, is answered 304 without a body."""
    door = OpenApiDoor(OPERATIONS, URL)
    _, headers, _ = await ask(door)
    etag = headers[b"etag"]
    for known in (etag, b"W/" + etag, b'"other", ' + etag, b"*"):
        assert await ask(door, "GET", (b"if-none-match", known)) == (
            304,
            {b"etag": etag, b"cache-control": b"no-cache"},
            b"",
        )
    for unknown in (b'"other"', b"", etag.strip(b'"')):
        assert (await ask(door, "GET", (b"if-none-match", unknown)))[0] == 200


async def test_the_etag_is_the_contents() -> None:
    """Other content has another ETag; the same content has the same, in another process too."""
    etags = [(await ask(OpenApiDoor(OPERATIONS, url)))[1][b"etag"] for url in (URL, URL, "https://other.example.com")]
    assert etags[0] == etags[1] != etags[2]


async def test_other_methods_are_refused() -> None:
    """POST is 405 and says what is served."""
    status, headers, body = await ask(OpenApiDoor(OPERATIONS, URL), "POST")
    assert (status, headers[b"allow"], body) == (405, b"GET, HEAD", b"")


async def test_many_who_ask_at_once_get_the_same() -> None:
    """It is built once, whoever asks first."""
    door = OpenApiDoor(OPERATIONS, URL)
    answers = await asyncio.gather(*(ask(door) for _ in range(5)))
    assert all(answer[2] is answers[0][2] for answer in answers)
