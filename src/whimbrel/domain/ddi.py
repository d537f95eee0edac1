"""What hawkBit's DDI asks of the words that leave: numbers and names (ddi-protocol 1, 4).

Clients keep what they read in small fixed buffers, so each text here has a length that is known.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.firmware import FileSuffix
from whimbrel.domain.job import Job
from whimbrel.domain.ota_module import DEFAULT_MODULE

SILENT_POLLS = 3  # a device that has missed so many polls counts as offline
ATTRIBUTES_MAX = 100  # of one device (ddi-protocol 9)
NUMBER_MAX = 2**31 - 1  # clients parse action ids as signed 32 bits (ddi-protocol 1, rule 4)
FILE_NAME_CHARS_MAX = 80  # the path from /DEFAULT on stays below Zephyr's 200: 22 + 32 + 43 of ours, and this
#: Zephyr installs only what has this part; other clients take any (ddi-protocol 4).
DEFAULT_PART = "bApp"
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]")
_SUFFIX = re.compile(r"[a-z0-9]{1,6}(?:\.[a-z0-9]{1,3})?")


def number_after(number: int) -> int:
    """The next action's number. Those divisible by 10 are left out: some releases of Zephyr cannot cancel them."""
    following = number + 1
    return following + 1 if following % 10 == 0 else following


def read_number(text: str) -> int | None:
    """An action's number from a path; None when it cannot be one of ours."""
    if not text.isascii() or not text.isdigit() or len(text) > len(str(NUMBER_MAX)):
        return None
    number = int(text)
    return number if 1 <= number <= NUMBER_MAX and text[0] != "0" else None


def part_of(module_name: str) -> str:
    """The name under which a device knows one of our modules."""
    return DEFAULT_PART if module_name == DEFAULT_MODULE else module_name


class DdiFile(NamedTuple):
    """A file of a deployment, as the device will name it."""

    name: str
    sha256: str
    md5: str
    size_bytes: int


def files_of(job: Job, object_key: str) -> tuple[DdiFile, ...]:
    """The job's files under names that are safe in a path. `object_key` gives a single file its ending."""
    if not job.files:
        stem = f"{job.firmware_name}-{job.dest_version}"
        return (DdiFile(_single_name(stem, _suffix_of(object_key)), job.sha256, job.md5, job.size_bytes),)
    found: dict[str, DdiFile] = {}
    for file in job.files:
        name = _plain(file.name, FILE_NAME_CHARS_MAX)
        # Two names may differ only in what is not plain; the file's number tells them apart.
        name = name if name not in found else _plain(f"{file.number}-{name}", FILE_NAME_CHARS_MAX)
        found[name] = DdiFile(name, file.sha256, file.md5, file.size_bytes)
    return tuple(found.values())


def _single_name(stem: str, suffix: str) -> str:
    return f"{_plain(stem, FILE_NAME_CHARS_MAX - len(suffix) - 1)}.{suffix}"


def _plain(text: str, chars_max: int) -> str:
    # A name that begins with a dot would be hidden, or `..`.
    return _NOT_PLAIN.sub("_", text)[:chars_max].lstrip(".") or "file"


def _suffix_of(object_key: str) -> str:
    suffix = object_key.rpartition("/")[2].partition(".")[2]
    return suffix if _SUFFIX.fullmatch(suffix) else FileSuffix.BIN.value


class AttributeMode(StrEnum):
    """How configData changes what is kept."""

    MERGE = "merge"
    REPLACE = "replace"
    REMOVE = "remove"


def merged(kept: dict[str, str], mode: AttributeMode, given: dict[str, str]) -> dict[str, str]:
    """The device's attributes afterwards (ddi-protocol 9)."""
    if mode is AttributeMode.REPLACE:
        return dict(given)
    if mode is AttributeMode.REMOVE:
        return {name: content for name, content in kept.items() if name not in given}
    return kept | given
