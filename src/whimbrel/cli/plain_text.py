"""Text of devices and other people as a terminal may show it: no byte of it moves the cursor or turns a line round."""

from __future__ import annotations

import json


def plain(text: str) -> str:
    """The text with everything that cannot be seen written as in JSON, line ends aside (A09)."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text)
