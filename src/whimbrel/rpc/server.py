"""The management door: raw ASGI on exactly `/`. Its whole path is `serve` below, read from top to bottom.

No operation runs without having passed the gate: signature, nonce, permission, in this order (threat-model part 3).
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from prometheus_client import Counter

from whimbrel.asgi import BodyReader, Pace, PeerGoneError, Receive, Scope, Send, SlowPeerError, abort
from whimbrel.domain.access import EVERYTHING, NOTHING, AccessKey, Caller
from whimbrel.errors import (
    BusinessError,
    ForbiddenError,
    GatewayError,
    InvalidAccessKeyIdInactiveError,
    InvalidAccessKeyIdNotFoundError,
    InvalidActionError,
    RequestTooLargeError,
    SignatureDoesNotMatchError,
    SignatureNonceUsedError,
)
from whimbrel.operations.declaration import Operation, Services
from whimbrel.operations.performing import Call, perform, record_refusal
from whimbrel.ports.clock import Clock
from whimbrel.ports.nonces import Nonces
from whimbrel.ports.store import Store
from whimbrel.ports.wakeup import Wakeup
from whimbrel.rpc.crowd import Crowd
from whimbrel.rpc.declared import code_of
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.envelope import Answer, ResponseWriter, Style, as_gateway_error, business_failure, gateway_failure
from whimbrel.rpc.parameters import FORM_SIZE_BYTES_MAX, PARAMETERS_MAX
from whimbrel.rpc.signature import answer_style, check_timestamp, read_call, signature_matches
from whimbrel.rpc.signed_call import RawRequest, SignedCall
from whimbrel.rpc.throttle import Refusals, Throttle
from whimbrel.rpc.wire import RequestReader

log = logging.getLogger(__name__)

Read = TypeVar("Read")
LARGE_BODY_BYTES = 64 * 1024  # 20,000 parameters take up to 80 ms to read, and 10 may hold the loop
#: Spellings of the translated pages that are accepted and never emitted (api-contract 1.1).
ALIASES = {"FirmwareID": "FirmwareId"}
_NOBODY = AccessKey(0, "", "no such key, checked all the same so that it takes as long", False, EVERYTHING)

calls_total = Counter("whimbrel_rpc_calls_total", "Management API calls", ["action", "code"])


class _Served(NamedTuple):
    operation: Operation
    reader: RequestReader
    writer: ResponseWriter
    succeeded: Counter


class Ambience(NamedTuple):
    """What every call finds around it. `halting`: the store for calls that halt something; None for the one of all."""

    clock: Clock
    wakeup: Wakeup
    services: Services
    has_vendor_rates: bool = False
    halting: Store | None = None


class RpcDoor:
    """ASGI application of the management API."""

    def __init__(self, operations: Mapping[str, Operation], store: Store, nonces: Nonces, ambience: Ambience) -> None:
        self._served = {
            action: _Served(
                operation, RequestReader(operation), ResponseWriter(operation), calls_total.labels(action, "")
            )
            for action, operation in operations.items()
        }
        self._store = store
        self._nonces = nonces
        self._clock, self._wakeup, self._services, has_vendor_rates, halting = ambience
        self._halting = halting or store
        self._crowd = Crowd()
        self._throttle = Throttle(self._clock, is_on=has_vendor_rates)
        self._refusals = Refusals()
        self._host = self._services.public_url.partition("://")[2]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = str(uuid.uuid4())
        try:
            body = await _read_body(scope, receive)
        except RequestTooLargeError as error:
            style = Style(*answer_style(_raw(scope, b"")), self._host)
            await _send(send, gateway_failure(error, _cased(request_id, style), style), request_id, close=True)
            return
        except (PeerGoneError, SlowPeerError):
            await abort(scope)
            return
        answer, shown_id = await self.serve(_raw(scope, body), request_id)
        await _send(send, answer, shown_id)

    async def serve(self, request: RawRequest, request_id: str) -> tuple[Answer, str]:
        """The answer, and the request id as it was shown."""
        action = ""
        try:
            call = await _read(len(request.body) > LARGE_BODY_BYTES, read_call, request, ALIASES)
            style = Style(call.response_case, call.response_format, self._host)
            request_id = _cased(request_id, style)
            action = call.action if call.action in self._served else ""
            response = await self._run(call, request_id)
            answer = self._served[action].writer.write(response, request_id, style)
            self._served[action].succeeded.inc()
        except Exception as error:
            is_large = len(request.body) > LARGE_BODY_BYTES
            style = Style(*await _read(is_large, answer_style, request), self._host)
            request_id = _cased(request_id, style)
            answer = _failure(error, action, request_id, style)
        return answer, request_id

    async def _run(self, call: SignedCall, request_id: str) -> Any:
        """Through the gate, then the operation."""
        now_ms = self._clock.now_ms()
        check_timestamp(call.timestamp, now_ms)
        served = self._served.get(call.action)
        halts = served is not None and served.operation.manner.halts
        store = self._halting if halts else self._store
        key = await self._key(call, now_ms, store)
        if served is None:
            raise InvalidActionError(f"the Action {call.action[:64]} does not exist")
        self._throttle.check(key.account_id, served.operation)
        scope = key.policy.scope_of(call.action, served.operation.permission)
        caller = Caller(key.account_id, key.access_key_id, key.policy, scope or NOTHING)
        performed = Call(caller, now_ms, request_id, call.parameters)
        if scope is None:
            await self._enter_refusal(served.operation, performed)
            raise ForbiddenError(f"this AccessKey has no right to {call.action} ({served.operation.permission})")
        is_large = len(call.parameters) > PARAMETERS_MAX
        request = await _read(is_large, served.reader.read, call.parameters)
        try:
            async with self._crowd.place(caller.account_id, served.operation):
                response = await perform(served.operation, request, performed, store, self._services)
        except ForbiddenError:
            await self._enter_refusal(served.operation, performed)
            raise
        if not served.operation.is_read:
            # Only now, after the commit: an engine woken earlier would look and see nothing.
            self._wakeup.notify()
        return response

    async def _enter_refusal(self, operation: Operation, call: Call) -> None:
        """The key has no right to the action: audited, as often as one key may fill the trail with it (I17)."""
        if self._refusals.may_enter(call.caller, call.now_ms):
            await record_refusal(operation, call, self._store)

    async def _key(self, call: SignedCall, now_ms: int, keys: Store) -> AccessKey:
        """Whose key signed the call: api-contract 3.2 from the key on. Only a right signature uses up its nonce."""
        async with keys.snapshot() as store:
            key = await store.keys.by_id(call.access_key_id)
        is_right = signature_matches(call, (key or _NOBODY).secret)
        if key is None:
            raise InvalidAccessKeyIdNotFoundError
        if not key.is_active:
            raise InvalidAccessKeyIdInactiveError
        if not is_right:
            raise SignatureDoesNotMatchError(call.string_to_sign)
        # Outside any snapshot: a use may wait for a checkpoint, and each snapshot held meanwhile costs a connection.
        if not await self._nonces.use(key.access_key_id, call.nonce, now_ms):
            raise SignatureNonceUsedError
        return key


def _failure(error: Exception, action: str, request_id: str, style: Style) -> Answer:
    shown = as_gateway_error(error)
    # As documents name it: a code with a parameter's name in it would be another counter for each name that is made up.
    calls_total.labels(action, code_of(type(shown))).inc()
    if shown is not error:
        log.error("call %s of %s failed: %r", request_id, action or "an unknown action", error, exc_info=error)
    if isinstance(shown, BusinessError):
        return business_failure(shown, action, request_id, style)
    assert isinstance(shown, GatewayError)
    return gateway_failure(shown, request_id, style)


def _cased(request_id: str, style: Style) -> str:
    """Upper case for Alibaba's SDKs, lower case for Tuya's, as in their examples (api-contract 1.4)."""
    return request_id.upper() if style.case is Case.PASCAL else request_id


def _raw(scope: Scope, body: bytes) -> RawRequest:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return RawRequest(scope["method"], path, scope["query_string"], scope["headers"], body)


async def _read(is_large: bool, read: Callable[..., Read], *arguments: Any) -> Read:
    """A large call is read in a thread, which gives the loop its turns; a small one costs less than the way there."""
    return await asyncio.to_thread(read, *arguments) if is_large else read(*arguments)


async def _read_body(scope: Scope, receive: Receive) -> bytes:
    """The body. Raises RequestTooLargeError before it holds more than the limit, SlowPeerError, PeerGoneError."""
    lengths = [value for name, value in scope["headers"] if name in (b"content-length", b"transfer-encoding")]
    if all(length == b"0" for length in lengths):
        return b""
    reader = BodyReader(receive, Pace())
    blocks: list[bytes] = []
    size_bytes = 0
    while (block := await reader.read()) is not None:
        blocks.append(block)
        size_bytes += len(block)
        if size_bytes > FORM_SIZE_BYTES_MAX:
            raise RequestTooLargeError(f"the body has more than {FORM_SIZE_BYTES_MAX} bytes")
    return b"".join(blocks)


async def _send(send: Send, answer: Answer, request_id: str, *, close: bool = False) -> None:
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-acs-request-id", request_id.encode()),
        (b"cache-control", b"no-store"),
    ]
    if close:
        headers.append((b"connection", b"close"))
    if answer.status == 503:
        headers.append((b"retry-after", b"2"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
