"""What the devices of a fleet saw that no device may ever see: tests assert that it is nothing.

What counts is what a device can know: that a message was not for it, that a file was not what was announced, that a
second command came while the first was open, that something cancelled went on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Final

EXAMPLES_MAX: Final = 20
"""Kept word for word; all are counted."""

CANCEL_GRACE_S: Final = 1.0
"""How long after a cancel a push that was under way may still arrive (I8)."""


class Violation(StrEnum):
    """The kinds of what may not be seen."""

    FOREIGN_TOPIC = "foreign topic"  # I15, A17
    UNREADABLE = "unreadable message"  # a vendor SDK would drop it
    TWO_COMMANDS = "two commands for one module"  # I3
    WRONG_CONTENT = "file that is not what was announced"  # I10, I11
    AFTER_CANCEL = "command after its cancel"  # I4, I8
    CLOSED_AGAIN = "closed action offered again"  # ddi-protocol 5
    BAD_ANSWER = "answer that real clients do not bear"  # ddi-protocol 1, device-protocol 10


class Witness:
    """Counts what the devices saw, with the first EXAMPLES_MAX as examples."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._cancelled: dict[str, float] = {}
        self.counts: Counter[Violation] = Counter()
        self.examples: list[str] = []

    def cancelled(self, version: str) -> None:
        """The upgrade to this version was cancelled for everybody, as of now: for a test to say."""
        self._cancelled[version] = self._now_s()

    def sees_command(self, device: str, version: str) -> None:
        """A device was told to upgrade to this version."""
        cancelled_s = self._cancelled.get(version)
        if cancelled_s is not None and self._now_s() > cancelled_s + CANCEL_GRACE_S:
            self.saw(Violation.AFTER_CANCEL, device, version)

    def saw(self, violation: Violation, device: str, words: str) -> None:
        """A device saw this."""
        self.counts[violation] += 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(f"{device}: {violation}: {words}")
