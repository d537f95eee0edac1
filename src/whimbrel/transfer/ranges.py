"""Which bytes a download asks for: Range and If-Range against one immutable file (device-protocol 7, threat-model 4).

No answer is ever longer than the file plus the headers of as many parts as may be asked for: ranges that overlap, or
more than those, are unsatisfiable. A header that is no range at all is ignored, as HTTP demands (RFC 9110 14.2), and
gives the whole file.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

RANGES_MAX = 16
#: For devices that fetch chunks: SWUpdate's delta handler asks for up to 150 ranges at once unless its package says
#: otherwise, zchunk's own downloader for up to 255; neither takes 416 as advice to ask for fewer.
CHUNK_RANGES_MAX = 256
#: Two 19-digit numbers and blanks fit; a header with more for each range that may be asked for is not read.
CHARS_PER_RANGE_MAX = 64
HEADER_CHARS_MAX = RANGES_MAX * CHARS_PER_RANGE_MAX

_RANGE_SET = re.compile(r"bytes=(.*)", re.IGNORECASE)
_RANGE = re.compile(r"[ \t]*([0-9]{0,20})-([0-9]{0,20})[ \t]*")


class ByteRange(NamedTuple):
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length_bytes(self) -> int:
        return self.last - self.first + 1


def select_ranges(range_header: str, size_bytes: int, ranges_max: int = RANGES_MAX) -> tuple[ByteRange, ...] | None:
    """The ranges to send, in the order asked for: none of them is 416; None is the whole file with 200."""
    if len(range_header) > ranges_max * CHARS_PER_RANGE_MAX:
        return ()
    match = _RANGE_SET.fullmatch(range_header.strip(" \t"))
    if match is None:
        return None
    specifications = match[1].split(",")
    matches = [_RANGE.fullmatch(specification) for specification in specifications]
    if not all(found is not None and _is_range(found) for found in matches):
        return None
    if len(matches) > ranges_max:
        return ()
    selected = [_within(found, size_bytes) for found in matches if found is not None]
    ranges = tuple(chosen for chosen in selected if chosen is not None)
    return () if _overlap(ranges) else ranges


def is_same_version(if_range: str, etag: str) -> bool:
    """Whether If-Range holds: a strong tag equal to ours. A date never does: none is served (RFC 9110 13.1.5)."""
    return if_range.strip(" \t") == etag


def is_known_version(if_none_match: str, etag: str) -> bool:
    """Whether If-None-Match names our tag (weakly compared, as it must be) or any tag, which answers 304."""
    if len(if_none_match) > HEADER_CHARS_MAX:
        return False
    tags = [tag.strip(" \t") for tag in if_none_match.split(",")]
    return tags == ["*"] or any(tag.removeprefix("W/") == etag for tag in tags)


def is_wanted_version(if_match: str, etag: str) -> bool:
    """Whether If-Match lets the answer pass: our tag, strongly compared, or any (RFC 9110 13.1.1)."""
    tags = [tag.strip(" \t") for tag in if_match[:HEADER_CHARS_MAX].split(",")]
    return etag in tags or tags == ["*"]


def _is_range(found: re.Match[str]) -> bool:
    """Whether it is `a-b` with a at most b, `a-` or `-n`."""
    first, last = found.groups()
    return bool(first or last) and not (first and last and int(first) > int(last))


def _within(found: re.Match[str], size_bytes: int) -> ByteRange | None:
    """The part of the file that one range covers; None when it covers nothing."""
    first, last = found.groups()
    if not first:
        suffix_bytes = min(int(last), size_bytes)
        return ByteRange(size_bytes - suffix_bytes, size_bytes - 1) if suffix_bytes else None
    if int(first) >= size_bytes:
        return None
    return ByteRange(int(first), min(int(last), size_bytes - 1) if last else size_bytes - 1)


def _overlap(ranges: tuple[ByteRange, ...]) -> bool:
    ordered = sorted(ranges)
    return any(after.first <= before.last for before, after in pairwise(ordered))
