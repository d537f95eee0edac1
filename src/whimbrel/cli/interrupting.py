"""SIGTERM ends a long command as Ctrl-C does: pipelines and service managers end what they started by it."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn


def heed_sigterm() -> None:
    """From now on SIGTERM raises KeyboardInterrupt, so that last words are said and files are removed."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    # What ends is not interrupted again: a runner that sends it twice would cut the last words off.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
