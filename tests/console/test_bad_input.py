"""Anything at any of the console's doors: an answer below 500, and never a stack trace (threat-model part 4)."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.console.people import Browser, open_house
from tests.console.rig import COOKIE, SAME_SITE, scope_of
from tests.operations.signed_door import OPERATIONS

REQUESTS = 700
SHAPES: dict[str, dict[str, Any]] = {
    "sign-in": {"name": "ann", "password": "x", "account": "default"},
    "invitation": {"token": "x"},
    "welcome": {"token": "x", "password": "x", "name": "x"},
    "sign-out": {},
    "password": {"password": "x", "newPassword": "x"},
    "end-sessions": {"sessionId": "1"},
}
READ = ("session", "sessions", "sign-in/options", "live", "oidc-start", "oidc-callback", "nothing", "../session")
LEAVES: tuple[Any, ...] = (
    "", " ", "\ud800", "\x00", "\x7f", "\u202e", "\u0663", "%00", "' OR 1=1 --", "../../etc/passwd", "a" * 9_000, "a:b",
    "@", "灯" * 100, "-1", "0", "9" * 19, "9" * 400, "1e999", 0, -1, 2**63, 10**400, 1.5, True, None,
    [], {}, [[]], [None], ["a"] * 300, {"": 1}, {"a": {"b": {"c": 1}}}, {"x" * 300: 1},
)  # fmt: skip
HEADERS = (b"", b"\xff\xfe", b"a" * 4_000, b"null", b"[::1", b"application/json", b"1.2.3.4:5, ::1%x", b"same-origin")
HEADER_NAMES = (b"content-type", b"x-csrf-token", b"cookie", b"x-forwarded-for", b"user-agent", b"origin", b"host")


class Stranger:
    """Sends what a seed makes up, as somebody who is signed in or as nobody."""

    def __init__(self, seed: int, browser: Browser) -> None:
        self._random = random.Random(seed)
        self._browser = browser

    def request(self) -> tuple[dict[str, Any], bytes]:
        path, said = self._place()
        headers = [SAME_SITE, (b"content-type", b"application/json"), (b"x-csrf-token", self._browser.csrf.encode())]
        if self._random.random() < 0.9:
            headers.append((b"cookie", f"{COOKIE}={self._browser.cookie}".encode()))
        if self._random.random() < 0.2:
            headers.append((self._random.choice(HEADER_NAMES), self._random.choice(HEADERS)))
        is_read = path in READ
        scope = scope_of("GET" if is_read else "POST", f"/console/api/{path}", headers, said if is_read else "")
        return scope | {"client": (f"192.0.2.{self._random.randrange(256)}", 4711)}, b"" if is_read else said.encode()

    def _place(self) -> tuple[str, str]:
        kind = self._random.random()
        if kind < 0.6:
            action = self._random.choice(sorted(OPERATIONS))
            return f"call/{action}", self._text(dict(OPERATIONS[action].example.request))
        if kind < 0.75:
            path = self._random.choice(sorted(SHAPES))
            return path, self._text(dict(SHAPES[path]))
        action = self._random.choice(sorted(OPERATIONS))
        watch = {"action": action, "parameters": dict(OPERATIONS[action].example.request)}
        query = f"watch={quote(json.dumps([watch, self._random.choice(LEAVES)][: self._random.randint(1, 2)]))}"
        other = f"state={quote(repr(self._random.choice(LEAVES)))}&code=%ff&code=x&then=//evil&iss=%00"
        return self._random.choice(READ), self._random.choice((query, other, "watch=%5B", "watch=%ff", "&&=&", ""))

    def _text(self, said: dict[str, Any]) -> str:
        """With a member or two in place of what should stand there; sometimes cut off."""
        for _ in range(self._random.randint(0, 2)):
            said[self._random.choice([*said, "more"])] = self._random.choice(LEAVES)
        text = json.dumps(said)
        return text if self._random.random() < 0.95 else text[: self._random.randrange(len(text))]


async def answered(door: Any, scope: dict[str, Any], body: bytes) -> int:
    """The status; whoever asked leaves at once, as a stream would not end by itself."""
    incoming: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(0)
        return incoming.pop() if incoming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async with asyncio.timeout(30):
        await door(scope, receive, send)
    status: int = sent[0]["status"]
    return status


@pytest.mark.parametrize("role", ["ADMIN", "VIEWER"])
@pytest.mark.parametrize("seed", range(2))
async def test_anything(seed: int, role: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever sends it: read or refused, with nothing in the log."""
    async with open_house(tmp_path) as house:
        await house.admin()
        browser = await house.user("bob", role)
        stranger = Stranger(seed, browser)
        for _ in range(REQUESTS):
            scope, body = stranger.request()
            status = await answered(house.door, scope, body)
            assert status < 500, (
                scope["method"],
                scope["path"],
                scope["query_string"],
                body[:300],
                caplog.text[-2_000:],
            )
            if await browser.read_session() is None:
                browser.cookie = (await _back(house, browser)).cookie
                await browser.read_session()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def _back(house: Any, browser: Browser) -> Browser:
    """It signed itself out, or took its own rights away: somebody else comes."""
    other: Browser = await house.user(f"bob-{len(house.asked_for)}", "ADMIN")
    return other
