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

QPS_DEFAULT = (
    10  # api-contract 14: the vendor's limit of calls a second per account, unless an operation says otherwise
)


class Quotas(NamedTuple):
    """The vendor's commercial quotas (api-contract 14). None: not limited, which is the default."""

    products: int | None = None
    devices_per_product: int | None = None
    modules_per_product: int | None = None
    firmware: int | None = None


#: 500 packages and 10 modules are the contract's figures; products and devices are the vendors' usual ones.
VENDOR_QUOTAS = Quotas(products=1_000, devices_per_product=500_000, modules_per_product=10, firmware=500)


class Services(NamedTuple):
    """What operations may use besides the store; made once by `app.py`."""

    randomness: Randomness
    public_url: str
    upload_key_id: str
    upload_secret: str
    link_key: bytes
    quotas: Quotas = Quotas()
    actions: frozenset[str] = frozenset()
    """The Actions that are served: no statement may name another."""


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


class Manner(NamedTuple):
    """How an operation behaves when called again and often.

    `idempotent`: repeating the call changes nothing more. `creates`: each call makes something new, so it takes a
    ClientToken, with which it makes it once (I14). `qps`: the vendor's limit of calls a second per account.
    `halts`: it stops something, so it has capacity of its own and no limit holds it up (I8, ADR 0051).
    `walks`: it looks at a whole fleet, for seconds, so few of its kind are at work at once (I17).
    """

    idempotent: bool = False
    creates: bool = False
    qps: int = QPS_DEFAULT
    halts: bool = False
    walks: bool = False


class Operation(NamedTuple):
    """One Action. `is_read` operations run in a read-only snapshot."""

    action: str
    permission: Permission
    errors: tuple[type[BusinessError], ...]
    manner: Manner
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
    manner: Manner = Manner(),  # noqa: B008  an immutable value
) -> Callable[[Callable[[Any, Context], Awaitable[Any]]], Operation]:
    """Declares the decorated `handle(request, context) -> response` as the operation `action`.

    `errors` are the business errors a client must expect.
    """

    def declare(handle: Callable[[Any, Context], Awaitable[Any]]) -> Operation:
        hints = typing.get_type_hints(handle)
        module = inspect.getmodule(handle)
        assert module is not None
        return Operation(
            action=action,
            permission=permission,
            errors=errors,
            manner=manner,
            module=module.__name__,
            meaning=inspect.getdoc(module) or "",
            request=hints["request"],
            response=hints["return"],
            example=example,
            handle=handle,
        )

    return declare
