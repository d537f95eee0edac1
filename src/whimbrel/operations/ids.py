"""Ids on the wire: decimal text, always quoted, so that no client takes one for a float (api-contract 1.6)."""

from __future__ import annotations

import re

ID = re.compile(r"[1-9][0-9]{0,18}")
ID_LENGTH_MAX = 64  # longer texts are refused as malformed; shorter ones that name nothing are simply not found
ROW_ID_MAX = (1 << 63) - 1


def row_id(text: str) -> int | None:
    """The row's id, or None for a text that cannot name a row (ids are opaque: it is not found, not malformed)."""
    if ID.fullmatch(text) is None or int(text) > ROW_ID_MAX:
        return None
    return int(text)
