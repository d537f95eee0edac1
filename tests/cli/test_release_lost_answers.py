"""`whimbrel release` when the server did what it was asked, and its answer was lost on the way."""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.cli.releasing import firmware_file, firmware_of, fleet, job_types, lines_of
from tests.cli.terminal import whimbrel
from tests.story.servers import WhimbrelServer

CREATING = ("CreateOTAFirmware", "CreateOTAVerifyJob", "CreateOTAStaticUpgradeJob")
LOST_EACH = 3


class LossyLine(ThreadingHTTPServer):
    """Passes calls on, and the answers back but for the first ones of each creating call."""

    daemon_threads = True

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.target = target
        self.lost: Counter[str] = Counter()


class _Passing(BaseHTTPRequestHandler):
    server: LossyLine
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        (action,) = parse_qs(body.decode())["Action"]
        there = http.client.HTTPConnection(self.server.target)
        there.request("POST", "/", body, {"Content-Type": self.headers["Content-Type"]})
        answer = there.getresponse()
        content = answer.read()
        there.close()
        if action in CREATING and self.server.lost[action] < LOST_EACH:
            self.server.lost[action] += 1
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class calls it so
        """Say nothing."""


@pytest.fixture
def line(server: WhimbrelServer) -> Iterator[LossyLine]:
    """A line to the server that loses answers."""
    with LossyLine(server.endpoint) as line:
        thread = threading.Thread(target=line.serve_forever)
        thread.start()
        yield line
        line.shutdown()
        thread.join()


def test_a_lost_answer_makes_nothing_twice(server: WhimbrelServer, tmp_path: Path, line: LossyLine) -> None:
    """Each creating call is repeated with its ClientToken until an answer comes, and has made one thing (I14)."""
    file = str(firmware_file(tmp_path, "lost"))
    with fleet(server, "lost", 3):
        url = f"http://127.0.0.1:{line.server_port}"
        words = ("--product", "lost", "--version", "2", "--verify-on", "lost-0001", "--yes")
        ended = whimbrel(server, "release", file, *words, WHIMBREL_SERVER=url)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert line.lost == dict.fromkeys(CREATING, LOST_EACH)
    lines = lines_of(ended.stdout)
    assert len(firmware_of(server, lines[0]["product_key"])) == 1
    assert job_types(server, lines[-1]["firmware_id"]) == ["VERIFY_FIRMWARE", "UPGRADE_FIRMWARE"]
