"""Reads `/{tenant}/controller/v1/{controllerId}/...` from a request's raw path, once (ddi-protocol 2, A02).

1. Segments are cut at `/` first and then percent-decoded as UTF-8, each byte once; a broken escape is refused.
2. An id has 1 to 256 letters, digits or any of `- _ @ . :`, as a DeviceName of ours has 4 to 32; another id, and one
   that is `.` or `..`, is refused as malformed. Under which name the device is kept: `domain/ddi_controller_id.py`.
3. What a proxy says of the host and path that it was asked for (`X-Forwarded-*`, `Forwarded`) is not read: links are
   built from `--public-url`.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from whimbrel.domain.ddi_controller_id import is_controller_id

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_BEFORE_ID = 4  # "", tenant, "controller", "v1"


class Address(NamedTuple):
    """`rest`: the segments after the id, decoded; none for the poll."""

    tenant: str
    controller_id: str
    rest: tuple[str, ...]


class AddressFault(Enum):
    """Why a path leads to no controller; the value is the answer's HTTP status."""

    MALFORMED = 400
    NOT_SERVED = 404


def read_address(raw_path: bytes) -> Address | AddressFault:
    segments = raw_path.split(b"/")
    if len(segments) <= _BEFORE_ID or segments[0] or segments[2:_BEFORE_ID] != [b"controller", b"v1"]:
        return AddressFault.NOT_SERVED
    if not segments[1] or not segments[_BEFORE_ID]:
        return AddressFault.NOT_SERVED
    decoded = [_decoded(segment) for segment in (segments[1], *segments[_BEFORE_ID:])]
    texts = [text for text in decoded if text is not None]
    if len(texts) < len(decoded) or not is_controller_id(texts[1]):
        return AddressFault.MALFORMED
    return Address(texts[0], texts[1], tuple(texts[2:]))


def _decoded(segment: bytes) -> str | None:
    if _BROKEN_ESCAPE.search(segment):
        return None
    try:
        text = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return None
    return text if "/" not in text else None
