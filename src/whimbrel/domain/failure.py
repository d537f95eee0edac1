"""Why tasks fail, as reasons that many tasks share (ADR 0058).

A reason is a code, and for most codes words: the device's, made alike. What differs from device to device though the
cause is the same is masked, or every device had a reason of its own: links, UUIDs, hardware addresses, hexadecimal
words, fractions, percentages, and numbers of four digits and more. Numbers of up to three digits stay: they are mostly
what tells causes apart, as the status of HTTP and `errno` are.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from whimbrel.domain.task import STEP_MEANINGS, TIMED_OUT_WORDS, WRONG_VERSION_WORDS

WORDED_MAX = 50  # of a job; failures with other words count under their code alone (I17)
WORDED_FROM = 16  # numbers of reasons with words; those below are the codes themselves
REASON_WORDS_LENGTH_MAX = 200
MASK = "#"

_LINK = r"[a-z][a-z0-9+.-]{1,15}://\S+"
_UUID = r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
_HARDWARE_ADDRESS = r"\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b"
_PREFIXED_HEX = r"\b0x[0-9a-f]+\b"
_LONG_HEX = r"\b(?=[a-f]{0,31}[0-9])[0-9a-f]{8,}\b"
_FRACTION = r"[0-9]+(?:[.,:][0-9]+)+"
_PERCENTAGE = r"[0-9]+(?= ?%)"
_LONG_NUMBER = r"[0-9]{4,}"
_MASKED = re.compile(
    "|".join(
        (_LINK, _UUID, _HARDWARE_ADDRESS, _PREFIXED_HEX, _LONG_HEX, _FRACTION, _PERCENTAGE, _LONG_NUMBER),
    ),
    re.IGNORECASE | re.ASCII,
)
_STEP = re.compile(r"step (-[1-4]): (.*)", re.DOTALL)
_WRONG_VERSION = re.compile(re.escape(WRONG_VERSION_WORDS) + r", the device reported (.*), wanted ", re.DOTALL)
_CONFLICT = re.compile(r"the device ha[sd] an open task in another job")


class FailureCode(Enum):
    """What failed; the value is the number of the reason that has no words, or others than those that are kept."""

    SILENT = 1  # the task has not failed: no word for longer than its gate allows
    TIMEOUT = 2
    CONFLICT = 3  # born failed: another job's task holds the device
    UPGRADE_FAILED = 4
    DOWNLOAD_FAILED = 5
    CHECKSUM_FAILED = 6
    BURN_FAILED = 7
    WRONG_VERSION = 8  # with the version that the device reported

    @property
    def step(self) -> int | None:
        """What devices report for it (device-protocol 5); None for what they do not report as a step."""
        return _STEPS.get(self)


_STEPS = {
    FailureCode.UPGRADE_FAILED: -1,
    FailureCode.DOWNLOAD_FAILED: -2,
    FailureCode.CHECKSUM_FAILED: -3,
    FailureCode.BURN_FAILED: -4,
}
_CODES = {step: code for code, step in _STEPS.items()}


class Failure(NamedTuple):
    """Why one task failed. `words` are made alike already; empty when its code says all."""

    code: FailureCode
    words: str = ""


def failure_of(description: str) -> Failure:
    """Why the task failed that domain/task.py and `births.sql` described so; anything else is a general failure."""
    if description.startswith(f"{TIMED_OUT_WORDS},"):
        return Failure(FailureCode.TIMEOUT)
    if _CONFLICT.match(description):
        return Failure(FailureCode.CONFLICT)
    reported = _WRONG_VERSION.match(description)
    if reported is not None:
        return Failure(FailureCode.WRONG_VERSION, reported[1][:REASON_WORDS_LENGTH_MAX])
    said = _STEP.fullmatch(description)
    if said is None:
        return Failure(FailureCode.UPGRADE_FAILED, made_alike(description))
    step = int(said[1])
    is_ours = said[2] == STEP_MEANINGS[step]
    return Failure(_CODES[step], "" if is_ours else made_alike(said[2]))


def made_alike(words: str) -> str:
    """A device's words without what is one device's alone, on one line, at most 200 characters."""
    return " ".join(_MASKED.sub(MASK, words).split())[:REASON_WORDS_LENGTH_MAX].rstrip()
