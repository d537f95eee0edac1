"""The part of CBOR (RFC 8949) that has the shape of JSON: what DDI sends and understands (ddi-protocol 12).

A codec of our own, because constrained clients need so little of it: no third-party code reads what strangers send.
"""

from __future__ import annotations

import struct
from typing import Any

DEPTH_MAX = 16  # as for JSON (threat-model 4)
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_INDEFINITE = 31
_BREAK = 0xFF
_SIMPLE_VALUES = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}


def encode(content: Any) -> bytes:
    """Maps with text keys, lists, texts, whole numbers of 64 bits, booleans and None, in their shortest form."""
    if content is None or isinstance(content, bool):
        return bytes([0xE0 | {False: 20, True: 21, None: 22}[content]])
    if isinstance(content, int):
        return _head(_UNSIGNED, content) if content >= 0 else _head(_NEGATIVE, -1 - content)
    if isinstance(content, str):
        text = content.encode()
        return _head(_TEXT, len(text)) + text
    if isinstance(content, dict):
        return _head(_MAP, len(content)) + b"".join(encode(name) + encode(value) for name, value in content.items())
    if isinstance(content, list | tuple):
        return _head(_ARRAY, len(content)) + b"".join(map(encode, content))
    raise TypeError(f"{type(content).__name__} has no place in an answer")


def decode(data: bytes) -> Any:
    """Raises ValueError for what is no CBOR of this kind, or is followed by anything."""
    reader = _Reader(data)
    content = reader.item(0)
    if not reader.is_at_end:
        raise _fault("something follows the item")
    return content


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    for code, size_bytes in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size_bytes:
            return bytes([kind << 5 | code]) + number.to_bytes(size_bytes)
    raise TypeError("a number of an answer has at most 64 bits")


class _Reader:
    """Reads items one after the other; each length is compared with what is there before anything is made of it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._data)

    def item(self, depth: int) -> Any:
        if depth > DEPTH_MAX:
            raise _fault("it is nested too deeply")
        first = self._take(1)[0]
        kind, short = first >> 5, first & 31
        if kind == _SIMPLE:
            return self._simple(short)
        if short == _INDEFINITE:
            return self._indefinite(kind, depth)
        number = self._number(short)
        match kind:
            case 0:
                return number
            case 1:
                return -1 - number
            case 3:
                return self._text(number)
            case 4:
                return [self.item(depth + 1) for _ in range(self._bounded(number))]
            case 5:
                return dict(self._entry(depth) for _ in range(self._bounded(number)))
            case 6:
                return self.item(depth + 1)  # what a tag says of its item does not matter here
        raise _fault("bytes have no place in a message")

    def _indefinite(self, kind: int, depth: int) -> Any:
        match kind:
            case 3:
                return "".join(self._until_break(lambda: self._chunk()))
            case 4:
                return self._until_break(lambda: self.item(depth + 1))
            case 5:
                return dict(self._until_break(lambda: self._entry(depth)))
        raise _fault("this kind of item has a length")

    def _until_break(self, read: Any) -> list[Any]:
        found = []
        while self._peek() != _BREAK:
            found.append(read())
        self._take(1)
        return found

    def _chunk(self) -> str:
        first = self._take(1)[0]
        if first >> 5 != _TEXT or first & 31 == _INDEFINITE:
            raise _fault("a text is made of texts")
        return self._text(self._number(first & 31))

    def _entry(self, depth: int) -> tuple[str, Any]:
        name = self.item(depth + 1)
        if not isinstance(name, str):
            raise _fault("names are texts")
        return name, self.item(depth + 1)

    def _simple(self, short: int) -> Any:
        if short in _FLOATS:
            form = _FLOATS[short]
            return struct.unpack(form, self._take(struct.calcsize(form)))[0]
        if short not in _SIMPLE_VALUES:
            raise _fault("this simple value has no meaning here")
        return _SIMPLE_VALUES[short]

    def _number(self, short: int) -> int:
        if short < 24:
            return short
        if short > 27:
            raise _fault("a length is malformed")
        return int.from_bytes(self._take(1 << short - 24))

    def _text(self, length: int) -> str:
        return self._take(length).decode()

    def _bounded(self, items: int) -> int:
        if items > len(self._data) - self._at:
            raise _fault("it is shorter than it says")
        return items

    def _peek(self) -> int:
        if self.is_at_end:
            raise _fault("it is shorter than it says")
        return self._data[self._at]

    def _take(self, length: int) -> bytes:
        taken = self._data[self._at : self._at + length]
        if len(taken) < length:
            raise _fault("it is shorter than it says")
        self._at += length
        return taken


def _fault(fact: str) -> ValueError:
    return ValueError(f"the body is no CBOR that is understood here: {fact}")
