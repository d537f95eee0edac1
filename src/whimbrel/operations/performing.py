"""Performs one call: what every door does with a request once its caller is known.

A change is one transaction: the account's turn, the ClientToken, the operation, the token's answer, the audit entry. So
a change without its entry cannot be (I16), a repeated token makes nothing twice (I14), and calls of one account never
race: they run one after the other, over all processes.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, get_args

import msgspec

from whimbrel.domain.access import CLIENT_TOKEN_KEPT_MS, Caller
from whimbrel.domain.audit import AuditDraft, AuditOutcome, parameters_text
from whimbrel.errors import IdempotentParameterMismatchError, InvalidParameterError, StoreConflictError
from whimbrel.operations.declaration import Context, Operation, Services
from whimbrel.operations.fields import wire_name
from whimbrel.ports.store import ClientToken, Store, TokenUse

TOKEN_KEPT_MS = CLIENT_TOKEN_KEPT_MS
TOKEN_PARAMETER = "ClientToken"  # noqa: S105  a parameter's name
TOKEN = re.compile(r"[\x21-\x7e]{1,64}")
TRIES_MAX = 5  # two transactions that block each other are rare; five times in a row the store is in trouble
LARGE_CALL_PARAMETERS = 1_000  # 20,000 take some 50 ms to write down, and 10 may hold the loop


class Call(NamedTuple):
    """Who calls what, when; `parameters` are the signed ones, with which the audit entry is written."""

    caller: Caller
    now_ms: int
    request_id: str
    parameters: Mapping[str, str]


class _Prepared(NamedTuple):
    """What a change needs of its call besides the request; `entered` is for the audit trail."""

    token: ClientToken | None
    entered: str


async def perform(operation: Operation, request: msgspec.Struct, call: Call, store: Store, services: Services) -> Any:
    """The operation's response. Raises what the operation raises, and IdempotentParameterMismatchError."""
    if operation.is_read:
        async with store.snapshot() as snapshot:
            return await operation.handle(request, Context(call.caller, call.now_ms, snapshot, services))
    # Before the transaction: nobody waits for it meanwhile.
    prepared = _Prepared(_token_of(operation, call), await _entered(operation, call))
    for left in reversed(range(TRIES_MAX)):
        try:
            async with store.transaction() as transaction:
                await transaction.hold(f"account:{call.caller.account_id}")
                context = Context(call.caller, call.now_ms, transaction, services)
                return await _change(operation, request, context, call, prepared)
        except StoreConflictError:
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


async def record_refusal(operation: Operation, call: Call, store: Store) -> None:
    """Enter that a key tried what it has no right to (threat-model part 4)."""
    draft = _draft(operation.action, call, AuditOutcome.REFUSED, (await _entered(operation, call), "{}"))
    async with store.transaction() as transaction:
        await transaction.hold(f"account:{call.caller.account_id}")
        await transaction.audit.append(draft)


async def _change(
    operation: Operation, request: msgspec.Struct, context: Context, call: Call, prepared: _Prepared
) -> Any:
    token, digest = prepared.token, ""
    if token is not None:
        digest = _digest(request, call.caller)
        use = await context.store.tokens.use_of(token)
        if use is not None:
            if use.digest != digest:
                raise IdempotentParameterMismatchError(
                    "this ClientToken was used with other parameters, or when this AccessKey had other rights; use a "
                    "new one for a new call"
                )
            return msgspec.json.decode(use.answer, type=operation.response)
    response = await operation.handle(request, context)
    if token is not None:
        answer = msgspec.json.encode(response).decode()
        await context.store.tokens.remember(token, TokenUse(digest, answer), context.now_ms)
    objects = parameters_text(dict(_ids_of(response)), frozenset())
    texts = (prepared.entered, objects)
    await context.store.audit.append(_draft(operation.action, call, AuditOutcome.ACCEPTED, texts))
    return response


def _digest(request: msgspec.Struct, caller: Caller) -> str:
    """Of the request and the caller's rights: what was answered under other rights, perhaps with a secret in it, is not
    answered again (A06).
    """
    rights = "" if caller.policy.is_everything else caller.policy.to_text()
    return hashlib.sha256(msgspec.json.encode(request) + rights.encode()).hexdigest()


def _draft(action: str, call: Call, outcome: AuditOutcome, texts: tuple[str, str]) -> AuditDraft:
    caller = call.caller
    return AuditDraft(
        caller.account_id, call.now_ms, caller.access_key_id, action, call.request_id, outcome, texts[0], texts[1]
    )


def _token_of(operation: Operation, call: Call) -> ClientToken | None:
    text = call.parameters.get(TOKEN_PARAMETER) if operation.manner.creates else None
    if not text:
        return None
    if TOKEN.fullmatch(text) is None:
        raise InvalidParameterError(TOKEN_PARAMETER, "ClientToken must have 1 to 64 printable ASCII characters")
    return ClientToken(call.caller.account_id, call.caller.access_key_id, operation.action, text)


async def _entered(operation: Operation, call: Call) -> str:
    """What the call said, as far as the operation listens: what it does not know may be a secret, or a flood."""
    if len(call.parameters) <= LARGE_CALL_PARAMETERS:
        return _text_of(operation, call.parameters)
    return await asyncio.to_thread(_text_of, operation, call.parameters)


def _text_of(operation: Operation, parameters: Mapping[str, str]) -> str:
    secrecy = _secrecy(operation.request)
    shown: dict[str, str] = {}
    secret: set[str] = set()
    for name, value in parameters.items():
        is_secret = secrecy.get(_in_declaration(name))
        if is_secret is not None:
            shown[name] = value
        if is_secret:
            secret.add(name)
    return parameters_text(shown, frozenset(secret))


def _in_declaration(name: str) -> str:
    """`Name.1` on the wire is `Name`, and `Name.1.Member` is `Name.Member`."""
    first, *rest = name.split(".", 2)
    return ".".join((first, *rest[1:]))


@cache
def _secrecy(request: type[msgspec.Struct]) -> Mapping[str, bool]:
    """The parameters that the operation declares, and whether no entry may show them (A05)."""
    found = {TOKEN_PARAMETER: False}
    for declared in msgspec.structs.fields(request):
        kind, field = get_args(declared.type)
        name = field.wire or wire_name(declared.name)
        members = [item for item in get_args(kind) if isinstance(item, type) and issubclass(item, msgspec.Struct)]
        if members:
            found |= {f"{name}.{member}": is_secret for member, is_secret in _secrecy(members[0]).items()}
        else:
            found[name] = field.is_secret
    return found


def _ids_of(response: msgspec.Struct) -> Iterator[tuple[str, str]]:
    """What the call made, by the names of its ids in the answer: no lists, no secrets."""
    for declared in msgspec.structs.fields(type(response)):
        value = getattr(response, declared.name)
        if isinstance(value, msgspec.Struct):
            yield from _ids_of(value)
        elif isinstance(value, str) and declared.name.endswith(("_id", "product_key", "device_name")):
            yield wire_name(declared.name), value
