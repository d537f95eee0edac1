"""A real OpenID provider on loopback, and a browser that goes from the console to it and back."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.console.rig import SAME_SITE, Console
from tests.operations.signed_door import PUBLIC_URL, Answer
from whimbrel.adapters.identity_provider import Client, OpenIdProvider
from whimbrel.console.door import ConsoleDoor
from whimbrel.console.origin import CALLBACK
from whimbrel.console.sessions import StoreSessions
from whimbrel.console.signing_on import SigningOn, routes
from whimbrel.domain.console_user import ConsoleUser, Role, UserSession
from whimbrel.domain.paging import Page
from whimbrel.domain.sign_on import Rules
from whimbrel.rpc.throttle import Refusals

FOLDER = Path(__file__).parent / "oidc_provider"
CLIENT_ID, SECRET, SCOPES = "whimbrel", "the client's secret: +/%", "openid email profile"
REDIRECT_URI = PUBLIC_URL + CALLBACK
FROM_ELSEWHERE = [
    (b"sec-fetch-site", b"cross-site"),
    (b"sec-fetch-mode", b"navigate"),
    (b"sec-fetch-dest", b"document"),
]
BY_EMAIL = Rules("email")
TICKET, SESSION = "__Host-whimbrel_sign_on", "__Host-whimbrel_session"


class Provider:
    """The process; leave it by `with`."""

    def __init__(self, key_id: str = "first", port: int | None = None) -> None:
        self.port = port or free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.started = 0
        self._start(key_id)

    def __enter__(self) -> Provider:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)

    def start_anew(self, key_id: str) -> None:
        """Another life with another key: all that it signed before is forgotten."""
        self.stop()
        self._start(key_id)

    def _start(self, key_id: str) -> None:
        command = ["node", "provider.mjs", str(self.port), REDIRECT_URI, key_id]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, cwd=FOLDER, text=True, **pipes)  # type: ignore[call-overload]
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "listening\n":
            self._process.kill()
            self._process.communicate()
            raise AssertionError("the provider does not start; where npm packages are missing: make install-node")


class Browser:
    """One person's: it keeps the console's cookies and the provider's."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.cookies: dict[str, str] = {}

    async def start(self, then: str = "") -> Answer:
        """The button of the sign-in page."""
        query = f"then={then}" if then else ""
        return self._kept(await self._get("/console/api/oidc-start", [SAME_SITE], query))

    async def come_back(self, address: str) -> Answer:
        """As the provider sends the browser."""
        parts = urlsplit(address)
        assert address.startswith(REDIRECT_URI), address
        return self._kept(await self._get(parts.path, FROM_ELSEWHERE, parts.query))

    async def sign_on(self, login: str) -> Answer:
        """All of it."""
        return await self.come_back(await at_provider(location(await self.start()), login))

    async def _get(self, path: str, headers: list[tuple[bytes, bytes]], query: str) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return await self.console.send("GET", path, [*headers, (b"cookie", cookies.encode())], query=query)

    def _kept(self, answer: Answer) -> Answer:
        for name, value in self.console.cookies_of_last:
            if "Max-Age=0" in value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value.partition(";")[0]
        return answer


async def at_provider(address: str, login: str, *, is_willing: bool = True) -> str:
    """What a person does there; the address that the browser is sent back to, not followed."""
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as http:
        base = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        answer = await http.get(address)
        while True:
            if answer.is_redirect:
                there = answer.headers["location"]
                there = there if "://" in there else base + there
                if not there.startswith(base):
                    return str(there)
                answer = await http.get(there)
                continue
            assert answer.status_code == 200, answer.text
            [form] = re.findall(r'action="([^"]+)"', answer.text)
            if not is_willing:
                answer = await http.get(f"{form.rstrip('/')}/abort")
                continue
            given = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
            answer = await http.post(form, data={**given, "login": login, "password": "any"})


class Site(NamedTuple):
    """A console with a way in by a provider."""

    console: Console
    client: OpenIdProvider
    desk: SigningOn

    async def user_of(self, name: str) -> ConsoleUser | None:
        async with self.console.signed.store.snapshot() as store:
            return await store.console_users.by_name(await self.console.signed.account_id(), name)

    async def add_user(self, name: str, role: Role = Role.RELEASER) -> ConsoleUser:
        async with self.console.signed.store.transaction() as store:
            draft = ConsoleUser(0, await self.console.signed.account_id(), name, role, created_ms=1, modified_ms=1)
            return await store.console_users.add(draft)

    async def sessions_of(self, name: str) -> list[UserSession]:
        user = await self.user_of(name)
        assert user is not None
        async with self.console.signed.store.snapshot() as store:
            now_ms = self.console.signed.clock.at_ms
            found = await store.console_sessions.page(user.account_id, user.id, now_ms, Page(1, 20))
        return [row.session for row in found.rows]

    async def entries(self) -> list[tuple[str, str, str]]:
        """Who, what and how it came out, newest first."""
        data = (await self.console.signed.ok("XListAuditEvents", CurrentPage=1, PageSize=50))["Data"]
        return [(row["AccessKeyId"], row["Action"], row["Outcome"]) for row in data["AuditEvent"]]


def site_of(console: Console, issuer: str, rules: Rules = BY_EMAIL, secret: str = SECRET) -> Site:
    """The console's door anew, with the routes of the provider and real sessions."""
    client = OpenIdProvider(Client(issuer, CLIENT_ID, secret, SCOPES, REDIRECT_URI, rules.claims))
    signed = console.signed
    signed.clock.at_ms = time.time_ns() // 1_000_000  # the provider's
    setup = console.setup._replace(sessions=StoreSessions(lambda action: signed.store))
    randomness = signed.ports.randomness
    desk = SigningOn(setup, signed.store, randomness, client, rules, bytes(32), lambda peer: False, Refusals())
    console.setup = setup
    console.door = ConsoleDoor(setup, Path("/nowhere"), routes(desk))
    return Site(console, client, desk)


def location(answer: Answer) -> str:
    assert answer.status == 303, (answer.status, answer.body)
    return answer.headers[b"location"].decode()


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
