"""Wrong values for every parameter of an operation, derived from what its declaration allows, and what they answer.

A wrong case changes one thing of a request that is right, so that its answer is about that thing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from whimbrel.errors import RequestTooLargeError
from whimbrel.operations.declaration import Operation
from whimbrel.operations.fields import Field
from whimbrel.rpc.declared import Declared, declared_fields
from whimbrel.rpc.parameters import VALUE_SIZE_BYTES_MAX

GATE = "InvalidParameter"
CONTROL = "a\x1fb"
NUMBERS = ("x", "1.5", "1e3", "0x1", "+1", " 1", "1_0", "٣", "--1", "1" + "0" * 18, "true")
BOOLEANS = ("yes", "1", "0", "truee", "t", "ｔｒｕｅ")
WORDS = ("NO_SUCH_WORD", "99999", " ", "\u202e", "灯")
#: Texts, one of which each pattern of ours takes, and one of which it refuses.
TEXTS = ("a1", "lamp-0001", "kabcdefgh01", "1.0.0", "1", "a" * 16, "a" * 24, "0" * 32)
ODD_TEXTS = ("\u202e", "a\u2028b", "<a>", "a'b", "%", "😀", " ", "a b")


class Wrong(NamedTuple):
    """One wrong request: what it changes, and how the code of its answer begins. `fault` is what is wrong, in words."""

    fault: str
    changes: Mapping[str, str]
    status: int
    code: str


def wrong_requests(operation: Operation, right: Mapping[str, str]) -> Iterator[Wrong]:
    """The table of the operation, whose right request is given."""
    for declared in declared_fields(operation.request):
        if declared.is_list:
            yield from _wrong_lists(declared, right)
        else:
            yield from _wrong_values(declared, declared.name, {})


def _wrong_lists(declared: Declared, right: Mapping[str, str]) -> Iterator[Wrong]:
    first = f"{declared.name}.1"
    if declared.members:
        for member in declared.members:
            beside = _entry(declared, 1) if not any(name.startswith(f"{first}.") for name in right) else {}
            yield from _wrong_values(member, f"{first}.{member.name}", beside)
    else:
        yield from _wrong_values(declared, first, {})
    for index in ("01", "x", "-1", "100000", "", "１"):
        yield Wrong(f"index {index!r}", {f"{declared.name}.{index}": "a"}, 400, GATE)
    assert declared.field.items_max is not None
    many = [_entry(declared, number) for number in range(1, declared.field.items_max + 2)]
    entries = {name: text for entry in many for name, text in entry.items()}
    yield Wrong("one entry too many", entries, 200, declared.field.items_error.code)


def _entry(declared: Declared, number: int) -> dict[str, str]:
    """The shortest right entry of a list."""
    name = f"{declared.name}.{number}"
    if not declared.members:
        return {name: plain_value(declared)}
    needed = [member for member in declared.members if member.is_required] or declared.members[:1]
    return {f"{name}.{member.name}": plain_value(member) for member in needed}


def plain_value(declared: Declared) -> str:
    """A value that the declaration takes."""
    if declared.choices:
        return str(declared.choices[0])
    if declared.kind is bool:
        return "true"
    if declared.kind is int:
        return str(declared.field.minimum or 1)
    return next(text for text in TEXTS if _takes(declared.field, text))


def _takes(field: Field, text: str) -> bool:
    is_long_enough = (field.length_min or 0) <= len(text) <= (field.length_max or sys.maxsize)
    return is_long_enough and (field.pattern is None or field.pattern.fullmatch(text) is not None)


def _wrong_values(declared: Declared, name: str, beside: Mapping[str, str]) -> Iterator[Wrong]:
    def wrong(fault: str, text: str, status: int = 200, code: str = declared.field.error.code) -> Wrong:
        return Wrong(f"{name}: {fault}", {**beside, name: text}, status, code)

    yield wrong("control character", CONTROL, 400, GATE)
    yield wrong("longer than any value", "a" * (VALUE_SIZE_BYTES_MAX + 1), 413, RequestTooLargeError.code)
    for text in _wrong_texts(declared):
        yield wrong(repr(text[:20]), text)


def _wrong_texts(declared: Declared) -> Iterator[str]:
    """Values of the right size for the gate, that are not among those that the declaration takes."""
    field = declared.field
    if declared.choices:
        yield from (word for word in WORDS if word not in declared.choices)
        if not field.any_case:
            yield from {str(word).swapcase() for word in declared.choices} - {str(word) for word in declared.choices}
    elif declared.kind is bool:
        yield from BOOLEANS
    elif declared.kind is int:
        yield from NUMBERS
        if field.minimum is not None:
            yield str(field.minimum - 1)
        if field.maximum is not None:
            yield str(field.maximum + 1)
    else:
        if field.length_max is not None and field.length_max < VALUE_SIZE_BYTES_MAX:
            yield "a" * (field.length_max + 1)
            yield (
                "灯" * (field.length_max + 1)
                if field.length_max * 3 < VALUE_SIZE_BYTES_MAX - 3
                else "b" * (field.length_max + 1)
            )
        if field.length_min is not None and field.length_min > 1:
            yield "a" * (field.length_min - 1)
        yield from (text for text in ODD_TEXTS if field.pattern is not None and not _takes(field, text))
