"""Tags of devices: key and value, at most 100 a device (api-contract 13.4)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from whimbrel.domain.characters import counted_length

PROPS_SIZE_BYTES_MAX = 5 * 1024
TAGS_PER_CALL_MAX = 100
TAGS_PER_DEVICE_MAX = 100
QUERY_TAGS_MAX = 10
KEY_LENGTH_MIN, KEY_LENGTH_MAX = 1, 32  # the vendor's pages say 2 to 30 and 2 to 32: we take what either takes
VALUE_LENGTH_MAX = 128
RESERVED_KEY = "abc"  # the platform's own: a tag of this key is never found
_KEY = re.compile(r"[A-Za-z0-9._\-]+")


class DeviceTag(NamedTuple):
    key: str
    value: str


class PropsError(ValueError):
    """Props is not a JSON object of texts."""


def parse_props(props: str) -> tuple[DeviceTag, ...]:
    """The tags of a JSON object, in its order. Strict: no key twice, values are texts. Raises PropsError.

    Its size has been checked before; what keys and values may be is checked after.
    """
    try:
        members = json.loads(props, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise PropsError from None
    if not isinstance(members, dict) or not all(isinstance(value, str) for value in members.values()):
        raise PropsError
    return tuple(DeviceTag(key, value) for key, value in members.items())


def props_text(tags: Mapping[str, str]) -> str:
    """The tags as QueryDeviceProp answers them."""
    return json.dumps(tags, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def is_valid_key(key: str) -> bool:
    """1 to 32 letters, digits, dots, `_` and `-`; not the reserved one."""
    return _KEY.fullmatch(key) is not None and KEY_LENGTH_MIN <= len(key) <= KEY_LENGTH_MAX and key != RESERVED_KEY


def is_valid_value(value: str) -> bool:
    """1 to 128 printable characters, one beyond ASCII counting 2: no control character, no half of a character."""
    return value.isprintable() and 1 <= counted_length(value) <= VALUE_LENGTH_MAX


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise PropsError
    return members


def _refuse(constant: str) -> object:
    raise PropsError
