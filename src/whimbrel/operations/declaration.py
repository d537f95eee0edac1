"""What an operation is: everything about one Action in one value, from which dispatch, wire forms, documents and tests
derive.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec

from whimbrel.domain.access import Caller, Permission
from whimbrel.errors import BusinessError
from whimbrel.ports.randomness import Randomness
from whimbrel.ports.store import Transaction


class Services(NamedTuple):
    """What operations may use besides the store; made once by `app.py`."""

    randomness: Randomness
    public_url: str
    upload_key_id: str
    upload_secret: str
    link_key: bytes


class Context(NamedTuple):
    """One call: who calls, when, the open transaction, and the services."""

    caller: Caller
    now_ms: int
    store: Transaction
    services: Services


class Example(NamedTuple):
    """One call as documents show it and tests read it: parameters as on the wire, and the answer."""

    request: dict[str, str]
    response: msgspec.Struct


class Operation(NamedTuple):
    """One Action. `is_read` operations run in a read-only snapshot."""

    action: str
    permission: Permission
    errors: tuple[type[BusinessError], ...]
    idempotent: bool
    module: str
    meaning: str
    request: type[msgspec.Struct]
    response: type[msgspec.Struct]
    example: Example
    handle: Callable[[Any, Context], Awaitable[msgspec.Struct]]

    @property
    def is_read(self) -> bool:
        return self.permission.is_read


class EmptyResponse(msgspec.Struct, frozen=True):
    """The envelope alone."""


def operation(
    *,
    action: str,
    permission: Permission,
    example: Example,
    errors: tuple[type[BusinessError], ...] = (),
    idempotent: bool = False,
) -> Callable[[Callable[[Any, Context], Awaitable[Any]]], Operation]:
    """Declares the decorated `handle(request, context) -> response` as the operation `action`.

    `errors` are the business errors a client must expect; `idempotent` says that repeating a call changes nothing more.
    """

    def declare(handle: Callable[[Any, Context], Awaitable[Any]]) -> Operation:
        hints = typing.get_type_hints(handle)
        module = inspect.getmodule(handle)
        assert module is not None
        return Operation(
            action=action,
            permission=permission,
            errors=errors,
            idempotent=idempotent,
            module=module.__name__,
            meaning=inspect.getdoc(module) or "",
            request=hints["request"],
            response=hints["return"],
            example=example,
            handle=handle,
        )

    return declare
