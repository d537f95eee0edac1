"""The management door: raw ASGI on exactly `/`. Its whole path is `serve` below, read from top to bottom.

No call comes into the hall without having passed the gate: signature, then nonce (threat-model part 3). Permission is
the hall's (`hall.py`), for this door and all others.
"""

from __future__ import annotations

import uuid
from typing import Any

from whimbrel.asgi import BodyReader, Pace, PeerGoneError, Receive, Scope, Send, SlowPeerError, abort
from whimbrel.domain.access import EVERYTHING, AccessKey, Identity
from whimbrel.errors import (
    InvalidAccessKeyIdInactiveError,
    InvalidAccessKeyIdNotFoundError,
    RequestTooLargeError,
    SignatureDoesNotMatchError,
    SignatureNonceUsedError,
)
from whimbrel.ports.nonces import Nonces
from whimbrel.ports.store import Store
from whimbrel.rpc.dialect import Case
from whimbrel.rpc.envelope import Answer, Style, gateway_failure
from whimbrel.rpc.hall import Hall, read_as_large
from whimbrel.rpc.parameters import FORM_SIZE_BYTES_MAX
from whimbrel.rpc.signature import answer_style, check_timestamp, read_call, signature_matches
from whimbrel.rpc.signed_call import RawRequest, SignedCall

LARGE_BODY_BYTES = 64 * 1024  # 20,000 parameters take up to 80 ms to read, and 10 may hold the loop
#: Spellings of the translated pages that are accepted and never emitted (api-contract 1.1).
ALIASES = {"FirmwareID": "FirmwareId"}
_NOBODY = AccessKey(0, "", "no such key, checked all the same so that it takes as long", False, EVERYTHING)


class RpcDoor:
    """ASGI application of the management API."""

    def __init__(self, hall: Hall, nonces: Nonces) -> None:
        self._hall = hall
        self._nonces = nonces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = str(uuid.uuid4())
        try:
            body = await _read_body(scope, receive)
        except RequestTooLargeError as error:
            style = Style(*answer_style(_raw(scope, b"")), self._hall.host)
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
            call = await read_as_large(len(request.body) > LARGE_BODY_BYTES, read_call, request, ALIASES)
            style = Style(call.response_case, call.response_format, self._hall.host)
            request_id = _cased(request_id, style)
            action = call.action if self._hall.serves(call.action) else ""
            response = await self._run(call, request_id)
            answer = self._hall.write(action, response, request_id, style)
        except Exception as error:
            is_large = len(request.body) > LARGE_BODY_BYTES
            style = Style(*await read_as_large(is_large, answer_style, request), self._hall.host)
            request_id = _cased(request_id, style)
            answer = self._hall.failure(error, action, request_id, style)
        return answer, request_id

    async def _run(self, call: SignedCall, request_id: str) -> Any:
        """Through the gate, then into the hall."""
        now_ms = self._hall.clock.now_ms()
        check_timestamp(call.timestamp, now_ms)
        key = await self._key(call, now_ms, self._hall.store_of(call.action))
        identity = Identity(key.account_id, key.access_key_id, key.policy)
        return await self._hall.run(identity, call.action, call.parameters, request_id)

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


def _cased(request_id: str, style: Style) -> str:
    """Upper case for Alibaba's SDKs, lower case for Tuya's, as in their examples (api-contract 1.4)."""
    return request_id.upper() if style.case is Case.PASCAL else request_id


def _raw(scope: Scope, body: bytes) -> RawRequest:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return RawRequest(scope["method"], path, scope["query_string"], scope["headers"], body)


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
