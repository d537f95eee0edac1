"""The hall behind the doors: what happens to a call once it is known who calls, the same for every door.

Rates, permission, a place in the crowd, the operation in its transaction, the refusal in the audit trail, the engine's
waking, and the count. A door knows who calls; the hall decides what comes of it (style-anchors 3.5).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec
from prometheus_client import Counter

from whimbrel import asgi
from whimbrel.domain.access import NOTHING, Caller, Identity, Policy
from whimbrel.errors import BusinessError, ForbiddenError, GatewayError, InvalidActionError
from whimbrel.operations.declaration import Operation, Services
from whimbrel.operations.performing import Call, perform, record_refusal
from whimbrel.ports.clock import Clock
from whimbrel.ports.store import Store
from whimbrel.ports.wakeup import Wakeup
from whimbrel.rpc.blanking import blanker_of
from whimbrel.rpc.crowd import Crowd
from whimbrel.rpc.declared import code_of
from whimbrel.rpc.dialect import Case, ResponseFormat
from whimbrel.rpc.envelope import Answer, ResponseWriter, Style, as_gateway_error, business_failure, gateway_failure
from whimbrel.rpc.parameters import PARAMETERS_MAX
from whimbrel.rpc.throttle import Refusals, Throttle
from whimbrel.rpc.wire import RequestReader

log = logging.getLogger(__name__)

Read = TypeVar("Read")

calls_total = Counter("whimbrel_rpc_calls_total", "Management API calls", ["action", "code"])


class Ambience(NamedTuple):
    """What every call finds around it. `halting`: the store for calls that halt something; None for the one of all."""

    clock: Clock
    wakeup: Wakeup
    services: Services
    has_vendor_rates: bool = False
    halting: Store | None = None


class _Served(NamedTuple):
    operation: Operation
    reader: RequestReader
    writer: ResponseWriter
    blank: Callable[[Any], Any]
    succeeded: Counter


class Hall:
    """All operations of one process."""

    def __init__(self, operations: Mapping[str, Operation], store: Store, ambience: Ambience) -> None:
        self._served = {
            action: _Served(
                operation,
                RequestReader(operation),
                ResponseWriter(operation),
                blanker_of(operation.response),
                calls_total.labels(action, ""),
            )
            for action, operation in operations.items()
        }
        self._store = store
        self.clock, self._wakeup, self._services, has_vendor_rates, halting = ambience
        self._halting = halting or store
        self._crowd = Crowd()
        self._throttle = Throttle(self.clock, is_on=has_vendor_rates)
        self._refusals = Refusals()
        self.host = self._services.public_url.partition("://")[2]
        self._style = Style(Case.CAMEL, ResponseFormat.JSON, self.host)

    def serves(self, action: str) -> bool:
        return action in self._served

    def is_read(self, action: str) -> bool:
        """Whether the Action is served and changes nothing."""
        return action in self._served and self._served[action].operation.is_read

    def is_walk(self, action: str) -> bool:
        """Whether the Action is served and looks at a whole fleet."""
        return action in self._served and self._served[action].operation.manner.walks

    def actions_of(self, policy: Policy) -> list[str]:
        """The Actions that the policy names, in order: what a caller may try."""
        return sorted(action for action in self._served if self.may_call(policy, action))

    def may_call(self, policy: Policy, action: str) -> bool:
        served = self._served.get(action)
        return served is not None and policy.scope_of(action, served.operation.permission) is not None

    def store_of(self, action: str) -> Store:
        """Where this call's caller is looked up and its work is done: halts have connections of their own (I8)."""
        served = self._served.get(action)
        return self._halting if served is not None and served.operation.manner.halts else self._store

    async def run(self, identity: Identity, action: str, parameters: Mapping[str, str], request_id: str) -> Any:
        """The response. Raises InvalidActionError, ThrottlingError, ForbiddenError, what reading raises, and what the
        operation raises.
        """
        served = self._served.get(action)
        if served is None:
            raise InvalidActionError(f"the Action {action[:64]} does not exist")
        operation = served.operation
        self._throttle.check(identity.account_id, operation)
        scope = identity.policy.scope_of(action, operation.permission)
        caller = Caller(identity.account_id, identity.actor, identity.policy, scope or NOTHING)
        performed = Call(caller, self.clock.now_ms(), request_id, parameters)
        if scope is None:
            await self._enter_refusal(operation, performed)
            raise ForbiddenError(f"{identity.kind} has no right to {action} ({operation.permission})")
        request = await read_as_large(len(parameters) > PARAMETERS_MAX, served.reader.read, parameters)
        response = await self._perform(operation, request, performed)
        return response if identity.sees_secrets else served.blank(response)

    async def _perform(self, operation: Operation, request: msgspec.Struct, call: Call) -> Any:
        try:
            async with self._crowd.place(call.caller.account_id, operation):
                response = await perform(operation, request, call, self.store_of(operation.action), self._services)
        except ForbiddenError:
            await self._enter_refusal(operation, call)
            raise
        if not operation.is_read:
            # Only now, after the commit: an engine woken earlier would look and see nothing.
            self._wakeup.notify()
        return response

    async def answer(
        self, identity: Identity, action: str, parameters: Mapping[str, str], request_id: str
    ) -> asgi.Answer:
        """The answer as it goes to a browser: the camelCase envelope in JSON, errors in the contract's form."""
        try:
            response = await self.run(identity, action, parameters, request_id)
            answer = self.write(action, response, request_id, self._style)
        except Exception as error:
            answer = self.failure(error, action, request_id, self._style)
        headers = [(b"content-type", answer.content_type), (b"content-length", b"%d" % len(answer.body))]
        return asgi.Answer(answer.status, [*headers, (b"cache-control", b"no-store")], answer.body)

    def write(self, action: str, response: Any, request_id: str, style: Style) -> Answer:
        """The answer of a call that succeeded; counts it."""
        served = self._served[action]
        answer = served.writer.write(response, request_id, style)
        served.succeeded.inc()
        return answer

    def failure(self, error: Exception, action: str, request_id: str, style: Style) -> Answer:
        """The answer of a call that failed; counts it, and logs a fault of ours."""
        action = action if action in self._served else ""
        shown = as_gateway_error(error)
        # As documents name it: a code with a parameter's name in it would be another counter for each made-up name.
        calls_total.labels(action, code_of(type(shown))).inc()
        if shown is not error:
            log.error("call %s of %s failed: %r", request_id, action or "an unknown action", error, exc_info=error)
        if isinstance(shown, BusinessError):
            return business_failure(shown, action, request_id, style)
        assert isinstance(shown, GatewayError)
        return gateway_failure(shown, request_id, style)

    async def _enter_refusal(self, operation: Operation, call: Call) -> None:
        """The caller has no right to it: audited, as often as one key may fill the trail with it (I17)."""
        if self._refusals.may_enter(call.caller, call.now_ms):
            await record_refusal(operation, call, self._store)


async def read_as_large(is_large: bool, read: Callable[..., Read], *arguments: Any) -> Read:
    """A large call is read in a thread, which gives the loop its turns; a small one costs less than the way there."""
    return await asyncio.to_thread(read, *arguments) if is_large else read(*arguments)
