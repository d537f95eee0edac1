"""Runs `whimbrel` at a pseudo-terminal: what a person sees, and what they type."""

import os
import pty
import subprocess
import time
from collections.abc import Mapping
from types import TracebackType

from tests.story.servers import WHIMBREL

SHOWN_WITHIN_S = 60


class Terminal:
    """A command at a terminal of 80 columns."""

    def __init__(self, environment: Mapping[str, str], *words: str) -> None:
        self._master, slave = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [WHIMBREL, *words],
            env={**environment, "TERM": "xterm", "COLUMNS": "80"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def wait_for(self, words: str) -> None:
        """Read until these words are shown."""
        deadline = time.monotonic() + SHOWN_WITHIN_S
        while words not in self.shown:
            assert time.monotonic() < deadline, self.shown
            assert self._read(), f"ended before {words!r}:\n{self.shown}"

    def type(self, text: str) -> None:
        """A line and Enter."""
        os.write(self._master, f"{text}\n".encode())

    def end(self) -> int:
        """Read the rest; the exit status."""
        while self._read():
            pass
        return self.process.wait(SHOWN_WITHIN_S)

    def _read(self) -> bool:
        try:
            block = os.read(self._master, 65_536)
        except OSError:  # Linux says EIO when the other side is closed
            return False
        self.shown += block.decode("utf-8", "replace")
        return bool(block)
