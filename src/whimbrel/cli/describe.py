"""Says in words what an operation takes and answers, from its declaration alone."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import click

from whimbrel.cli.plain_text import WIDTH_MAX
from whimbrel.operations.declaration import Operation
from whimbrel.rpc import declared as registry
from whimbrel.rpc.declared import Declared, refusals_of, rules_of, summary_of
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.openapi import example_response

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


def parameters_of(operation: Operation) -> list[ParameterWords]:
    """Every parameter, those of a list's entries too, in the order of their declaration."""
    return [words for declared in registry.parameters_of(operation) for words in _words_of(declared, prefix="")]


def explain(operation: Operation, width: int = WIDTH_MAX) -> str:
    """The help of one operation."""
    out = click.HelpFormatter(width=width)
    rules = f"\n\n{rules_of(operation)}" if rules_of(operation) else ""
    out.write(f"{operation.action}: {summary_of(operation)}{rules}\n\n")
    out.write(f"Permission: {operation.permission}. {registry.repeating(operation)}\n")
    if parameters := parameters_of(operation):
        with out.section("Parameters"):
            out.write_dl([(p.name, f"{p.meaning} ({p.kind})") for p in parameters], col_max=36)
    with out.section("Errors"):
        out.write_dl([(error.code, error.default_message) for error in refusals_of(operation)], col_max=40)
    with out.section("Example"):
        given = " ".join(shlex.quote(f"{name}={text}") for name, text in operation.example.request.items())
        out.write(f"  whimbrel call {operation.action} {given}".rstrip() + "\n\n")
        answer = json.dumps(example_response(operation, Case.CAMEL), indent=2, ensure_ascii=False)
        out.write("".join(f"  {line}\n" for line in answer.splitlines()))
    return out.getvalue()


def list_actions(operations: Mapping[str, Operation], width: int = WIDTH_MAX) -> str:
    """Every action with its sentence."""
    out = click.HelpFormatter(width=width)
    out.write_dl([(action, summary_of(operation)) for action, operation in operations.items()])
    return out.getvalue()


def _words_of(declared: Declared, prefix: str) -> Iterator[ParameterWords]:
    name = f"{prefix}{declared.name}{'.N' if declared.is_list else ''}"
    if declared.members:
        for member in declared.members:
            yield from _words_of(member, prefix=f"{name}.")
        return
    need = ("needed in each entry" if prefix else "required") if declared.is_required else "optional"
    yield ParameterWords(name, ", ".join([need, *_facts(declared)]), declared.field.meaning)


def _facts(declared: Declared) -> Iterator[str]:
    field = declared.field
    choices = " ".join(str(choice) for choice in declared.choices)
    yield f"one of {choices}" if choices else _WORDS[declared.kind]
    if field.any_case:
        yield "in any case"
    if field.minimum is not None or field.maximum is not None:
        yield f"{_bound(field.minimum)} to {_bound(field.maximum)}"
    if declared.shown_pattern is not None:
        yield f"matching {declared.shown_pattern}"
    if field.length_min is not None:
        yield f"at least {field.length_min} characters"
    if field.length_max is not None:
        yield f"at most {field.length_max} characters"
    if field.items_max is not None:
        yield f"at most {field.items_max} entries, N from 1"
    if field.is_secret:
        yield "secret"
    default = declared.shown_default
    if default is not None and not declared.is_required:
        yield f"default {json.dumps(default) if isinstance(default, bool) else default}"


def _bound(number: int | None) -> str:
    return "any" if number is None else str(number)
