"""The character classes that the vendors' name rules share (api-contract 8.2, 9.1, 13.1).

"CJK" in those rules: the unified ideographs with extension A and the compatibility block, kana and Hangul syllables.
"""

from __future__ import annotations

import re

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
LETTERS_DIGITS = "A-Za-z0-9"


def counted_length(text: str) -> int:
    """Length in the vendors' counting for product names and nicknames: an ASCII character 1, any other 2."""
    return sum(1 if character < "\x80" else 2 for character in text)


_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """The text with U+FFFD in place of what XML 1.0 has no form for, and of the carriage return, which it changes."""
    return _NOT_XML.sub("\ufffd", text)
