"""People who may sign in to a server's console, each with a role."""

from __future__ import annotations

import re
import secrets
from typing import Any

import httpx

from tests.story.fleet import wait_until
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

ADMIN, RELEASER, VIEWER = "ADMIN", "RELEASER", "VIEWER"
NAMES = {ADMIN: "ada", RELEASER: "rosa", VIEWER: "vik"}


class People:
    """One user of each role, made when it is asked for."""

    def __init__(self, server: WhimbrelServer) -> None:
        self._server = server
        self._cookies: dict[str, list[Any]] = {}
        self.passwords: dict[str, str] = {}

    @property
    def console_url(self) -> str:
        return f"http://{self._server.endpoint}/console/"

    def first_link(self) -> str:
        """What the server printed last for the first sign-in: a moment after it answers, for the link is made then."""
        wait_until(lambda: "First sign-in" in self._server.log, "the first link is printed")
        return re.findall(r"First sign-in\s+(\S+)", self._server.log)[-1]

    def invite(self, role: str, name: str | None = None) -> str:
        """A one-time link for a user of that role."""
        answer = SignedClient(self._server).call("XInviteConsoleUser", Name=name or NAMES[role], Role=role)
        return str(answer.body["data"]["link"])

    def cookies(self, role: str) -> list[Any]:
        """A session of a user with that role, as the browser holds it."""
        if role not in self._cookies:
            self.passwords[role] = secrets.token_urlsafe(16)
            token = self.invite(role).partition("token=")[2]
            with httpx.Client(base_url=self.console_url, headers={"origin": f"http://{self._server.endpoint}"}) as http:
                http.post("api/welcome", json={"token": token, "password": self.passwords[role]}).raise_for_status()
                self._cookies[role] = [
                    {"name": cookie.name, "value": cookie.value, "domain": "127.0.0.1", "path": cookie.path}
                    for cookie in http.cookies.jar
                ]
        return self._cookies[role]
