"""Runs `whimbrel` at a pseudo-terminal: what a person sees, and what they type."""

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from types import TracebackType

from tests.story.servers import WHIMBREL

SHOWN_WITHIN_S = 60
ENDS_WITHIN_S = 120
PRESSED_AGAIN_AFTER_S = 10


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
            assert self._read(deadline), f"ended before {words!r}:\n{self.shown}"

    def type(self, text: str) -> None:
        """A line and Enter."""
        os.write(self._master, f"{text}\n".encode())

    def interrupt(self) -> None:
        """Ctrl-C, and again as a person does when nothing happens: a signal between the words of a question and the
        reading of the answer is only noticed with the next one.
        """
        for _ in range(ENDS_WITHIN_S // PRESSED_AGAIN_AFTER_S):
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(PRESSED_AGAIN_AFTER_S)
                return
            except subprocess.TimeoutExpired:
                continue

    def end(self) -> int:
        """Read the rest; the exit status."""
        deadline = time.monotonic() + ENDS_WITHIN_S
        while self._read(deadline):
            pass
        return self.process.wait(SHOWN_WITHIN_S)

    def _read(self, deadline: float) -> bool:
        """Whether there was more. AssertionError when nothing more is shown by then, and the command has not ended."""
        is_there, _, _ = select.select([self._master], [], [], max(deadline - time.monotonic(), 0))
        assert is_there, f"nothing more is shown:\n{self.shown}"
        try:
            block = os.read(self._master, 65_536)
        except OSError:  # Linux says EIO when the other side is closed
            return False
        self.shown += block.decode("utf-8", "replace")
        return bool(block)
