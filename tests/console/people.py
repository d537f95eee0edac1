"""People who really sign in: the console's door on the store's users and sessions, and browsers that keep cookies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.console.rig import COOKIE, NONCE, SAME_SITE, SERVER, scope_of
from tests.operations.console.crew import LINK
from tests.operations.signed_door import PUBLIC_URL, Answer, SignedDoor, open_signed_door
from whimbrel.adapters.passwords import Argon2Passwords
from whimbrel.console.attempts import Attempts
from whimbrel.console.door import ConsoleDoor
from whimbrel.console.sessions import StoreSessions
from whimbrel.console.setup import Setup
from whimbrel.console.signing_in import SigningIn, routes
from whimbrel.operations.console.links import SERVER as SERVER_ITSELF
from whimbrel.operations.console.links import LinkOrigin, make_first_link
from whimbrel.operations.console.signing_in import Means
from whimbrel.ports.store import Store
from whimbrel.rpc.throttle import Refusals

PASSWORD, OTHER_PASSWORD = "tidal flats at dawn", "a curlew over the mud"
PROXY, VISITOR = "10.0.0.1", "192.0.2.7"


class Browser:
    """What one browser keeps: a cookie, and the token that its page read."""

    def __init__(self, house: House, address: str = VISITOR) -> None:
        self._house = house
        self.address = address
        self.cookie = ""
        self.csrf = ""
        self.more: list[tuple[bytes, bytes]] = []

    async def get(self, path: str) -> Answer:
        return await self._send("GET", path, [SAME_SITE])

    async def post(self, path: str, *without: bytes, **said: Any) -> Answer:
        headers = [SAME_SITE, (b"content-type", b"application/json"), (b"x-csrf-token", self.csrf.encode())]
        kept = [pair for pair in headers if pair[0] not in without]
        return await self._send("POST", path, kept, json.dumps(said).encode())

    async def read_session(self) -> dict[str, Any] | None:
        """What `api/session` says of who is signed in; None for nobody."""
        answer = await self.get("session")
        if answer.status == 401:
            return None
        found: dict[str, Any] = answer.json()
        self.csrf = found["csrfToken"]
        return found

    async def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        body: dict[str, Any] = (await self.post(f"call/{action}", **parameters)).json()
        return body

    async def sign_in(self, name: str, password: str = PASSWORD, **more: Any) -> Answer:
        answer = await self.post("sign-in", name=name, password=password, **more)
        if answer.status == 200:
            await self.read_session()
        return answer

    async def follow(self, link: str, password: str = PASSWORD, **more: Any) -> Answer:
        """The link of an invitation, with a password chosen."""
        answer = await self.post("welcome", token=link.removeprefix(LINK), password=password, **more)
        if answer.status == 200:
            await self.read_session()
        return answer

    async def _send(self, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> Answer:
        if self.cookie:
            headers = [*headers, (b"cookie", f"{COOKIE}={self.cookie}".encode())]
        headers = [*headers, (b"user-agent", b"Browser/1.0"), *self.more]
        scope = scope_of(method, f"/console/api/{path}", headers) | {"client": (self.address, 4711)}
        answer = await self._house.send(scope, body)
        set_cookie = answer.headers.get(b"set-cookie", b"").decode()
        if set_cookie:
            name, _, rest = set_cookie.partition("=")
            assert name == COOKIE
            self.cookie = rest.partition(";")[0]
        return answer


class House:
    """The door with its people."""

    def __init__(self, signed: SignedDoor) -> None:
        self.signed = signed
        self.passwords = Argon2Passwords()
        self.asked_for: list[str] = []
        self.sessions = StoreSessions(self._store_of)
        self.attempts = Attempts()
        self.open_door(Means(signed.store, self.passwords, signed.ports.randomness))

    def open_door(self, means: Means) -> None:
        """In place of the one before: its people sign in by these means."""
        signed = self.signed
        setup = Setup(signed.hall, self.sessions, SERVER, bytes(32), lambda: NONCE, asyncio.Event())
        desk = SigningIn(setup, means, lambda address: address == PROXY, signed.clock, self.attempts, Refusals())
        self.door = ConsoleDoor(setup, Path("nothing is built"), routes(desk))

    def _store_of(self, action: str) -> Store:
        self.asked_for.append(action)
        return self.signed.hall.store_of(action)

    def browser(self, address: str = VISITOR) -> Browser:
        return Browser(self, address)

    async def first_link(self) -> str | None:
        """What a start prints."""
        ports = self.signed.ports
        origin = LinkOrigin(SERVER_ITSELF, self.signed.clock.at_ms, PUBLIC_URL, ports.randomness)
        return await make_first_link(self.signed.store, origin, "default")

    async def admin(self, name: str = "ann") -> Browser:
        """The first admin, signed in."""
        browser, link = self.browser(), await self.first_link()
        assert link is not None
        assert (await browser.follow(link, name=name)).status == 200
        return browser

    async def user(self, name: str, role: str) -> Browser:
        """Somebody whom the root key invited, signed in."""
        browser = self.browser()
        link = (await self.signed.ok("XInviteConsoleUser", Name=name, Role=role))["Data"]["Link"]
        assert (await browser.follow(link)).status == 200
        return browser

    async def trail(self) -> list[tuple[str, str, str]]:
        """Who did what, and whether it was done: newest first."""
        events = (await self.signed.ok("XListAuditEvents", CurrentPage=1, PageSize=100))["Data"]["AuditEvent"]
        return [(event["AccessKeyId"], event["Action"], event["Outcome"]) for event in events]

    async def send(self, scope: dict[str, Any], body: bytes) -> Answer:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.door(scope, receive, send)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Answer(sent[0]["status"], dict(sent[0]["headers"]), content)


@asynccontextmanager
async def open_house(folder: Path, kind: str = "sqlite") -> AsyncIterator[House]:
    """Without any user."""
    async with open_signed_door(folder, kind) as signed:
        house = House(signed)
        yield house
        await house.door.close()
        await house.sessions.close()
        house.passwords.close()
