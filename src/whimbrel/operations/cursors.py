"""NextToken of lists with filters: a place in one list of one account, and nothing of it for another.

It says nothing secret, so it needs no signature: a forged one is a place in the caller's own list too.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import NamedTuple

from whimbrel.errors import OtaInvalidParameterError

CURSOR_LENGTH_MAX = 128
_CURSOR = re.compile(r"([0-9a-f]{16}):([0-9]{1,18}):([0-9]{1,18})")


class Cursor(NamedTuple):
    """The list goes on with ids smaller than `below`; `looked`: how many rows were looked at before."""

    below: int
    looked: int


def cursor_text(narrowed: object, cursor: Cursor) -> str:
    """Opaque to clients. `narrowed`: the account and the filters, as a value with a repr of its own."""
    text = f"{_digest(narrowed)}:{cursor.below}:{cursor.looked}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, narrowed: object) -> Cursor:
    """Raises OtaInvalidParameterError for what no answer with these filters gave."""
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except ValueError:
        plain = ""
    match = _CURSOR.fullmatch(plain)
    if match is None or match[1] != _digest(narrowed):
        raise OtaInvalidParameterError("NextToken is not one that this Action gave for these filters")
    cursor = Cursor(int(match[2]), int(match[3]))
    if cursor_text(narrowed, cursor) != text:
        raise OtaInvalidParameterError("NextToken is not one that this Action gave for these filters")
    return cursor


def _digest(narrowed: object) -> str:
    return hashlib.sha256(repr(narrowed).encode()).hexdigest()[:16]
