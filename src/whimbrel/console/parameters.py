"""From the body of a call to the parameters that the signed API would have been given (A02, threat-model part 4).

A form is read as the management door reads one. A JSON object is flattened to wire names: `{"DeviceName": ["a"]}`
is `DeviceName.1=a`, an object's members stand behind a dot, numbers keep their digits, and null is not given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from whimbrel.errors import InvalidParameterError, RequestTooLargeError
from whimbrel.rpc.parameters import (
    FORM,
    FORM_PARAMETERS_MAX,
    FORM_SIZE_BYTES_MAX,
    VALUE_SIZE_BYTES_MAX,
    has_control_character,
    parse_pairs,
)

JSON_DEPTH_MAX = 16
_FORM_TYPE, _JSON_TYPE = "application/x-www-form-urlencoded", "application/json"
_is_name = re.compile(r"[A-Za-z0-9._-]{1,256}").fullmatch


def read_parameters(content_type: str, body: bytes) -> dict[str, str]:
    """Raises RequestTooLargeError beyond a limit, InvalidParameterError for what has no one reading."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _FORM_TYPE:
        return parse_pairs(body, FORM)
    if kind != _JSON_TYPE:
        raise InvalidParameterError(None, f"the body must be {_JSON_TYPE} or {_FORM_TYPE}")
    return flattened(read_json(body))


def read_json(body: bytes | str) -> Any:
    """The document: no name twice, no NaN, numbers as the text they were. Raises as `read_parameters`."""
    if len(body) > FORM_SIZE_BYTES_MAX:
        raise RequestTooLargeError(f"the body has more than {FORM_SIZE_BYTES_MAX} bytes")
    try:
        text = body.decode() if isinstance(body, bytes) else body
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_constant, object_pairs_hook=_members)
    except (ValueError, RecursionError):
        raise InvalidParameterError(None, "the body is not JSON in UTF-8, or says a name twice") from None


def flattened(document: Any) -> dict[str, str]:
    """Raises as `read_parameters`."""
    if not isinstance(document, dict):
        raise InvalidParameterError(None, "the parameters must be a JSON object")
    found: dict[str, str] = {}
    for name, text in _leaves("", document, 1):
        if name in found:
            raise InvalidParameterError(None, f"{name[:64]} is given twice; send it once")
        found[name] = _checked(name, text)
        if len(found) > FORM_PARAMETERS_MAX:
            raise RequestTooLargeError(f"there are more than {FORM_PARAMETERS_MAX} parameters")
    return found


def _leaves(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        if depth > JSON_DEPTH_MAX:
            raise InvalidParameterError(None, f"the JSON is deeper than {JSON_DEPTH_MAX}")
        members = value.items() if isinstance(value, dict) else enumerate(value, 1)
        for key, inner in members:
            inner_name = f"{name}.{key}" if name else str(key)
            # Here and not at the leaf: a name of half a megabyte would be written anew for each of what is in it (I17).
            if not _is_name(inner_name):
                raise InvalidParameterError(None, "a parameter's name has other characters than A-Z a-z 0-9 . _ -")
            yield from _leaves(inner_name, inner, depth + 1)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None:
        yield name, value


def _checked(name: str, text: str) -> str:
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError:  # half of a surrogate pair
        raise InvalidParameterError(name[:64], f"the value of {name[:64]} is not valid Unicode") from None
    if size_bytes > VALUE_SIZE_BYTES_MAX:
        raise RequestTooLargeError(f"the value of {name[:64]} is longer than {VALUE_SIZE_BYTES_MAX} bytes")
    if has_control_character(text):
        raise InvalidParameterError(name[:64], f"the value of {name[:64]} has a control character")
    return text


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name is given twice")
    return members


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")
