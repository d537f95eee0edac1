"""The console's door in process: the real hall on a real store, called over ASGI by people who are signed in.

Sessions are kept in a dictionary, which is all that the door may know of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.operations.signed_door import PUBLIC_URL, Answer, SignedDoor, open_signed_door
from whimbrel.console.door import ConsoleDoor
from whimbrel.console.session import Session
from whimbrel.console.setup import Mqtt, Server, Setup
from whimbrel.domain.access import EVERYTHING, Policy
from whimbrel.rpc.hall import Hall

SAME_SITE = (b"sec-fetch-site", b"same-origin")
SERVER = Server("0.1.0", PUBLIC_URL, False, True, Mqtt("ota.example.com", 1883, True), ("api", "console"))
NONCE = "nonce-0123"
COOKIE = "__Host-whimbrel_session"


class KeptSessions:
    """Sessions by token; whoever is taken out is signed out."""

    def __init__(self) -> None:
        self.open: dict[str, Session] = {}
        self.asked = 0
        self.used = 0

    async def of_token(self, token: str, now_ms: int, *, action: str = "", is_use: bool = True) -> Session | None:
        self.asked += 1
        self.used += is_use
        session = self.open.get(token)
        return session if session is not None and now_ms < session.expires_ms else None


class Person(NamedTuple):
    """Someone who is signed in, with what the browser keeps."""

    token: str
    csrf: str

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return [
            (b"cookie", f"{COOKIE}={self.token}".encode()),
            (b"x-csrf-token", self.csrf.encode()),
            (b"content-type", b"application/json"),
            SAME_SITE,
        ]


NOBODY = Person("", "")


class Console:
    """The door and those who are signed in."""

    def __init__(self, signed: SignedDoor, hall: Any, folder: Path) -> None:
        self.signed = signed
        self.sessions = KeptSessions()
        self.stopping = asyncio.Event()
        self.cookies_of_last: list[tuple[str, str]] = []
        self.setup = Setup(hall, self.sessions, SERVER, bytes(32), lambda: NONCE, self.stopping)
        self.door = ConsoleDoor(self.setup, folder)

    async def sign_in(self, user: str = "ada", policy: Policy = EVERYTHING, *, sees_secrets: bool = True) -> Person:
        """A session of a day."""
        token = f"token-of-{user}-{len(self.sessions.open)}"
        digest = hashlib.sha256(token.encode()).hexdigest()
        expires_ms = self.signed.clock.at_ms + 86_400_000
        account_id = await self.signed.account_id()
        session = Session(account_id, "default", user, "ADMIN", policy, sees_secrets, digest, expires_ms)
        self.sessions.open[token] = session
        return Person(token, self.setup.csrf_token_of(session))

    async def call(self, person: Person, action: str, **parameters: Any) -> Answer:
        return await self.send("POST", f"/console/api/call/{action}", person.headers, json.dumps(parameters).encode())

    async def call_for_secrets(self, person: Person, action: str, said: bytes = b"true", **parameters: Any) -> Answer:
        """As a page calls when somebody presses Show."""
        headers = [*person.headers, (b"x-show-secrets", said)]
        return await self.send("POST", f"/console/api/call/{action}", headers, json.dumps(parameters).encode())

    async def get(self, path: str, person: Person = NOBODY, *headers: tuple[bytes, bytes], query: str = "") -> Answer:
        return await self.send("GET", path, [*person.headers, *headers], query=query)

    async def send(
        self, method: str, path: str, headers: Sequence[tuple[bytes, bytes]], body: bytes = b"", *, query: str = ""
    ) -> Answer:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.door(scope_of(method, path, headers, query), receive, send)
        set_cookies = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
        self.cookies_of_last = [(name, value) for name, _, value in (line.partition("=") for line in set_cookies)]
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], dict(sent[0]["headers"]), body)


def scope_of(method: str, path: str, headers: Sequence[tuple[bytes, bytes]], query: str = "") -> dict[str, Any]:
    """A request as the server hands it in."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": list(headers),
        "extensions": {},
        "root_path": "",
        "http_version": "1.1",
        "scheme": "https",
    }


@asynccontextmanager
async def open_console(folder: Path, hall: Hall | None = None) -> AsyncIterator[Console]:
    """A console on an empty store of its own, without built pages."""
    async with open_signed_door(folder) as signed:
        console = Console(signed, hall or signed.hall, folder / "built")
        yield console
        console.stopping.set()
        await console.door.close()
