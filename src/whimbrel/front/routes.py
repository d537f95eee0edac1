"""Routes one request by method, path and content type alone. Raw ASGI: the management API is the hot path."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from whimbrel.asgi import Receive, Scope, Send
from whimbrel.errors import WhimbrelError

log = logging.getLogger(__name__)

Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Ping = Callable[[], Awaitable[None]]

DOWNLOAD_PREFIX = "/f/"
DESCRIPTION_PATH = "/openapi.json"
REGISTRATION_PATH = "/auth/register/device"
DEVICE_LOGIN_PATH, DEVICE_TOPIC_PREFIX = "/auth", "/topic/"
CONSOLE_PATH = "/console"
PING_SECONDS_MAX = 5.0
_DDI_SEGMENTS = ["controller", "v1"]  # behind a tenant (ddi-protocol 2)
_FORM_UPLOAD = b"multipart/form-data"


class Doors(NamedTuple):
    """What the routes lead to, None where this process does not have the role; `pings` are what `/readyz` asks."""

    rpc: Application | None
    upload: Application | None
    download: Application | None
    pings: Mapping[str, Ping]
    description: Application | None = None
    ddi: Application | None = None
    registration: Application | None = None
    devices: Application | None = None
    console: Application | None = None


class Front:
    """The ASGI application of the process."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await (self._door(scope) or self._answer)(scope, receive, send)

    def _door(self, scope: Scope) -> Application | None:
        path: str = scope["path"]
        if path == "/":
            # The vendors' upload form goes to the bare host (api-contract 12), as the management API does.
            return self._doors.upload if _is_form_upload(scope) else self._doors.rpc
        if path == DESCRIPTION_PATH:
            return self._doors.description
        if path.split("/", 4)[2:4] == _DDI_SEGMENTS:
            return self._doors.ddi
        if path == REGISTRATION_PATH:
            return self._doors.registration
        if path == DEVICE_LOGIN_PATH or path.startswith(DEVICE_TOPIC_PREFIX):
            return self._doors.devices
        if path == CONSOLE_PATH or path.startswith(f"{CONSOLE_PATH}/"):
            return self._doors.console
        return self._doors.download if path.startswith(DOWNLOAD_PREFIX) else None

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _send_json(send, 405, {"error": "only GET and HEAD are served here"})
            return
        match scope["path"]:
            case "/healthz":
                await _send_json(send, 200, {"status": "serving"})
            case "/readyz":
                await self._ready(send)
            case "/metrics":
                await _send(send, 200, CONTENT_TYPE_LATEST.encode(), generate_latest())
            case _:
                await _send_json(send, 404, {"error": "nothing is served here; the management API is on /"})

    async def _ready(self, send: Send) -> None:
        states = {name: await _state(name, ping) for name, ping in self._doors.pings.items()}
        is_ready = all(state == "ok" for state in states.values())
        await _send_json(send, 200 if is_ready else 503, states)


async def _state(name: str, ping: Ping) -> str:
    try:
        async with asyncio.timeout(PING_SECONDS_MAX):
            await ping()
    except (WhimbrelError, TimeoutError) as error:
        log.warning("%s is not ready: %s", name, error)
        return "unavailable"
    return "ok"


def _is_form_upload(scope: Scope) -> bool:
    return scope["method"] == "POST" and any(
        name == b"content-type" and value.strip().lower().startswith(_FORM_UPLOAD) for name, value in scope["headers"]
    )


async def _send_json(send: Send, status: int, body: Mapping[str, str]) -> None:
    await _send(send, status, b"application/json", json.dumps(body).encode() + b"\n")


async def _send(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
