"""The console of a real process: the first link, a call, a page that looks on, and SIGTERM while it does."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.story.servers import STOP_WITHIN_S, WhimbrelServer

PASSWORD = "a lamp, a pier and a tide table"
LIST = {"action": "QueryProductList", "parameters": {"CurrentPage": 1, "PageSize": 10}}


class Browser:
    """What a browser does with a server: keeps its cookie, and says where its page is from."""

    def __init__(self, server: WhimbrelServer) -> None:
        self._address = server.endpoint
        self._cookie = ""
        self.csrf = ""
        self._connections: list[http.client.HTTPConnection] = []

    def open(self, method: str, path: str, document: Any = None) -> http.client.HTTPResponse:
        """The answer, its body yet to be read."""
        connection = http.client.HTTPConnection(self._address, timeout=STOP_WITHIN_S)
        self._connections.append(connection)
        headers = {"Cookie": self._cookie, "Origin": f"http://{self._address}", "X-CSRF-Token": self.csrf}
        body = None if document is None else json.dumps(document)
        connection.request(method, f"/console/{path}", body, {**headers, "Content-Type": "application/json"})
        answer = connection.getresponse()
        self._cookie = (answer.getheader("set-cookie") or self._cookie).partition(";")[0]
        return answer

    def ask(self, method: str, path: str, document: Any = None) -> tuple[int, Any]:
        """Status and document of an answer."""
        with self.open(method, path, document) as answer:
            return answer.status, json.loads(answer.read())

    def close(self) -> None:
        """All its connections."""
        for connection in self._connections:
            connection.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WhimbrelServer]:
    """A server's first start."""
    server = WhimbrelServer(tmp_path / "var")
    server.start()
    yield server
    server.end()


def first_token(server: WhimbrelServer) -> str:
    """Of the link that the first start prints, a moment after it begins to serve."""
    for _ in range(1_000):
        if link := re.search(r"First sign-in +\S+#/welcome\?token=(\S+)\n", server.log):
            return link[1]
        time.sleep(0.01)
    raise AssertionError(server.log)


@pytest.fixture
def browser(server: WhimbrelServer) -> Iterator[Browser]:
    """Somebody's, who has never been here."""
    browser = Browser(server)
    yield browser
    browser.close()


def test_from_the_first_link_to_the_end_of_the_process(server: WhimbrelServer, browser: Browser) -> None:
    """The link opens the first session; a page sees what is made; SIGTERM ends the page, and the process in time."""
    assert browser.ask("GET", "api/session")[0] == 401
    token = first_token(server)
    given = {"token": token, "password": PASSWORD, "name": "ada"}
    assert browser.ask("POST", "api/welcome", given)[0] == 200
    status, session = browser.ask("GET", "api/session")
    assert (status, session["user"]["name"]) == (200, "ada")
    made = {"ProductName": "lamp", "NodeType": 0}
    assert browser.ask("POST", "api/call/CreateProduct", made)[0] == 403
    browser.csrf = session["csrfToken"]
    page = browser.open("GET", f"api/live?watch={quote(json.dumps([LIST]))}")
    assert page.status == 200
    assert browser.ask("POST", "api/call/CreateProduct", made)[1]["success"] is True
    while b'"productName":"lamp"' not in page.readline():
        pass
    assert server.stop() == 0
    rest = page.read()
    page.close()
    assert rest.endswith(b'event: end\ndata: {"reason":"stopping"}\n\n')
    assert server.log.count(token) == 1
