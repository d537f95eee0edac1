"""What a DDI device says of an action: its words and numbers, bounded (ddi-protocol 5, 6)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.task import DESCRIPTION_LENGTH_MAX

DETAILS_MAX = 50  # hawkBit's limit for one feedback
WORDS_LENGTH_MAX = DESCRIPTION_LENGTH_MAX
MESSAGES_MAX = 100  # kept of one action; the oldest gives its place to the newest (I17)
ACTIONS_WITH_MESSAGES_MAX = 10  # of a device: words on older actions are forgotten (I17)


class Execution(StrEnum):
    CLOSED = "closed"
    PROCEEDING = "proceeding"
    CANCELED = "canceled"
    SCHEDULED = "scheduled"
    REJECTED = "rejected"
    RESUMED = "resumed"
    DOWNLOADED = "downloaded"
    DOWNLOAD = "download"


class Finished(StrEnum):
    SUCCESS = "success"
    FAILURE = "failure"
    NONE = "none"


class Feedback(NamedTuple):
    """One feedback. `percent` is None when it says nothing that can be counted."""

    execution: Execution
    finished: Finished
    percent: int | None = None
    words: str = ""

    @property
    def is_failure(self) -> bool:
        return self.execution is Execution.CLOSED and self.finished is Finished.FAILURE

    @property
    def is_success(self) -> bool:
        """`none` counts as success: that is how hawkBit reads it (ddi-protocol 5)."""
        return self.execution is Execution.CLOSED and self.finished is not Finished.FAILURE


class Message(NamedTuple):
    """What is kept of a feedback."""

    at_ms: int
    execution: str
    words: str


def percent_of(cnt: int | None, of: int | None) -> int | None:
    """Steps done out of all as percent; None where there is nothing to divide by."""
    if cnt is None or of is None or of <= 0:
        return None
    return min(100, max(0, 100 * cnt // of))


def joined_words(details: Sequence[str], code: int | None) -> str:
    """The details as one text of printable characters, with the code at its end; blank entries say nothing."""
    entries = [entry for entry in details[:DETAILS_MAX] if entry.strip()]
    if code is not None:
        entries.append(f"Device reported status code: {code}")
    return printable("; ".join(entries)[:WORDS_LENGTH_MAX])


def printable(words: str) -> str:
    """A device's words as people may read them: without control characters."""
    return "".join(c if c.isprintable() else " " for c in words)
