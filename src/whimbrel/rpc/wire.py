"""Turns a call's parameters into an operation's `Request`, by the operation's declaration alone.

Rules (api-contract 1.2, 5.3): an empty value counts as not given; a missing required parameter is a gateway error that
names it; a bad value is a business error that names it. Lists are `Name.N` and `Name.N.Member`, from 0 or 1, gaps
allowed, ordered by N; an index with leading zeros or beyond its limit is refused (threat-model part 3).
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum, IntEnum, StrEnum
from typing import Any, NamedTuple, TypeVar

import msgspec

from whimbrel.errors import InvalidParameterError, MissingParameterError, OtaInvalidParameterError
from whimbrel.operations.declaration import Operation
from whimbrel.operations.fields import Field, wire_name

Parameters = Mapping[str, str]
Reader = Callable[[str, str], Any]
Choice = TypeVar("Choice", bound=Enum)

INDEX_MAX = 99_999
_INDEX = re.compile(r"0|[1-9][0-9]{0,4}")
_INTEGER = re.compile(r"-?[0-9]{1,18}")  # int() also takes blanks, underscores and the digits of other scripts


class ScalarField(NamedTuple):
    attribute: str
    name: str
    read: Reader
    is_required: bool
    default: Any


class ListField(NamedTuple):
    """`Name.N`, or `Name.N.Member` when `members` is given."""

    attribute: str
    name: str
    read: Reader | None
    members: tuple[ScalarField, ...]
    member_type: type[msgspec.Struct] | None
    items_max: int
    is_required: bool
    field: Field

    @property
    def is_ours(self) -> bool:
        """Unknown parameters are ignored by contract, but no part of a list of ours (ADR 0007): a misspelt canary would
        go to everybody.
        """
        return self.name.startswith("X")

    @property
    def member_names(self) -> frozenset[str]:
        return frozenset(member.name for member in self.members) or frozenset(("",))


class RequestReader:
    """Reads one operation's requests."""

    def __init__(self, operation: Operation) -> None:
        self._type = operation.request
        self.scalars: list[ScalarField] = []
        self.lists: list[ListField] = []
        for declared in msgspec.structs.fields(operation.request):
            self._declare(declared)

    def read(self, parameters: Parameters) -> msgspec.Struct:
        """The request. Raises MissingParameterError before any business error of a bad value."""
        values: dict[str, Any] = {}
        given = {scalar.attribute: parameters.get(scalar.name) for scalar in self.scalars}
        for scalar in self.scalars:
            if scalar.is_required and not given[scalar.attribute]:
                raise MissingParameterError(scalar.name)
        items = {field.attribute: _items(parameters, field) for field in self.lists}
        for scalar in self.scalars:
            text = given[scalar.attribute]
            values[scalar.attribute] = scalar.read(scalar.name, text) if text else scalar.default
        for field in self.lists:
            values[field.attribute] = _read_items(field, items[field.attribute])
        return self._type(**values)

    def _declare(self, declared: msgspec.structs.FieldInfo) -> None:
        kind, field = _kind_and_field(declared.type)
        name = field.wire or wire_name(declared.name)
        if typing.get_origin(kind) is tuple:
            item_kind = typing.get_args(kind)[0]
            assert field.items_max is not None, f"{name}: a list needs items_max"
            is_struct = isinstance(item_kind, type) and issubclass(item_kind, msgspec.Struct)
            members = tuple(_scalar(member) for member in msgspec.structs.fields(item_kind)) if is_struct else ()
            reader = None if is_struct else _reader(item_kind, field)
            member_type = item_kind if is_struct else None
            self.lists.append(
                ListField(declared.name, name, reader, members, member_type, field.items_max, declared.required, field)
            )
        else:
            self.scalars.append(_scalar(declared))


def _scalar(declared: msgspec.structs.FieldInfo) -> ScalarField:
    kind, field = _kind_and_field(declared.type)
    default = None if declared.required else declared.default
    return ScalarField(
        declared.name, field.wire or wire_name(declared.name), _reader(kind, field), declared.required, default
    )


def _kind_and_field(declared: Any) -> tuple[Any, Field]:
    """The type inside `Annotated[T | None, Field(...)]`, and the field."""
    assert typing.get_origin(declared) is typing.Annotated, f"{declared} needs a Field"
    kind, field = typing.get_args(declared)
    assert isinstance(field, Field)
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        (kind,) = (option for option in typing.get_args(kind) if option is not types.NoneType)
    return kind, field


def _reader(kind: Any, field: Field) -> Reader:
    if kind is str:
        return lambda name, text: _text(name, text, field)
    if kind is bool:
        return lambda name, text: _boolean(name, text, field)
    if kind is int:
        return lambda name, text: _integer(name, text, field)
    if issubclass(kind, IntEnum):
        return lambda name, text: _number_choice(name, text, field, kind)
    if issubclass(kind, StrEnum):
        return lambda name, text: _word_choice(name, text, field, kind)
    raise TypeError(f"no wire form for {kind}")


def _text(name: str, text: str, field: Field) -> str:
    if field.length_max is not None and len(text) > field.length_max:
        raise field.error(f"{name} has {len(text)} characters, at most {field.length_max} are allowed")
    if field.length_min is not None and len(text) < field.length_min:
        raise field.error(f"{name} has {len(text)} characters, at least {field.length_min} are needed")
    if field.pattern is not None and field.pattern.fullmatch(text) is None:
        # A class that names its parameter's rule says more than we can here.
        is_general = field.error is OtaInvalidParameterError
        raise field.error(f"{name} is longer than allowed or has characters that are not" if is_general else None)
    return text


def _boolean(name: str, text: str, field: Field) -> bool:
    # The classic SDK writes Python's True and False (api-contract 1.2).
    if text.isascii() and text.lower() in ("true", "false"):
        return text.lower() == "true"
    raise field.error(f"{name} must be true or false")


def _integer(name: str, text: str, field: Field) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise field.error(f"{name} must be a whole number in decimal digits")
    number = int(text)
    if field.minimum is not None and number < field.minimum:
        raise field.error(f"{name} is {number}, it must be at least {field.minimum}")
    if field.maximum is not None and number > field.maximum:
        raise field.error(f"{name} is {number}, it must be at most {field.maximum}")
    return number


def _number_choice(name: str, text: str, field: Field, choices: type[IntEnum]) -> IntEnum:
    for choice in choices:
        if text == str(choice.value):
            return choice
    raise field.error(f"{name} must be one of {', '.join(str(choice.value) for choice in choices)}")


def _word_choice(name: str, text: str, field: Field, choices: type[StrEnum]) -> StrEnum:
    for choice in choices:
        if text == choice.value or (field.any_case and text.isascii() and text.lower() == choice.value.lower()):
            return choice
    raise field.error(f"{name} must be one of {', '.join(choices)}")


def _items(parameters: Parameters, field: ListField) -> dict[int, dict[str, str]]:
    """Index to member name ("" for plain items) to text, of the items that have any text."""
    found: dict[int, dict[str, str]] = {}
    prefix = f"{field.name}."
    for name, text in parameters.items():
        if not name.startswith(prefix):
            continue
        index_text, _, member = name[len(prefix) :].partition(".")
        if _INDEX.fullmatch(index_text) is None:
            raise InvalidParameterError(None, f"{prefix}N needs a decimal index from 0 to {INDEX_MAX}")
        if text and field.is_ours and member not in field.member_names:
            raise field.field.error(f"{name} is nothing that {field.name} has: {_forms(field)}")
        if text and (member != "") == bool(field.members):
            found.setdefault(int(index_text), {})[member] = text
    if field.is_ours and parameters.get(field.name):
        raise field.field.error(f"{field.name} is a list: {_forms(field)}")
    if field.is_required and not found:
        raise MissingParameterError(f"{field.name}.1")
    required = [member.name for member in field.members if member.is_required]
    for index in sorted(found) if required else ():
        for member_name in required:
            if member_name not in found[index]:
                raise MissingParameterError(f"{field.name}.{index}.{member_name}")
    return found


def _forms(field: ListField) -> str:
    return ", ".join(f"{field.name}.1.{name}" if name else f"{field.name}.1" for name in sorted(field.member_names))


def _read_items(field: ListField, found: dict[int, dict[str, str]]) -> tuple[Any, ...]:
    if len(found) > field.items_max:
        raise field.field.items_error(f"{field.name} has {len(found)} entries, at most {field.items_max} are allowed")
    return tuple(_read_item(field, index, found[index]) for index in sorted(found))


def _read_item(field: ListField, index: int, texts: dict[str, str]) -> Any:
    if field.read is not None:
        return field.read(f"{field.name}.{index}", texts[""])
    assert field.member_type is not None
    values: dict[str, Any] = {}
    for member in field.members:
        name = f"{field.name}.{index}.{member.name}"
        text = texts.get(member.name)
        values[member.attribute] = member.read(name, text) if text else member.default
    return field.member_type(**values)
