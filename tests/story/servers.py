"""Starts and ends a Whimbrel server as an operator does: `whimbrel serve`, SIGTERM, and the power cut (SIGKILL)."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

WHIMBREL = Path(sys.executable).parent / "whimbrel"
START_WITHIN_S = 30
STOP_WITHIN_S = 20


class AccessKey(NamedTuple):
    """The two halves of an AccessKey, as `root-access-key.json` holds them."""

    key_id: str
    secret: str


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class WhimbrelServer:
    """One server on one data folder; it keeps its ports and its further options when it is started again."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.options = options
        self.http_port = free_port()
        self.mqtt_port = free_port()
        self._log_path = data.parent / f"{data.name}.stderr"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """HOST:PORT of the management API."""
        return f"127.0.0.1:{self.http_port}"

    @property
    def access_key(self) -> AccessKey:
        """The root AccessKey that the first start made."""
        key = json.loads((self.data / "root-access-key.json").read_text())
        return AccessKey(key["AccessKeyId"], key["AccessKeySecret"])

    @property
    def log(self) -> str:
        """What all starts together wrote to stderr and stdout."""
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""

    def start(self) -> None:
        """Start the server and wait for `/healthz`; AssertionError with the server's own words when it never comes."""
        addresses = ["--listen", self.endpoint, "--mqtt", f"127.0.0.1:{self.mqtt_port}"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WHIMBREL_")}
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [WHIMBREL, "serve", "--data", str(self.data), *addresses, *self.options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
            )
        deadline = time.monotonic() + START_WITHIN_S
        while not self._is_healthy():
            assert self._process.poll() is None, f"whimbrel ended with {self._process.returncode}:\n{self.log}"
            assert time.monotonic() < deadline, f"no 200 from /healthz within {START_WITHIN_S} s:\n{self.log}"
            time.sleep(0.02)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        process = self._running()
        process.terminate()
        status = process.wait(STOP_WITHIN_S)
        self._process = None
        return status

    def kill(self) -> None:
        """SIGKILL: nothing of the process gets another turn."""
        process = self._running()
        process.kill()
        process.wait()
        self._process = None

    @property
    def pid(self) -> int:
        """The running process."""
        return self._running().pid

    def end(self) -> None:
        """Leave no process behind, whatever the test did."""
        if self._process is not None:
            self.kill()

    def peak_memory_kib(self) -> int:
        """The most resident memory the running process ever had (VmHWM)."""
        status = Path(f"/proc/{self._running().pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1])

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "the server is not running"
        return self._process

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
