"""What operations declare, read for the gates: parameters, and the errors that their code and fields can raise."""

from __future__ import annotations

import ast
import importlib
import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec

from whimbrel import errors
from whimbrel.errors import BusinessError
from whimbrel.operations.declaration import Operation
from whimbrel.operations.fields import Field
from whimbrel.rpc.wire import RequestReader


def parameter_names(operation: Operation) -> list[str]:
    """Every parameter as it may stand on the wire, lists with the number 1."""
    reader = RequestReader(operation)
    names = [scalar.name for scalar in reader.scalars]
    for field in reader.lists:
        members = [f".{member.name}" for member in field.members] or [""]
        names += [f"{field.name}.1{member}" for member in members]
    return names


def required_names(operation: Operation) -> list[str]:
    """Parameters without which a call is refused at the gate."""
    reader = RequestReader(operation)
    scalars = [scalar.name for scalar in reader.scalars if scalar.is_required]
    return scalars + [f"{field.name}.1" for field in reader.lists if field.is_required]


def field_errors(operation: Operation) -> set[type[BusinessError]]:
    """Errors of values outside their fields' limits."""
    return {field.error for field in _limited_fields(operation.request)}


def raised_errors(operation: Operation) -> set[type[BusinessError]]:
    """Business errors that the operation's own module raises by name."""
    tree = ast.parse(inspect.getsource(importlib.import_module(operation.module)))
    named = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            assert isinstance(called, ast.Name), f"{operation.module} raises what has no name"
            named.add(getattr(errors, called.id))
    return {error for error in named if issubclass(error, BusinessError)}


def _limited_fields(declared: Any) -> Iterator[Field]:
    for info in msgspec.structs.fields(declared):
        kind, field = typing.get_args(info.type)
        if typing.get_origin(kind) in (typing.Union, types.UnionType):
            (kind,) = (option for option in typing.get_args(kind) if option is not types.NoneType)
        if typing.get_origin(kind) is tuple:
            item = typing.get_args(kind)[0]
            if isinstance(item, type) and issubclass(item, msgspec.Struct):
                yield from _limited_fields(item)
            yield field
        elif kind is not str or _has_limit(field):
            yield field


def _has_limit(field: Field) -> bool:
    return any(limit is not None for limit in (field.length_min, field.length_max, field.pattern))
