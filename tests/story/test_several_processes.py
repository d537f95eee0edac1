"""Several processes on one PostgreSQL: one has every role, the others serve the API (issue 3)."""

from __future__ import annotations

import secrets
import threading
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.story.servers import WhimbrelServer
from tests.story.signed_client import Answered, NoAnswerError, SignedClient
from tests.story.sites import Site
from whimbrel.rpc.signing_caller import Credentials, sign_request_v1, timestamp_text

API_PROCESSES = 2
CALLERS = 8
DEVICES = 120


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    running = Site(tmp_path, "api,console,gateway,engine", *["api"] * API_PROCESSES)
    try:
        running.start()
        yield running
    finally:
        running.end()


def test_calls_to_all_processes_at_once(site: Site) -> None:
    """Devices registered by eight callers through three processes at once: each once, numbered, counted and audited."""
    clients = site.clients()
    product_key = str(clients[1].call("CreateProduct", ProductName="lamp", NodeType="0").body["productKey"])

    def register(number: int) -> Answered:
        client = clients[number % len(clients)]
        return client.call("RegisterDevice", ProductKey=product_key, DeviceName=f"lamp-{number:04d}")

    with ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(register, range(DEVICES)))
    assert {(answer.status, answer.code) for answer in answers} == {(200, "")}
    totals = {client.call("QueryDevice", ProductKey=product_key).body["total"] for client in clients}
    assert totals == {DEVICES}
    audited = clients[2].call("XListAuditEvents", CurrentPage="1", PageSize="1", EventName="RegisterDevice").body
    assert audited["total"] == DEVICES
    site.check()


def test_one_name_goes_to_one_caller(site: Site) -> None:
    """The same device registered through all processes at once exists once; the others read that the name is taken."""
    clients = site.clients()
    product_key = str(clients[0].call("CreateProduct", ProductName="lamp", NodeType="0").body["productKey"])

    def register(client: SignedClient) -> str:
        return client.call("RegisterDevice", ProductKey=product_key, DeviceName="the-only-one").code

    with ThreadPoolExecutor(CALLERS) as callers:
        codes = list(callers.map(register, clients * 4))
    assert sorted(codes) == [""] + ["iot.device.AlreadyExistedDeviceName"] * (len(codes) - 1)
    site.check()


def test_I14_a_nonce_and_a_token_work_once_over_all_processes(site: Site) -> None:
    """One signed request sent to every process runs once; one ClientToken given to every process makes one device."""
    clients = site.clients()
    product_key = str(clients[0].call("CreateProduct", ProductName="lamp", NodeType="0").body["productKey"])
    key = Credentials(*site.first.access_key)
    signed = sign_request_v1(
        {"Action": "RegisterDevice", "ProductKey": product_key},
        key,
        secrets.token_hex(16),
        timestamp_text(time.time_ns() // 1_000_000),
        "GET",
    )
    query = urllib.parse.urlencode(signed, quote_via=urllib.parse.quote, safe="~")
    with ThreadPoolExecutor(CALLERS) as callers:
        sent = list(callers.map(lambda client: client.send("GET", f"/?{query}", b"", {})[0], clients * 3))
        same = list(
            callers.map(
                lambda client: client.call("RegisterDevice", ProductKey=product_key, ClientToken="order-1").body,
                clients * 3,
            )
        )
    assert sorted(sent) == [200] + [400] * (len(sent) - 1)
    assert len({body["data"]["deviceSecret"] for body in same}) == 1
    assert clients[0].call("QueryDevice", ProductKey=product_key).body["total"] == 2
    site.check()


def test_I1_a_killed_process_loses_nothing_acknowledged(site: Site) -> None:
    """A process killed among its callers: what it acknowledged is there, and the others go on serving."""
    clients = site.clients()
    product_key = str(clients[0].call("CreateProduct", ProductName="lamp", NodeType="0").body["productKey"])
    acknowledged: list[str] = []
    stopping = threading.Event()

    def work(number: int) -> None:
        for serial in range(100_000):
            if stopping.is_set():
                return
            name = f"lamp-{number}-{serial}"
            try:
                if clients[1].call("RegisterDevice", ProductKey=product_key, DeviceName=name).code == "":
                    acknowledged.append(name)
            except NoAnswerError:
                return

    workers = [threading.Thread(target=work, args=(number,)) for number in range(CALLERS)]
    for worker in workers:
        worker.start()
    deadline = time.monotonic() + 30
    while len(acknowledged) < 40 and time.monotonic() < deadline:
        time.sleep(0.05)
    site.servers[1].kill()
    stopping.set()
    for worker in workers:
        worker.join()
    assert len(acknowledged) >= 40
    for name in acknowledged:
        found = clients[2].call("QueryDeviceInfo", ProductKey=product_key, DeviceName=name)
        assert found.code == "", name
    site.check()


def test_a_process_with_another_master_key_does_not_start(site: Site, tmp_path: Path) -> None:
    """A05: with another key no secret opens, and the process says so at its start instead of at each call."""
    other = WhimbrelServer(tmp_path / "stranger", "--database", site.url, "--role", "api")
    with pytest.raises(AssertionError, match="master key"):
        other.start()
    other.end()
