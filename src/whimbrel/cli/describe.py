"""Says in words what an operation takes and answers, from its declaration alone."""

from __future__ import annotations

import json
import shlex
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, NamedTuple

import click
import msgspec

from whimbrel.operations.declaration import Operation
from whimbrel.operations.fields import Field, wire_name
from whimbrel.rpc.dialect import Case, ResponseFormat
from whimbrel.rpc.envelope import ResponseWriter, Style

EXAMPLE_REQUEST_ID = "5f0c1d1e-9a0b-4c2d-8e3f-0123456789ab"
WIDTH_MAX = 110
_WORDS = {str: "text", int: "whole number", bool: "true or false"}


class ParameterWords(NamedTuple):
    """One parameter as a person gives it: `TargetDeviceName.N`, `Tag.N.Key`."""

    name: str
    kind: str
    meaning: str

    @property
    def first_part(self) -> str:
        """The name up to its index."""
        return self.name.partition(".")[0]


def sentence_of(operation: Operation) -> str:
    """The operation's first sentence."""
    return " ".join(operation.meaning.partition("\n\n")[0].split())


def parameters_of(operation: Operation) -> list[ParameterWords]:
    """Every parameter, those of a list's entries too, in the order of their declaration."""
    return [words for declared in msgspec.structs.fields(operation.request) for words in _words_of(declared, prefix="")]


def explain(operation: Operation) -> str:
    """The help of one operation."""
    out = click.HelpFormatter(width=WIDTH_MAX)
    out.write(f"{operation.action}: {operation.meaning}\n\n")
    repeat = "Repeating the call changes nothing more." if operation.idempotent else "Each call acts anew."
    out.write(f"Permission: {operation.permission}. {repeat}\n")
    if parameters := parameters_of(operation):
        with out.section("Parameters"):
            out.write_dl([(p.name, f"{p.meaning} ({p.kind})") for p in parameters], col_max=36)
    if operation.errors:
        with out.section("Errors"):
            out.write_dl([(error.code, error.default_message) for error in operation.errors], col_max=40)
    with out.section("Example"):
        given = " ".join(shlex.quote(f"{name}={text}") for name, text in operation.example.request.items())
        out.write(f"  whimbrel call {operation.action} {given}".rstrip() + "\n\n")
        out.write(_indented(_example_answer(operation)))
    return out.getvalue()


def list_actions(operations: Mapping[str, Operation]) -> str:
    """Every action with its sentence."""
    out = click.HelpFormatter(width=WIDTH_MAX)
    out.write_dl([(action, sentence_of(operation)) for action, operation in operations.items()])
    return out.getvalue()


def _words_of(declared: msgspec.structs.FieldInfo, prefix: str) -> Iterator[ParameterWords]:
    kind, field = typing.get_args(declared.type)
    assert isinstance(field, Field)
    name = prefix + (field.wire or wire_name(declared.name))
    kind = _without_none(kind)
    if typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        if issubclass(item, msgspec.Struct):
            for member in msgspec.structs.fields(item):
                yield from _words_of(member, prefix=f"{name}.N.")
            return
        name, kind = f"{name}.N", item
    need = ("needed in each entry" if prefix else "required") if declared.required else "optional"
    yield ParameterWords(name, ", ".join([need, *_facts(declared.default, kind, field)]), field.meaning)


def _without_none(kind: Any) -> Any:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        (kind,) = (option for option in typing.get_args(kind) if option is not types.NoneType)
    return kind


def _facts(default: Any, kind: Any, field: Field) -> Iterator[str]:
    if issubclass(kind, Enum):
        yield "one of " + " ".join(str(choice.value) for choice in kind)
    else:
        yield _WORDS[kind]
    if field.minimum is not None or field.maximum is not None:
        yield f"{_bound(field.minimum)} to {_bound(field.maximum)}"
    if field.length_min is not None:
        yield f"at least {field.length_min} characters"
    if field.length_max is not None:
        yield f"at most {field.length_max} characters"
    if field.items_max is not None:
        yield f"at most {field.items_max} entries, N from 1"
    if isinstance(default, bool):
        yield f"default {str(default).lower()}"
    elif default not in (None, "", (), msgspec.NODEFAULT):
        yield f"default {default.value if isinstance(default, Enum) else default}"


def _bound(number: int | None) -> str:
    return "any" if number is None else str(number)


def _example_answer(operation: Operation) -> str:
    style = Style(Case.CAMEL, ResponseFormat.JSON, host="")
    body = ResponseWriter(operation).write(operation.example.response, EXAMPLE_REQUEST_ID, style).body
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())
