"""What happened to each device, as JSON lines: to read after a run, and to compare two runs of one seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol


class Happening(StrEnum):
    """The kinds of lines."""

    MADE = "made"  # the device and its fate
    CONNECTED = "connected"
    LOST = "lost"
    BOOTED = "booted"  # it told its version because it had connected
    NOTICE = "notice"  # an upgrade that is news to it
    REPEATED = "repeated"  # an upgrade that it knew of
    TOLD = "told"  # it decided to report this; how often it was sent is another matter
    STATE = "state"


DECIDED: Final = frozenset({Happening.MADE, Happening.NOTICE, Happening.TOLD, Happening.STATE})
"""What the seed alone decides, for one course of commands: equal in two runs, device by device and in order. The other
kinds depend on when connections come and go."""


class _Writable(Protocol):
    def write(self, text: str, /) -> object: ...


class Journal:
    """Writes a line for each happening, with the seconds since the start; nothing when there is nowhere to write."""

    def __init__(self, out: _Writable | None, now_s: Callable[[], float]) -> None:
        self._out = out
        self._now_s = now_s
        self._start_s = now_s()

    def note(self, device: str, event: Happening, **details: object) -> None:
        """Something happened to the device of this name."""
        if self._out is not None:
            line = {"time": round(self._now_s() - self._start_s, 3), "device": device, "event": event, **details}
            self._out.write(json.dumps(line, separators=(",", ":")) + "\n")
