"""Answers for callers who may not see secrets: what the declaration says is a secret is left out, however deep (A05).

Derived once from the response's declaration: where there is nothing secret, nothing is looked at.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any

import msgspec

from whimbrel.operations.fields import Field

Blanker = Callable[[Any], Any]


def blanker_of(declared: type[msgspec.Struct]) -> Blanker:
    """What makes an answer with empty texts, and nothing where nothing may stand, for its secrets."""
    return _of_struct(declared, {}) or _unchanged


def _unchanged(value: Any) -> Any:
    return value


def _of_struct(declared: type[msgspec.Struct], done: dict[type, Blanker | None]) -> Blanker | None:
    if declared in done:
        return done[declared]
    found = {field.name: _of_field(field, done) for field in msgspec.structs.fields(declared)}
    blankers = {name: blank for name, blank in found.items() if blank is not None}

    def blank(value: Any) -> Any:
        return msgspec.structs.replace(value, **{name: of(getattr(value, name)) for name, of in blankers.items()})

    done[declared] = blank if blankers else None
    return done[declared]


def _of_field(field: msgspec.structs.FieldInfo, done: dict[type, Blanker | None]) -> Blanker | None:
    kind = field.type
    metadata = typing.get_args(kind)[1:] if typing.get_origin(kind) is typing.Annotated else ()
    if any(isinstance(item, Field) and item.is_secret for item in metadata):
        options = _options(kind)
        if types.NoneType not in options and str not in options:
            raise TypeError(f"{field.name} is a secret that cannot be left out: it is neither a text nor None")
        blanked = None if types.NoneType in options else ""
        return lambda _: blanked
    return _of_kind(kind, done)


def _of_kind(kind: Any, done: dict[type, Blanker | None]) -> Blanker | None:
    """For a struct, a list of them, or one of several kinds of which None may be one."""
    options = [option for option in _options(kind) if option is not types.NoneType]
    if len(options) == 1 and typing.get_origin(options[0]) in (list, tuple):
        of_item = _of_kind(typing.get_args(options[0])[0], done)
        return None if of_item is None else lambda items: None if items is None else type(items)(map(of_item, items))
    found = {option: _of_struct(option, done) for option in options if _is_struct(option)}
    blankers = {option: blank for option, blank in found.items() if blank is not None}
    if not blankers:
        return None
    return lambda value: blankers.get(type(value), _unchanged)(value)


def _options(kind: Any) -> tuple[Any, ...]:
    if typing.get_origin(kind) is typing.Annotated:
        return _options(typing.get_args(kind)[0])
    return typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
