"""Runs Debian's SWUpdate as a device would: a process of its own, in a folder of its own, polling a server over DDI."""

import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.clients.swu_package import HARDWARE_REVISION

SWUPDATE = Path("/usr/bin/swupdate")
SWUPDATE_IPC = Path("/usr/bin/swupdate-ipc")
BOARD = "whimbrel-test"
POLL_EVERY_S = 1
LOG_WITHIN_S = 60
END_WITHIN_S = 10
#: What `-c` tells a SWUpdate without a boot loader about the update that ran before its restart.
INSTALLED_AND_TESTED = "2"
INSTALLED_AND_FAILED = "3"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Account(NamedTuple):
    """Where a device polls, as whom and with which token; `token_kind` is SWUpdate's name of the setting."""

    url: str
    tenant: str
    controller_id: str
    token: str
    token_kind: str = "targettoken"


class SWUpdate:
    """One device. It may be restarted; its log goes on."""

    def __init__(self, account: Account, certificate_pem: bytes, identify: dict[str, str] | None = None) -> None:
        # SWUpdate puts its sockets into TMPDIR, and a socket's path must stay below 108 characters.
        self._place = tempfile.TemporaryDirectory(prefix="swu-")
        self.folder = Path(self._place.name)
        (self.folder / "signer.pem").write_bytes(certificate_pem)
        self._configuration = self.folder / "swupdate.cfg"
        self._configuration.write_text(_configuration(self.folder, account, identify or {}))
        self._log_path = self.folder / "swupdate.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What all its processes wrote so far, without colours."""
        text = self._log_path.read_text(errors="replace") if self._log_path.exists() else ""
        return _COLOUR.sub("", text)

    def start(self, *, update_state: str | None = None) -> None:
        """Start it; `update_state` is what a boot loader would have kept over the restart."""
        suricatta = "-e" if update_state is None else f"-e -c {update_state}"
        command = [SWUPDATE, "-f", self._configuration, "-H", f"{BOARD}:{HARDWARE_REVISION}", "-u", suricatta]
        environment = {"PATH": os.environ["PATH"], "TMPDIR": str(self.folder)}
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        # The interval that the server answers wins over `polldelay`; only this command wins over the server. A client
        # that sleeps already has to be woken.
        self._configure("-p", str(POLL_EVERY_S))
        self._configure("-t")

    def stop(self) -> None:
        """End it with all the processes it made; as a reboot does."""
        if self._process is None:
            return
        # Its processes share the session that `start` opened, and nobody else does.
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            pass  # what is left ends now
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nothing was left
        self._process.wait()
        self._process = None

    def restart(self, *, update_state: str | None = None) -> None:
        self.stop()
        self.start(update_state=update_state)

    def wait_for_log(self, words: str, *, after: int = 0) -> int:
        """Wait until the log holds the words behind that position, and give the position behind them."""
        deadline = time.monotonic() + LOG_WITHIN_S
        while (found := self.log.find(words, after)) < 0:
            assert self.is_running, f"swupdate ended:\n{self.log[-4000:]}"
            assert time.monotonic() < deadline, f"no {words!r} within {LOG_WITHIN_S} s:\n{self.log[-4000:]}"
            time.sleep(0.05)
        return found + len(words)

    def _configure(self, *options: str) -> None:
        """Tell the running client, as soon as it listens."""
        environment = {"PATH": os.environ["PATH"], "TMPDIR": str(self.folder)}
        deadline = time.monotonic() + LOG_WITHIN_S
        while True:
            command = [SWUPDATE_IPC, "hawkbitcfg", *options]
            said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if "Server returns ACK" in said.stdout:
                return
            assert self.is_running, f"swupdate ended:\n{self.log[-4000:]}"
            assert time.monotonic() < deadline, f"swupdate does not listen: {said}\n{self.log[-4000:]}"
            time.sleep(0.05)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def end(self) -> None:
        """Leave nothing behind."""
        self.stop()
        self._place.cleanup()


def _configuration(folder: Path, account: Account, identify: dict[str, str]) -> str:
    attributes = ", ".join(f'{{ name = "{name}"; value = "{value}"; }}' for name, value in identify.items())
    return f"""globals : {{
  verbose = true; loglevel = 5; bootloader = "none"; public-key-file = "{folder}/signer.pem";
}};
identify : ( {attributes} );
suricatta : {{
  tenant = "{account.tenant}"; id = "{account.controller_id}"; url = "{account.url}";
  {account.token_kind} = "{account.token}";
  retry = 60; retrywait = "1"; initial-report-resend-period = 1; connection-timeout = 10;
}};
"""
