"""The life of a server as an operator sees it: starts, stops, kills, refusals and TLS (design.md part 1)."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.certificates import Certificates, make_certificates
from tests.engine.world import NOW_MS, add_devices, add_place
from tests.reports.line import ACCEPTED, Line, open_line, open_tls_line
from whimbrel.adapters.sealing.aes_gcm import AesGcmSealer
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.domain.access import EVERYTHING, AccessKey
from whimbrel.gateway.packets import PubAck

STOP_WITHIN_S = 20
ANY_PORTS = ("--listen", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")
PRODUCT_KEY = "a1product01"  # of tests/engine/world.py


class Server:
    """`whimbrel serve` on ports that nobody uses. It is running once it has announced itself."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        self.data = folder / "var"
        command = [sys.executable, "-m", "whimbrel", "serve", "--data", str(self.data), *ANY_PORTS, *options]
        given = {name: value for name, value in os.environ.items() if not name.startswith("WHIMBREL_")}
        self._errors = (folder / "stderr").open("a+b")
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=self._errors, env=given | environment, text=True
        )
        self.lines: list[str] = []

    def announced(self) -> Server:
        """Wait until it serves. AssertionError with its own words when it ends before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("Health, metrics"):
                return self
        raise AssertionError(f"it ended with {self.process.wait()}:\n{self.errors()}")

    def errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode()

    def port(self, name: str) -> int:
        """The port in the announced line that begins so."""
        line = next(line for line in self.lines if line.startswith(name))
        return int(line.rstrip("/").rpartition(":")[2])

    @property
    def http_port(self) -> int:
        return self.port("Management API")

    @property
    def mqtt_port(self) -> int:
        return self.port("Devices (MQTT)")

    def status_of(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=10)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """The exit status."""
        self.process.send_signal(number)
        return self.process.wait(STOP_WITHIN_S)

    def end(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()


class Operator:
    """Starts servers in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "var"
        self.servers: list[Server] = []

    def run(self, *options: str, **environment: str) -> Server:
        self.servers.append(Server(self.folder, *options, **environment))
        return self.servers[-1]

    def start(self, *options: str, **environment: str) -> Server:
        return self.run(*options, **environment).announced()

    def refusal(self, *options: str, **environment: str) -> str:
        """What a server that does not start says; it must end by itself with status 1 and no traceback."""
        server = self.run(*options, **environment)
        assert server.process.wait(STOP_WITHIN_S) == 1
        words = server.errors()
        assert "Traceback" not in words
        return words

    def root_key(self) -> dict[str, str]:
        key: dict[str, str] = json.loads((self.data / "root-access-key.json").read_text())
        return key

    def open_store(self) -> SqliteStore:
        """The store of a server that does not run; makes the folder and its master key when there are none."""
        self.data.mkdir(exist_ok=True)
        key_file = self.data / "master.key"
        if not key_file.exists():
            key_file.write_text("07" * 32)
        sealer = AesGcmSealer(bytes.fromhex(key_file.read_text()))
        return SqliteStore(self.data / "whimbrel.db", sealer, lambda reason: None, NOW_MS)

    def stored_key(self, key_id: str) -> AccessKey | None:
        async def read() -> AccessKey | None:
            store = self.open_store()
            async with store.snapshot() as snapshot:
                key = await snapshot.keys.by_id(key_id)
            await store.close()
            return key

        return asyncio.run(read())

    def register_device(self) -> None:
        """Put product and device `dev-0000` of tests/engine/world.py into a store that no server has open."""

        async def add() -> None:
            store = self.open_store()
            await add_devices(store, await add_place(store, account="devices"), 1)
            await store.close()

        asyncio.run(add())

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a reader beside the server finds."""
        connection = apsw.Connection(str(self.data / "whimbrel.db"), flags=apsw.SQLITE_OPEN_READONLY)
        found = connection.execute(query).fetchall()
        connection.close()
        return found


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    made = Operator(tmp_path)
    yield made
    for server in made.servers:
        server.end()


def test_first_start(operator: Operator) -> None:
    """The first start makes both keys for their owner alone, serves, obeys SIGTERM, and prints no secret (A05)."""
    server = operator.start()
    key = operator.root_key()
    assert (len(key["AccessKeyId"]), len(key["AccessKeySecret"]), len(key)) == (24, 32, 2)
    assert all(text.isascii() and text.isalnum() for text in key.values())
    modes = [stat.S_IMODE((operator.data / name).stat().st_mode) for name in ("root-access-key.json", "master.key", "")]
    assert modes == [0o600, 0o600, 0o700]
    assert len(bytes.fromhex((operator.data / "master.key").read_text())) == 32
    assert any("root-access-key.json" in line for line in server.lines)
    assert [server.status_of(path) for path in ("/healthz", "/readyz", "/metrics", "/nothing")] == [200, 200, 200, 404]
    assert server.stop() == 0
    said = "\n".join(server.lines) + server.errors()
    assert not {key["AccessKeySecret"], (operator.data / "master.key").read_text()} & set(said.split())
    stored = operator.stored_key(key["AccessKeyId"])
    assert stored[:6] == (1, key["AccessKeyId"], key["AccessKeySecret"], True, EVERYTHING, "root")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_restart(operator: Operator, number: signal.Signals) -> None:
    """After a stop or a kill the next start has the same keys and serves."""
    status = operator.start().stop(number)
    assert status == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    before = operator.root_key(), (operator.data / "master.key").read_bytes()
    assert operator.start().stop() == 0
    assert (operator.root_key(), (operator.data / "master.key").read_bytes()) == before


def test_key_from_the_environment(operator: Operator) -> None:
    """A root key that the environment gives is the root key, and is written into no file."""
    given = {"WHIMBREL_ACCESS_KEY_ID": "given-id", "WHIMBREL_ACCESS_KEY_SECRET": "given-secret"}
    assert operator.start(**given).stop() == 0
    assert not (operator.data / "root-access-key.json").exists()
    assert operator.stored_key("given-id")[:5] == (1, "given-id", "given-secret", True, EVERYTHING)
    assert operator.start(**given | {"WHIMBREL_ACCESS_KEY_SECRET": "another"}).stop() == 0
    stored = operator.stored_key("given-id")
    assert stored is not None
    assert stored.secret == "another"


def test_second_server_is_refused(operator: Operator) -> None:
    """A second server on the same folder is refused naming it, the first goes on, and its end frees the folder."""
    first = operator.start()
    assert str(operator.data) in operator.refusal()
    assert first.status_of("/healthz") == 200
    assert first.stop() == 0
    assert operator.start().stop() == 0


@pytest.mark.parametrize("option", ["--listen", "--mqtt"])
def test_taken_port(operator: Operator, option: str) -> None:
    """A port that somebody else listens on is named in one sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert f"cannot listen on {address}" in operator.refusal(option, address)


@pytest.mark.parametrize("option", ["--listen", "--mqtt"])
def test_beyond_loopback_without_tls(operator: Operator, option: str) -> None:
    """Listening beyond loopback without TLS is refused before anything is made."""
    words = operator.refusal(option, "0.0.0.0:0")
    assert f"{option.removeprefix('--')} 0.0.0.0:0" in words
    assert "TLS" in words
    assert not operator.data.exists()


def test_unusable_master_key(operator: Operator) -> None:
    """A damaged master key stops the start and is named; it is never replaced."""
    operator.data.mkdir()
    for content in ("not hex", "07" * 31, ""):
        (operator.data / "master.key").write_text(content)
        assert "master" in operator.refusal()
        assert (operator.data / "master.key").read_text() == content


def test_F10_damaged_database(operator: Operator) -> None:
    """A database file that is none stops the start with a sentence, and is left as it was."""
    operator.data.mkdir()
    (operator.data / "whimbrel.db").write_bytes(b"this is no database" * 1_000)
    assert "database" in operator.refusal()
    assert (operator.data / "whimbrel.db").read_bytes() == b"this is no database" * 1_000


def test_roles(operator: Operator) -> None:
    """A process without the role gateway has no MQTT port, and one without console no pages."""
    server = operator.start("--role", "api,engine")
    assert not any(line.startswith(("Devices", "Console")) for line in server.lines)
    assert server.status_of("/console/") == 404
    assert server.stop() == 0


def test_a_process_for_people_alone(operator: Operator) -> None:
    """With the role console and no other there are pages and no management API."""
    server = operator.start("--role", "console")
    assert (server.status_of("/console/"), server.status_of("/console/api/session"), server.status_of("/")) == (
        200,
        401,
        404,
    )
    assert server.stop() == 0


# ---- devices and kills ----


async def say_version(server: Server, operator: Operator) -> Line:
    """A device that is online and has sent a version report with packet id 5."""
    line = await open_line(server.mqtt_port, PRODUCT_KEY, "dev-0000")
    line.send(line.credential())
    assert await line.receive() == ACCEPTED
    for _ in range(1_000):
        if operator.rows("SELECT 1 FROM presence"):
            break
        await asyncio.sleep(0.01)
    line.version("1.0.0", 5)
    return line


@pytest.mark.parametrize(("point", "versions"), [("ingest.applied:2", []), ("ingest.committed:2", [("1.0.0",)])])
def test_I1_killed_around_the_commit(operator: Operator, point: str, versions: list[tuple[str]]) -> None:
    """A report is not acknowledged by a server that is killed before or after its commit; the repeat is (F07)."""
    operator.register_device()

    async def until_killed() -> bool:
        line = await say_version(killed, operator)
        has_ended = await line.ended()
        line.writer.close()
        return has_ended

    async def again() -> None:
        line = await say_version(restarted, operator)
        assert await line.receive() == PubAck(5)
        assert operator.rows("SELECT version FROM module_version") == [("1.0.0",)]
        line.writer.close()

    killed = operator.start(WHIMBREL_CRASH_AT=point)
    assert asyncio.run(until_killed()), "the report was acknowledged"
    assert killed.process.wait(STOP_WITHIN_S) == -signal.SIGKILL
    restarted = operator.start()
    assert operator.rows("SELECT version FROM module_version") == versions
    assert operator.rows("SELECT * FROM presence") == []
    asyncio.run(again())
    assert restarted.stop() == 0


def test_stop_with_devices(operator: Operator) -> None:
    """A stop stores what devices have said, closes their connections, and ends with 0."""
    operator.register_device()
    server = operator.start()

    async def stop() -> None:
        line = await say_version(server, operator)
        assert await line.receive() == PubAck(5)
        server.process.terminate()
        assert await line.ended()
        line.writer.close()

    asyncio.run(stop())
    assert server.process.wait(STOP_WITHIN_S) == 0
    assert operator.rows("SELECT version FROM module_version") == [("1.0.0",)]


# ---- TLS ----


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """An authority of the test's own, and a certificate of it for localhost."""
    return make_certificates(tmp_path)


def test_tls(operator: Operator, certificates: Certificates) -> None:
    """With a certificate, HTTP and MQTT speak TLS to who trusts its authority, and plain text to nobody."""
    operator.register_device()
    server = operator.start("--tls-cert", str(certificates.chain), "--tls-key", str(certificates.key))
    context = ssl.create_default_context(cafile=str(certificates.authority))
    assert any(line.endswith(f"https://127.0.0.1:{server.http_port}/") for line in server.lines)
    connection = http.client.HTTPSConnection("localhost", server.http_port, timeout=10, context=context)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()
    with pytest.raises((OSError, http.client.HTTPException)):
        server.status_of("/healthz")

    async def speak() -> None:
        line = await open_tls_line(server.mqtt_port, PRODUCT_KEY, "dev-0000", context)
        line.send(line.credential())
        assert await line.receive() == ACCEPTED
        line.version("1.0.0", 5)
        assert await line.receive() == PubAck(5)
        line.writer.close()
        plain = await open_line(server.mqtt_port, PRODUCT_KEY, "dev-0000")
        plain.send(plain.credential())
        assert await plain.ended()
        plain.writer.close()

    asyncio.run(speak())
    assert server.stop() == 0


def test_unusable_certificate(operator: Operator, certificates: Certificates, tmp_path: Path) -> None:
    """A certificate that cannot be read, or has another key, is named."""
    (tmp_path / "other.pem").write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    for chain, key in [("missing.pem", "key.pem"), ("key.pem", "key.pem"), ("chain.pem", "other.pem")]:
        words = operator.refusal("--tls-cert", str(tmp_path / chain), "--tls-key", str(tmp_path / key))
        assert str(tmp_path / chain) in words
