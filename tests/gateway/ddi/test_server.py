"""DDI devices at a real server, which is killed under them (I1, F07; ddi-protocol 1 and 15.13)."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.gateway.ddi import zephyr
from tests.gateway.ddi.rig import feedback, number_in
from tests.postgresql import shared_server
from tests.story.servers import WHIMBREL, WhimbrelServer
from tests.story.signed_client import SignedClient

CONTENT = b"firmware of a DDI device" * 4_096
DEVICES = 6
KILLS = 4
SEED = 20261126


class Fleet:
    """A server with a product whose devices speak DDI, and a job for them."""

    def __init__(self, server: WhimbrelServer) -> None:
        self.server = server
        self.client = SignedClient(server)
        data = self.client.call("CreateProduct", ProductName="ddi_fleet", NodeType="0").body["data"]
        self.key: str = data["productKey"]
        self.ask("XUpdateProductDdi", ProductKey=self.key, IsDefault="true", PollingInterval="00:00:30")
        self.tokens = {f"lamp-{number:04d}": "" for number in range(DEVICES)}
        for name in self.tokens:
            self.ask("RegisterDevice", ProductKey=self.key, DeviceName=name)
            rotated = self.ask("XRotateDeviceToken", ProductKey=self.key, DeviceName=name)
            self.tokens[name] = rotated["data"]["deviceToken"]

    def release(self, version: str) -> str:
        """A job to that version for all devices; its id."""
        url = self.client.upload(CONTENT + version.encode())
        assert url is not None
        created = self.ask(
            "CreateOTAFirmware",
            FirmwareName=f"fw-{version.replace('.', '-')}",
            DestVersion=version,
            ProductKey=self.key,
            FirmwareUrl=url,
            NeedToVerify="false",
        )
        firmware_id = created["data"]["firmwareId"]
        job = {"FirmwareId": firmware_id, "ProductKey": self.key, "TargetSelection": "ALL"}
        return str(self.ask("CreateOTAStaticUpgradeJob", **job)["data"]["jobId"])

    def tasks(self, job_id: str) -> dict[str, dict[str, Any]]:
        rows = self.ask("ListOTATaskByJob", JobId=job_id, PageSize="100")["data"]["simpleOTATaskInfo"]
        return {row["deviceName"]: row for row in rows}

    def ask(self, action: str, **parameters: str) -> Any:
        answer = self.client.call(action, **parameters)
        assert answer.body["success"], answer
        return answer.body

    def send(self, name: str, method: str, path: str, content: Any = None) -> tuple[int, bytes]:
        """A device's request over a connection of its own; raises OSError, HTTPException when the server is gone."""
        body = None if content is None else json.dumps(content)
        if path.startswith("http"):
            parts = urlsplit(path)
            path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        else:
            path = f"/DEFAULT/controller/v1/{name}{path}"
        headers = {"Authorization": f"TargetToken {self.tokens[name]}", "Accept": "application/json"}
        headers |= {} if body is None else {"Content-Type": "application/json;charset=UTF-8"}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.http_port, timeout=10)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            answered = response.read()
            zephyr.accept(response.status, {n.lower(): v for n, v in response.getheaders()}, answered)
            return response.status, answered
        finally:
            connection.close()

    def offered(self, name: str) -> str | None:
        """The deployment's link, if there is one."""
        status, body = self.send(name, "GET", "")
        assert status == 200, (status, body)
        link = json.loads(body)["_links"].get("deploymentBase")
        return link["href"] if link else None

    def wait_for_offer(self, name: str) -> str:
        deadline = time.monotonic() + 30
        while (href := self.offered(name)) is None:
            assert time.monotonic() < deadline, "no deployment within 30 s"
            time.sleep(0.05)
        return href


@pytest.fixture(params=["sqlite", "postgresql"])
def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fleet]:
    is_postgresql = request.param == "postgresql"
    options = ("--database", shared_server().empty_database()) if is_postgresql else ()
    server = WhimbrelServer(tmp_path / "var", *options)
    server.start()
    try:
        yield Fleet(server)
    finally:
        server.end()


def check(fleet: Fleet) -> None:
    """`whimbrel check` finds nothing."""
    database = [*fleet.server.options] if fleet.server.options else []
    command = [WHIMBREL, "check", "--data", str(fleet.server.data), *database]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


class TestServer:
    def test_an_upgrade(self, fleet: Fleet) -> None:
        """A device of a real server upgrades: every byte and every digest is right, and the store is sound."""
        job_id = fleet.release("1.0.0")
        name = next(iter(fleet.tokens))
        href = fleet.wait_for_offer(name)
        [file] = json.loads(fleet.send(name, "GET", href)[1])["deployment"]["chunks"][0]["artifacts"]
        status, content = fleet.send(name, "GET", file["_links"]["download-http"]["href"])
        assert (status, len(content)) == (200, file["size"])
        digests = {kind: hashlib.new(kind, content, usedforsecurity=False).hexdigest() for kind in file["hashes"]}
        assert digests == file["hashes"]
        path = f"/deploymentBase/{number_in(href)}/feedback"
        assert fleet.send(name, "POST", path, feedback("proceeding", progress=(1, 2)))[0] == 200
        assert fleet.send(name, "POST", path, feedback("closed", "success"))[0] == 200
        task = fleet.tasks(job_id)[name]
        assert (task["taskStatus"], task["progress"]) == ("SUCCEEDED", "100")
        assert fleet.server.stop() == 0
        check(fleet)

    def test_I1_killed_around_feedback(self, fleet: Fleet) -> None:
        """What was answered 200 is so after kill -9; a device that repeats what got no answer ends where it would."""
        moments = random.Random(SEED)
        job_id = fleet.release("1.0.0")
        acknowledged: dict[str, int] = dict.fromkeys(fleet.tokens, -1)
        is_over = threading.Event()
        threads = [threading.Thread(target=upgrade, args=(fleet, name, acknowledged, is_over)) for name in fleet.tokens]
        for thread in threads:
            thread.start()
        for _ in range(KILLS):
            time.sleep(moments.uniform(0.3, 1.0))
            fleet.server.kill()
            told = dict(acknowledged)  # nothing is acknowledged between these two lines: the server is dead
            fleet.server.start()
            tasks = fleet.tasks(job_id)
            for name, percent in told.items():
                if percent >= 0:
                    assert int(tasks[name]["progress"]) >= percent, f"{name}: {percent} % was acknowledged (I1)"
        is_over.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        assert {task["taskStatus"] for task in fleet.tasks(job_id).values()} == {"SUCCEEDED"}
        assert fleet.server.stop() == 0
        check(fleet)


def upgrade(fleet: Fleet, name: str, acknowledged: dict[str, int], is_over: threading.Event) -> None:
    """A device that reports ever more percent while the server dies under it, and success when it is over."""
    href, percent = None, 0
    while True:
        try:
            if href is None:
                href = fleet.offered(name)
                continue
            path = f"/deploymentBase/{number_in(href)}/feedback"
            if is_over.is_set():
                status, _ = fleet.send(name, "POST", path, feedback("closed", "success"))
                assert status in (200, 410), status  # 410: the answer to the first was lost
                return
            percent = min(99, percent + 1)
            status, body = fleet.send(name, "POST", path, feedback("proceeding", progress=(percent, 100)))
            assert status == 200, (status, body)
            acknowledged[name] = percent
            time.sleep(0.02)
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
