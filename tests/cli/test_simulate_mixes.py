"""`whimbrel simulate`: families, models and journals from the command line, and TLS."""

import http.client
import json
import os
import random
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.certificates import Certificates, make_certificates
from tests.cli.terminal import environment, whimbrel
from tests.story.servers import WHIMBREL, WhimbrelServer
from whimbrel.simulator.fate import MODEL_WORDS


def test_shares_beyond_the_whole_fleet_exit_2(server: WhimbrelServer) -> None:
    """More than everybody can neither fail nor fall silent, nor be of a family."""
    for words in (
        ("--model", "fails=0.6", "--model", "silent=0.5"),
        ("--fail-share", "0.6", "--model", "fails=0.5"),
        ("--family", "mqtt=0.6", "--family", "mqtt=0.4"),
        ("--family", "mqtt=0.6", "--family", "ddi=0.5"),
        ("--family", "mqtt=0.6"),
        ("--family", "carrier-pigeon"),
        ("--model", "fails=many"),
        ("--model", "sulks=0.1"),
        ("--module", "mcu"),
        ("--ramp", "0"),
        ("--poll-seconds", "0"),
    ):
        assert whimbrel(server, "simulate", "--product", "lamp_x", *words).returncode == 2, words


def test_the_help_lists_every_model() -> None:
    """`--help` says what each model does."""
    shown = subprocess.run([WHIMBREL, "simulate", "--help"], capture_output=True, text=True, check=True).stdout
    for model, words in MODEL_WORDS.items():
        assert model == "good" or f"{model} " in shown
        assert model == "good" or words in shown


def test_a_journal_of_a_run(server: WhimbrelServer, tmp_path: Path) -> None:
    """`--record` writes a line for each thing that happens, `--module` adds a report, and the table names all
    models that there are.
    """
    journal = tmp_path / "journal.jsonl"
    fleet = ("--product", "lamp_journal", "--devices", "4", "--module", "mcu=0.9", "--model", "flaps=0.5")
    ended = whimbrel(server, "simulate", *fleet, "--seconds", "2", "--record", str(journal), "--ramp", "100")
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert sorted(line["model"] for line in lines if line["event"] == "made") == ["flaps", "flaps", "good", "good"]
    booted = {(line["device"], line["module"], line["version"]) for line in lines if line["event"] == "booted"}
    names = [f"lamp_journal-{number:04d}" for number in (1, 2, 3, 4)]
    assert booted == {(name, *told) for name in names for told in (("default", "1.0.0"), ("mcu", "0.9"))}
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    assert "By model" in ended.stdout
    assert "2 online" in ended.stdout


class TlsServer(WhimbrelServer):
    """A server with a certificate for localhost."""

    def __init__(self, data: Path, files: Certificates) -> None:
        super().__init__(data, "--tls-cert", str(files.chain), "--tls-key", str(files.key))
        self.options = (*self.options, "--public-url", f"https://localhost:{self.http_port}")
        self.trusted = ssl.create_default_context(cafile=str(files.authority))
        self.variables = {
            "WHIMBREL_SERVER": f"https://localhost:{self.http_port}",
            "WHIMBREL_MQTT": f"localhost:{self.mqtt_port}",
            "SSL_CERT_FILE": str(files.authority),
        }

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPSConnection("localhost", self.http_port, timeout=5, context=self.trusted)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[TlsServer]:
    """A running server that speaks TLS only."""
    running = TlsServer(tmp_path / "var", make_certificates(tmp_path))
    try:
        running.start()
        yield running
    finally:
        running.end()


def test_a_fleet_over_tls(tls_server: TlsServer, tmp_path: Path) -> None:
    """With an authority of one's own in SSL_CERT_FILE, devices connect and download over TLS."""
    firmware = tmp_path / "lamp.bin"
    firmware.write_bytes(random.Random(1).randbytes(100_000))

    def answer(*words: str) -> str:
        ended = whimbrel(tls_server, *words, **tls_server.variables)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    key = json.loads(answer("call", "CreateProduct", "ProductName=lamp_tls", "NodeType=0"))["productKey"]
    made = ("FirmwareName=lamp", f"ProductKey={key}", "DestVersion=2.0.0", "NeedToVerify=false")
    created = json.loads(answer("call", "CreateOTAFirmware", *made, f"FirmwareUrl={answer('upload', str(firmware))}"))
    simulated = ("--product", "lamp_tls", "--devices", "3", "--until-done", "--seconds", "90", "--json")
    variables = {**os.environ, **environment(tls_server, **tls_server.variables)}
    simulation = subprocess.Popen([WHIMBREL, "simulate", *simulated], env=variables, stdout=subprocess.PIPE, text=True)
    target = (f"FirmwareId={created['data']['firmwareId']}", f"ProductKey={key}", "TargetSelection=ALL")
    while json.loads(answer("call", "QueryDeviceStatistics", f"ProductKey={key}"))["data"]["onlineCount"] < 3:
        assert simulation.poll() is None
    answer("call", "CreateOTAStaticUpgradeJob", *target)
    shown, _ = simulation.communicate(timeout=120)
    assert json.loads(shown)["versions"] == {"2.0.0": 3}
