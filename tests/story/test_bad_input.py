"""Rubbish on every port of a server started as an operator starts it: clear refusals, no 5xx, flat memory."""

import hashlib
import hmac
import http.client
import json
import random
import secrets
import socket
import time
import urllib.parse
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

SEED = 20261123
RUBBISH_ROUNDS = 300
MEMORY_GROWTH_KIB_MAX = 24 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhimbrelServer]:
    running = WhimbrelServer(tmp_path_factory.mktemp("rubbish") / "var")
    running.start()
    try:
        yield running
        assert running.stop() == 0
    finally:
        running.end()


def quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="-_.~")


def signed_query(server: WhimbrelServer, changes: dict[str, str] | None = None) -> str:
    """A right request for ListOTAFirmware, with some parameters changed before it is signed by hand."""
    key = server.access_key
    parameters = {
        "Action": "ListOTAFirmware",
        "AccessKeyId": key.key_id,
        "CurrentPage": "1",
        "PageSize": "10",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": secrets.token_hex(16),
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **(changes or {}),
    }
    query = "&".join(f"{quoted(name)}={quoted(parameters[name])}" for name in sorted(parameters))
    digest = hmac.digest(f"{key.secret}&".encode(), f"GET&%2F&{quoted(query)}".encode(), hashlib.sha1)
    return f"{query}&Signature={quoted(b64encode(digest).decode())}"


def get(server: WhimbrelServer, query: str | bytes, method: str = "GET") -> tuple[int, dict[str, Any]]:
    """The answer to raw bytes behind `/?`."""
    raw = query if isinstance(query, bytes) else query.encode()
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=20) as connection:
        head = method.encode() + b" /?" + raw + b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        connection.sendall(head)
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        content = response.read()
    return response.status, json.loads(content) if content else {}


def test_the_request_that_the_cases_change_is_right(server: WhimbrelServer) -> None:
    """Unchanged, the request is served: each refusal below is the refusal of its change."""
    status, body = get(server, signed_query(server))
    assert (status, body["code"], body["total"]) == (200, "", 0)


@pytest.mark.parametrize(
    ("spoil", "status", "code"),
    [
        (lambda query: query + "&PageSize=10", 400, "InvalidParameter"),
        (lambda query: query + "&FirmwareId=1&FirmwareID=1", 400, "InvalidParameter"),
        (lambda query: query + "&X=%zz", 400, "InvalidParameter"),
        (lambda query: query + "&X=%4", 400, "InvalidParameter"),
        (lambda query: query + "&X=%ff%fe", 400, "InvalidParameter"),
        (lambda query: query + "&X=%00", 400, "InvalidParameter"),
        (lambda query: query + "&X%20Y=1", 400, "InvalidParameter"),
        (lambda query: query + "&X=1", 400, "SignatureDoesNotMatch"),
        (lambda query: query.replace("PageSize=10", "PageSize=11"), 400, "SignatureDoesNotMatch"),
        (
            lambda query: query.replace("Action=ListOTAFirmware", "Action=DeleteOTAFirmware"),
            400,
            "SignatureDoesNotMatch",
        ),
        (lambda query: query.replace("AccessKeyId=", "AccessKeyId=x"), 404, "InvalidAccessKeyId.NotFound"),
        (lambda query: query.partition("&Signature=")[0], 400, "MissingSignature"),
        (lambda query: "", 400, "MissingAction"),
        (lambda query: "&".join(f"P{number}=1" for number in range(2001)), 413, "RequestTooLarge"),
    ],
)
def test_A02_spoiled_requests_are_refused(server: WhimbrelServer, spoil: Any, status: int, code: str) -> None:
    """Duplicates, bad escapes, other characters, changed or missing parts: each has the contract's error."""
    answered_status, body = get(server, spoil(signed_query(server)))
    assert (answered_status, body["code"].partition(".")[0] if code == "InvalidParameter" else body["code"]) == (
        status,
        code,
    )
    assert body["requestId"]


@pytest.mark.parametrize("digits", ["١٠", "1_0", " 10", "+10", "1e1", "0x10", "10.0", "１０", "9" * 30])
def test_odd_digits_are_no_numbers(server: WhimbrelServer, digits: str) -> None:
    """Other scripts' digits, underscores, blanks and the like are refused though `int()` takes most of them."""
    status, body = get(server, signed_query(server, {"PageSize": digits}))
    assert (status, body["code"], body["success"]) == (200, "iot.common.InvalidPageParams", False)


@pytest.mark.parametrize(
    ("timestamp", "code"),
    [
        ("2024-11-19T09:47:43Z", "InvalidTimeStamp.Expired"),
        ("2999-01-01T00:00:00Z", "InvalidTimeStamp.Expired"),
        ("2024-1-1T1:1:1Z", "InvalidTimeStamp.Format"),
        ("2024-02-30T00:00:00Z", "InvalidTimeStamp.Format"),
        ("now", "InvalidTimeStamp.Format"),
    ],
)
def test_old_future_and_unreadable_times_are_refused(server: WhimbrelServer, timestamp: str, code: str) -> None:
    """The time stamp is of the contract's form and near the server's clock."""
    status, body = get(server, signed_query(server, {"Timestamp": timestamp}))
    assert (status, body["code"]) == (400, code)


def test_A03_I14_a_replayed_request_is_refused_also_after_a_restart(server: WhimbrelServer) -> None:
    """The same bytes are served once: not again at once, not again after kill -9 and a new start."""
    query = signed_query(server)
    assert get(server, query)[0] == 200
    assert get(server, query)[1]["code"] == "SignatureNonceUsed"
    server.kill()
    server.start()
    assert get(server, query)[1]["code"] == "SignatureNonceUsed"


def test_other_methods_and_paths_are_refused(server: WhimbrelServer) -> None:
    """Only GET and POST on `/` run anything."""
    query = signed_query(server)
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"):
        assert get(server, query, method)[0] == 405
    client = SignedClient(server)
    for path in ("/api", "//", "/%2e%2e/", "/f/", "/f/t1.2.3", "/f/../var/master.key", "/healthz/x"):
        status, _ = client.send("GET", f"{path}?{query}", b"", {})
        assert status in (403, 404), path
    assert get(server, query)[0] == 200, "none of these used up the nonce"


def test_oversized_requests_are_refused_before_they_are_held(server: WhimbrelServer) -> None:
    """A URL above 64 KiB, a form above 1 MiB and an endless head end in 4xx; memory does not follow."""
    client = SignedClient(server)
    before_kib = server.peak_memory_kib()
    # uvicorn's parser refuses a URL of 64 KiB by itself, in words of its own.
    assert client.send("GET", "/?X=" + "a" * 70_000, b"", {})[0] == 400
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.send("POST", "/", b"X=" + b"a" * (1 << 20), form)[0] == 413
    assert hung_up_after_bytes(server.http_port) < 4 << 20, "the socket's own buffers, and not much more"
    assert server.peak_memory_kib() - before_kib < MEMORY_GROWTH_KIB_MAX


def hung_up_after_bytes(port: int) -> int:
    """How many bytes of a head that never ends could be sent before the server hung up."""
    line = b"x-endless: " + b"a" * 1000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n")
        for number in range(20_000):
            try:
                connection.sendall(line)
            except OSError:
                return number * len(line)
    return 20_000 * len(line)


def rubbish(dice: random.Random) -> bytes:
    """Bytes that are nothing, nearly an MQTT CONNECT, or a lying length."""
    kind = dice.randrange(4)
    if kind == 0:
        return dice.randbytes(dice.randrange(1, 4000))
    if kind == 1:
        return b"\x10" + bytes([dice.randrange(128)]) + b"\x00\x04MQTT\x04" + dice.randbytes(60)
    if kind == 2:
        return b"\x10\xff\xff\xff\x7f" + dice.randbytes(500)
    return b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


def test_I17_rubbish_on_both_ports_harms_nobody(server: WhimbrelServer) -> None:
    """Hundreds of connections full of rubbish: an honest call is answered after each, memory stays flat."""
    dice = random.Random(SEED)
    honest = SignedClient(server)
    before_kib = server.peak_memory_kib()
    for number in range(RUBBISH_ROUNDS):
        port = server.mqtt_port if number % 2 else server.http_port
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            try:
                connection.sendall(rubbish(dice))
                connection.shutdown(socket.SHUT_WR)
                connection.recv(4096)
            except OSError:
                pass  # the server hung up in the middle: what it should do
        if number % 20 == 0:
            assert honest.call("ListOTAFirmware", CurrentPage="1", PageSize="1").status == 200
    assert server.peak_memory_kib() - before_kib < MEMORY_GROWTH_KIB_MAX
    assert "Traceback" not in server.log


def test_I17_half_open_connections_do_not_keep_others_out(server: WhimbrelServer, tmp_path: Path) -> None:
    """Two hundred peers that say nothing, or a byte: honest calls are answered meanwhile."""
    silent = [
        socket.create_connection(("127.0.0.1", port), timeout=10)
        for port in (server.http_port, server.mqtt_port)
        for _ in range(100)
    ]
    try:
        for connection in silent[::2]:
            connection.sendall(b"\x10")
        for _ in range(5):
            assert SignedClient(server).call("QueryProductList", CurrentPage="1", PageSize="1").status == 200
    finally:
        for connection in silent:
            connection.close()
