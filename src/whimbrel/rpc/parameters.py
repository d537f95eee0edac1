"""Query strings and form bodies, from raw bytes to the one map of a request, and back (threat-model 3, A02).

Invariants:

- One reading: bytes that two parsers could understand differently (repeated names, broken escapes, invalid UTF-8,
  control characters, odd names) are refused, never repaired.
- Nothing is lost: blank values stay, because they are signed (api-contract 3.1).
- Bounded work: sizes and counts are checked before anything is split, and no pattern here backtracks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from whimbrel.errors import InvalidParameterError, RequestTooLargeError

PARAMETERS_MAX = 2_000
FORM_PARAMETERS_MAX = 20_100  # BatchCheckDeviceNames: 10,000 names with nicknames, and the common parameters
VALUE_SIZE_BYTES_MAX = 8 * 1024
QUERY_SIZE_BYTES_MAX = 64 * 1024
FORM_SIZE_BYTES_MAX = 1024 * 1024

# Longer names are legal, but an error message does not repeat them.
_ECHOED_NAME_CHARACTERS_MAX = 64


class Source(NamedTuple):
    """Where raw parameters come from: a name for error messages, and the limits."""

    name: str
    size_bytes_max: int
    parameters_max: int


QUERY = Source("query", QUERY_SIZE_BYTES_MAX, PARAMETERS_MAX)
FORM = Source("form body", FORM_SIZE_BYTES_MAX, FORM_PARAMETERS_MAX)

NO_ALIASES: Mapping[str, str] = MappingProxyType({})

_is_unreserved = re.compile(r"[A-Za-z0-9._~-]*+").fullmatch
_is_name = re.compile(r"[A-Za-z0-9._-]++").fullmatch
_find_control_character = re.compile(r"[\x00-\x1f\x7f-\x9f]").search
_find_broken_escape = re.compile(rb"%(?![0-9A-Fa-f]{2})").search

# What nearly every call looks like: plain names, printable ASCII values, whole escapes, no empty piece.
_PAIR = rb"[A-Za-z0-9._-]++=(?:[ -$'-~]++|%[0-9A-Fa-f]{2})*+"
_is_plain = re.compile(_PAIR + rb"(?:&" + _PAIR + rb")*+").fullmatch

_PRINTABLE_ESCAPES = {escape: chr(code) for code in range(0x20, 0x7F) for escape in (f"{code:02X}", f"{code:02x}")}


def parse_pairs(raw: bytes, source: Source = QUERY) -> dict[str, str]:
    """The parameters of one query string or form body, in the order they were sent.

    `+` is a space, `name` alone means a blank value, an empty piece (`&&`) is no parameter. Raises RequestTooLargeError
    for more pieces than the source may have, a value over VALUE_SIZE_BYTES_MAX (decoded) or a source over its limit,
    and InvalidParameterError for everything that threat-model 3 refuses.
    """
    if not raw:
        return {}
    if len(raw) > source.size_bytes_max:
        raise RequestTooLargeError(f"the {source.name} has more than {source.size_bytes_max} bytes")
    if raw.count(b"&") >= source.parameters_max:
        raise RequestTooLargeError(f"the {source.name} has more than {source.parameters_max} parameters")
    pairs = _parse_plain(raw)
    return _parse_carefully(raw, source) if pairs is None else pairs


def merge_pairs(query: dict[str, str], form: dict[str, str]) -> dict[str, str]:
    """Query and form body as one map (api-contract 1.1).

    Raises InvalidParameterError for a name in both, RequestTooLargeError for more than FORM_PARAMETERS_MAX in all.
    """
    if not form:
        return query
    if len(query) + len(form) > FORM_PARAMETERS_MAX:
        raise RequestTooLargeError(f"query and form body together have more than {FORM_PARAMETERS_MAX} parameters")
    merged = {**query, **form}
    if len(merged) < len(query) + len(form):
        name = next(name for name in form if name in query)
        raise InvalidParameterError(None, f"{_named(name)} is in the query and again in the form body; send it once")
    return merged


def resolve_aliases(signed: dict[str, str], aliases: Mapping[str, str]) -> dict[str, str]:
    """The map an operation sees: the signed map with aliases (`FirmwareID`) under their real name (`FirmwareId`).

    `aliases` maps alias to real name. The signed map itself keeps the names as sent. Raises InvalidParameterError when
    a parameter is given under two of its names.
    """
    if signed.keys().isdisjoint(aliases):
        return signed
    resolved: dict[str, str] = {}
    for name, value in signed.items():
        real_name = aliases.get(name, name)
        if real_name in resolved:
            raise InvalidParameterError(None, f"{real_name} is given twice, once under its alias; send it once")
        resolved[real_name] = value
    return resolved


def percent_encode(text: str) -> str:
    """RFC 3986 over UTF-8: unreserved characters stay, every other byte becomes `%XX` (api-contract 3.1, step 3)."""
    return text if _is_unreserved(text) else quote(text, safe="")


def encode_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """`name=value` pairs joined by `&`, both sides percent-encoded: a canonical query, or a form body to send."""
    return "&".join([f"{percent_encode(name)}={percent_encode(value)}" for name, value in pairs])


def has_control_character(text: str) -> bool:
    """Whether the text holds a C0 or C1 control character or DEL: no value may (threat-model 3)."""
    return _find_control_character(text) is not None


def _parse_plain(raw: bytes) -> dict[str, str] | None:
    """The fast path; None when the input needs `_parse_carefully`, which alone decides about errors."""
    if not _is_plain(raw):
        return None
    pieces = raw.decode("ascii").split("&")
    pairs: dict[str, str] = {}
    try:
        for piece in pieces:
            name, _, value = piece.partition("=")
            if "%" in value or "+" in value:
                head, *escaped = value.replace("+", " ").split("%")
                value = head + "".join([_PRINTABLE_ESCAPES[text[:2]] + text[2:] for text in escaped])
            pairs[name] = value
    except KeyError:  # an escape beyond printable ASCII
        return None
    if len(raw) > VALUE_SIZE_BYTES_MAX and max(map(len, pairs.values())) > VALUE_SIZE_BYTES_MAX:
        return None
    return pairs if len(pairs) == len(pieces) else None


def _parse_carefully(raw: bytes, source: Source) -> dict[str, str]:
    broken = _find_broken_escape(raw)
    if broken:
        raise InvalidParameterError(None, f"byte {broken.start()} of the {source.name} is a % without two hex digits")
    pairs: dict[str, str] = {}
    start = 0
    for piece in raw.split(b"&"):
        if piece:
            raw_name, _, raw_value = piece.partition(b"=")
            name = _decoded_name(raw_name, f"at byte {start} of the {source.name}")
            if name in pairs:
                raise InvalidParameterError(
                    None, f"{_named(name)} is given again at byte {start} of the {source.name}; send it once"
                )
            pairs[name] = _decoded_value(raw_value, name)
        start += len(piece) + 1
    return pairs


def _decoded_name(raw: bytes, place: str) -> str:
    name = _decoded(raw)
    if not name:
        fact = "is not valid UTF-8" if name is None else "is empty"
        raise InvalidParameterError(None, f"the parameter name {place} {fact}")
    if not _is_name(name):
        raise InvalidParameterError(
            None, f"the parameter name {place} has characters other than letters, digits, dot, underscore and hyphen"
        )
    return name


def _decoded_value(raw: bytes, name: str) -> str:
    value = _decoded(raw)
    if value is None:
        raise InvalidParameterError(_echoed(name), f"the value of {_named(name)} is not valid UTF-8")
    if len(raw) > VALUE_SIZE_BYTES_MAX and len(value.encode()) > VALUE_SIZE_BYTES_MAX:
        raise RequestTooLargeError(f"the value of {_named(name)} is longer than {VALUE_SIZE_BYTES_MAX} bytes")
    if has_control_character(value):
        raise InvalidParameterError(_echoed(name), f"the value of {_named(name)} has a control character")
    return value


def _decoded(raw: bytes) -> str | None:
    """The text behind form encoding; None when it is not UTF-8. Escapes are known to be whole here."""
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _echoed(name: str) -> str | None:
    return name if len(name) <= _ECHOED_NAME_CHARACTERS_MAX else None


def _named(name: str) -> str:
    return _echoed(name) or f"a parameter whose name has {len(name)} characters"
