"""Starts servers as processes of their own, and reads what they cost."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 20
POLL_SECONDS = 0.002
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_WHIMBREL = Path(sys.executable).with_name("whimbrel")


class AccessKey(NamedTuple):
    access_key_id: str
    secret: str


class Server(NamedTuple):
    """A running server. `started_seconds` passed from its start to its first answer on /healthz."""

    pid: int
    port: int
    started_seconds: float

    def cpu_us(self) -> float:
        """CPU time that all its threads have used so far, in the kernel too."""
        # The process's name, in parentheses, may hold blanks; utime and stime are fields 14 and 15.
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1e6 / _TICKS_PER_SECOND

    def memory_bytes(self) -> int:
        """Resident memory of its own: what is shared with other processes of the same program does not count."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("RssAnon:"))
        return int(line.split()[1]) * 1024


@contextmanager
def whimbrel(data: Path, database: str | None = None, mqtt_port: int | None = None) -> Iterator[Server]:
    """`whimbrel serve` on a data folder, and if one is given on that database, as an operator starts it."""
    port = free_port()
    mqtt = f"127.0.0.1:{mqtt_port or free_port()}"
    command = [str(_WHIMBREL), "serve", "--data", str(data), "--listen", f"127.0.0.1:{port}", "--mqtt", mqtt]
    if database is not None:
        command += ["--database", database]
    with running(command, port) as server:
        yield server


@contextmanager
def list_limit(data: Path, nonces: Path) -> Iterator[Server]:
    """The prototype of `limit_list.py` on the same data, with a nonce file of its own."""
    port = free_port()
    with running([sys.executable, "-m", "bench.limit_list", str(data), str(nonces), str(port)], port) as server:
        yield server


@contextmanager
def mosquitto() -> Iterator[Server]:
    """Debian's Mosquitto with its defaults, but for anonymous clients and as many messages in flight as they send."""
    port = free_port()
    program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None, "mosquitto is missing: run scripts/install_debian_packages.sh"
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as settings:
        options = ("allow_anonymous true", "log_dest none", "max_queued_messages 0", "persistence false")
        settings.write("\n".join((f"listener {port} 127.0.0.1", *options, "")))
        settings.flush()
        os.chmod(settings.name, 0o644)  # root's Mosquitto becomes a user of its own
        with running([program, "-c", settings.name], port, _accepts) as server:
            yield server


def root_key(data: Path) -> AccessKey:
    """The AccessKey that the first start on the folder made."""
    key = json.loads((data / "root-access-key.json").read_text())
    return AccessKey(key["AccessKeyId"], key["AccessKeySecret"])


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str],
    port: int,
    is_healthy: Callable[[int], bool] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """The program, from when it is healthy: by default, when /healthz answers 200. Without an environment, ours."""
    if environment is None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WHIMBREL_")}
    begun = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603  programs of ours
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment
    )
    try:
        while not (is_healthy or _is_healthy)(port):
            seconds = time.perf_counter() - begun
            if process.poll() is not None or seconds > START_SECONDS_MAX:
                raise SystemExit(f"{' '.join(command)} does not serve after {seconds:.1f} s; its own words stand above")
            time.sleep(POLL_SECONDS)
        yield Server(process.pid, port, time.perf_counter() - begun)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_healthy(port: int) -> bool:
    return answers(port, "/healthz")


def answers(port: int, path: str) -> bool:
    """Whether a GET of the path is answered by 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
