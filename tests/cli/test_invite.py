"""`whimbrel invite` against a running server, and the link that a start prints (A10)."""

from __future__ import annotations

import http.client
import json
import time
from pathlib import Path

from tests.cli.terminal import call, whimbrel
from tests.story.servers import WhimbrelServer


def follow(server: WhimbrelServer, link: str) -> int:
    """The link as a page follows it; the answer's status."""
    connection = http.client.HTTPConnection(server.endpoint, timeout=10)
    body = json.dumps({"token": link.partition("token=")[2], "password": "tidal flats at dawn"})
    headers = {"Content-Type": "application/json", "Origin": f"http://{server.endpoint}"}
    try:
        connection.request("POST", "/console/api/welcome", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_A10_starts_print_a_link_while_nobody_is_admin(tmp_path: Path) -> None:
    """Each start another one, of which the newest works; none any more once somebody came in by it."""
    server = WhimbrelServer(tmp_path / "var")
    try:
        for _ in range(2):
            server.start()
            server.stop()
        assert len(set(first_links(server))) == 2
        server.start()
        while len(links := first_links(server)) < 3:
            time.sleep(0.01)  # it is printed once the server serves
        assert [follow(server, link) for link in links] == [410, 410, 200]
        server.stop()
        server.start()
        server.stop()
        assert first_links(server) == links
    finally:
        server.end()


def first_links(server: WhimbrelServer) -> list[str]:
    """What all starts together printed."""
    return [line.split()[-1] for line in server.log.splitlines() if line.startswith("First sign-in ")]


def test_a_link_is_printed(server: WhimbrelServer) -> None:
    """The link alone is on stdout, and it works once."""
    ended = whimbrel(server, "invite", "ann@example.org", "--role", "admin")
    assert ended.returncode == 0, ended.stderr
    link = ended.stdout.strip()
    assert link.startswith(f"http://{server.endpoint}/console/#/welcome?token=")
    assert "ann@example.org, ADMIN, until " in ended.stderr
    assert [follow(server, link) for _ in range(2)] == [200, 410]
    users = call(server, "XListConsoleUsers", CurrentPage=1, PageSize=10)["data"]["consoleUser"]
    assert [(user["name"], user["role"], user["hasPassword"]) for user in users] == [("ann@example.org", "ADMIN", True)]


def test_what_the_server_refuses_exits_1(server: WhimbrelServer) -> None:
    """With its code."""
    ended = whimbrel(server, "invite", "ann bob")
    assert ended.returncode == 1
    assert "iot.ota.InvalidParameter" in ended.stderr


def test_a_role_that_is_none_exits_2(server: WhimbrelServer) -> None:
    """Before anything is sent."""
    assert whimbrel(server, "invite", "ann", "--role", "root").returncode == 2
