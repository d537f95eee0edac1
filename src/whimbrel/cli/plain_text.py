"""Text of devices and other people as a terminal may show it: no byte of it moves the cursor or turns a line round."""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata

WIDTH_MAX = 110


def plain(text: str) -> str:
    """The text with everything that cannot be seen written as in JSON, line ends aside (A09)."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text)


def cut(text: str, columns: int) -> str:
    """As much of a plain line as has room: CJK characters take two columns each, and accents none."""
    for place, sign in enumerate(text):
        columns -= _columns(sign)
        if columns < 0:
            return text[:place]
    return text


def table_width() -> int:
    """How many columns a table may have: the terminal's, and never so many that lines are hard to follow."""
    if not sys.stdout.isatty():
        return WIDTH_MAX
    return min(WIDTH_MAX, shutil.get_terminal_size().columns - 1)


def _columns(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
