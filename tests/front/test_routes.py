"""Which door a request goes to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from whimbrel.asgi import Receive, Scope, Send
from whimbrel.errors import StoreUnavailableError
from whimbrel.front.routes import Application, Doors, Front

FORM = (b"content-type", b"multipart/form-data; boundary=b")
URLENCODED = (b"content-type", b"application/x-www-form-urlencoded")


def door(name: str) -> Application:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": name.encode()})

    return answer


async def well() -> None:
    return


async def gone() -> None:
    raise StoreUnavailableError("the store is gone")


async def ask(front: Front, method: str, path: str, *headers: tuple[bytes, bytes]) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await front({"type": "http", "method": method, "path": path, "headers": list(headers)}, receive, send)
    return sent[0]["status"], sent[1]["body"]


@pytest.fixture
def front() -> Front:
    doors = Doors(
        door("rpc"),
        door("upload"),
        door("download"),
        {"store": well, "gateway": well},
        door("description"),
        door("ddi"),
    )
    return Front(doors._replace(devices=door("devices"), console=door("console")))


@pytest.mark.parametrize(
    ("method", "path", "headers", "opened"),
    [
        ("GET", "/", (), b"rpc"),
        ("POST", "/", (URLENCODED,), b"rpc"),
        ("POST", "/", (), b"rpc"),
        ("POST", "/", (FORM,), b"upload"),
        ("POST", "/", ((b"content-type", b"Multipart/Form-Data;boundary=x"),), b"upload"),
        ("GET", "/", (FORM,), b"rpc"),
        ("PUT", "/", (FORM,), b"rpc"),
        ("GET", "/f/t1.2.3", (), b"download"),
        ("POST", "/f/", (), b"download"),
        ("GET", "/openapi.json", (), b"description"),
        ("HEAD", "/openapi.json", (), b"description"),
        ("POST", "/openapi.json", (), b"description"),
        ("POST", "/auth", (), b"devices"),
        ("GET", "/auth", (), b"devices"),
        ("POST", "/topic/ota/device/inform/pk/dn", (FORM,), b"devices"),
        ("GET", "/console", (), b"console"),
        ("GET", "/console/", (), b"console"),
        ("POST", "/console/api/call/QueryProductList", (FORM,), b"console"),
        ("GET", "/console/assets/controller/v1", (), b"console"),
        ("GET", "/console/controller/v1/lamp-0001", (), b"ddi"),  # an account may be called console
        ("GET", "/DEFAULT/controller/v1/lamp-0001", (), b"ddi"),
        ("POST", "/a1B2/controller/v1/lamp-0001/deploymentBase/1/feedback", (), b"ddi"),
        ("GET", "/x/controller/v1", (), b"ddi"),
    ],
)
async def test_doors(front: Front, method: str, path: str, headers: Any, opened: bytes) -> None:
    """Method, path and content type alone choose the door."""
    assert await ask(front, method, path, *headers) == (200, opened)


async def test_health(front: Front) -> None:
    """/healthz, /readyz and /metrics answer 200; other paths 404, other methods 405."""
    assert (await ask(front, "GET", "/healthz"))[0] == 200
    status, body = await ask(front, "GET", "/readyz")
    assert (status, json.loads(body)) == (200, {"store": "ok", "gateway": "ok"})
    status, body = await ask(front, "GET", "/metrics")
    assert status == 200
    assert b"whimbrel_" in body or b"python_info" in body
    for path in ("/else", "/auth/", "/authx", "/topic", "/topics/x"):
        assert (await ask(front, "GET", path))[0] == 404
    assert (await ask(front, "POST", "/healthz"))[0] == 405


async def test_F08_not_ready_while_a_part_is_gone() -> None:
    """/readyz answers 503 and names the part; /healthz still says that the process serves."""
    front = Front(Doors(door("rpc"), door("upload"), door("download"), {"store": gone, "gateway": well}))
    status, body = await ask(front, "GET", "/readyz")
    assert (status, json.loads(body)) == (503, {"store": "unavailable", "gateway": "ok"})
    assert (await ask(front, "GET", "/healthz"))[0] == 200


@pytest.mark.parametrize(
    "path", ["/", "/f/t1.2.3", "/openapi.json", "/auth", "/topic/x", "/DEFAULT/controller/v1/lamp-0001"]
)
async def test_roles_that_the_process_does_not_have(path: str) -> None:
    """Without the role there is no door: 404, and nothing runs."""
    front = Front(Doors(None, None, None, {}))
    assert (await ask(front, "GET", path))[0] == 404
