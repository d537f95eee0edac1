"""Dynamic registration as the wire has it (device-protocol 11): the HTTPS door `POST /auth/register/device`, and the
message that follows an MQTT registration.

The vendor's SDKs take any HTTP status but 200 for a crash of their own, so what a device can do something about is in
the body's `code`; only a device that shall come back later gets 429 or 503, with Retry-After.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from prometheus_client import Counter

from whimbrel.asgi import (
    Answer,
    BodyReader,
    Pace,
    PeerGoneError,
    Receive,
    Scope,
    Send,
    SlowPeerError,
    header,
    send_answer,
)
from whimbrel.domain.device_credential import DeviceIdentity, RegistrationClaim, parse_registration
from whimbrel.domain.enrolment import Entrance
from whimbrel.errors import WhimbrelError
from whimbrel.gateway.admission import Admission, retry_after_s, source_of
from whimbrel.ports.clock import Clock
from whimbrel.reports.registration import Registered, Registrar

log = logging.getLogger(__name__)

FORM_BYTES_MAX = 4 * 1024  # the vendor's five fields have some 250 bytes
FIELDS_MAX = 16
_FORM = "application/x-www-form-urlencoded"

_SUCCESS, _BAD_PARAMETER = 200, 460
#: The vendor's published numbers where it has one for the case (6100, 6204), else HTTP's (our choice).
_NUMBERS = {
    Entrance.NOT_PROVED: 401,
    Entrance.SWITCHED_OFF: 403,
    Entrance.TAKEN: 403,
    Entrance.REPEATED: 403,
    Entrance.FULL: 403,
    Entrance.UNKNOWN_NAME: 6100,
    Entrance.DISABLED: 6204,
}

registrations_total = Counter("whimbrel_registrations_total", "Dynamic registrations over HTTPS", ["result"])


def registration_message(identity: DeviceIdentity, registered: Registered) -> tuple[str, bytes]:
    """Topic and payload that a device gets after it registered over MQTT."""
    names = {"productKey": identity.product_key, "deviceName": identity.device_name}
    if registered.device_token:
        token = {"clientId": registered.client_id, **names, "deviceToken": registered.device_token}
        return "/ext/regnwl", msgspec.json.encode(token)
    return "/ext/register", msgspec.json.encode({**names, "deviceSecret": registered.device_secret})


class RegistrationDoor:
    """The ASGI application of one path. `random_share` gives numbers from 0 to 1."""

    def __init__(
        self, registrar: Registrar, admission: Admission, clock: Clock, random_share: Callable[[], float]
    ) -> None:
        self._registrar = registrar
        self._admission = admission
        self._clock = clock
        self._random_share = random_share

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await send_answer(send, _answer(405, {"code": 405, "message": "a registration is a POST"}))
            return
        try:
            fields = await _read_form(scope, receive)
        except PeerGoneError:
            return
        except SlowPeerError:
            await send_answer(send, _answer(408, {"code": 408, "message": "the form did not come in time"}))
            return
        await send_answer(send, await self._register(scope, fields))

    async def _register(self, scope: Scope, fields: dict[str, str] | None) -> Answer:
        client = scope.get("client")
        if not self._admission.may_ask(source_of(client[0] if client else ""), self._clock.monotonic_s()):
            return self._later(429, "too many requests")
        claim = None if fields is None else parse_registration(fields)
        if fields is None or claim is None or not fields.get("sign"):
            registrations_total.labels("unreadable").inc()
            wanted = "productKey, deviceName, random, sign and signMethod, each once, in a form"
            return _answer(200, {"code": _BAD_PARAMETER, "message": f"a registration has {wanted}"})
        try:
            found = await self._registrar.register(claim, fields["sign"].encode())
        except WhimbrelError as error:
            log.warning("a device cannot be registered now: %s", error)
            return self._later(503, "the server cannot register devices now")
        registrations_total.labels(found.name.lower() if isinstance(found, Entrance) else "registered").inc()
        return _found(claim, found)

    def _later(self, status: int, message: str) -> Answer:
        retry = str(retry_after_s(self._random_share())).encode()
        return _answer(status, {"code": status, "message": message}, (b"retry-after", retry))


def _found(claim: RegistrationClaim, found: Registered | Entrance) -> Answer:
    if isinstance(found, Entrance):
        return _answer(200, {"code": _NUMBERS[found], "message": found.value})
    data = {
        "productKey": claim.product_key,
        "deviceName": claim.device_name,
        "deviceSecret": found.device_secret,
    }
    return _answer(200, {"code": _SUCCESS, "data": data, "message": "success"})


def _answer(status: int, body: dict[str, Any], *more: tuple[bytes, bytes]) -> Answer:
    text = msgspec.json.encode(body)
    # A secret may be in it: nobody on the way keeps it.
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(text)), *more]
    return Answer(status, [*headers, (b"cache-control", b"no-store")], text)


async def _read_form(scope: Scope, receive: Receive) -> dict[str, str] | None:
    """The form's fields; None when it is none, too large, or has two readings (A02)."""
    content_type = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
    reader, body = BodyReader(receive, Pace()), b""
    while (block := await reader.read()) is not None:
        body += block
        if len(body) > FORM_BYTES_MAX:
            return None
    if content_type != _FORM or scope.get("query_string"):
        return None
    return _parse_form(body)


def _parse_form(body: bytes) -> dict[str, str] | None:
    pairs = [pair.partition(b"=") for pair in body.split(b"&")]
    if len(pairs) > FIELDS_MAX:
        return None
    try:
        texts = [(_decoded(name), _decoded(value)) for name, _, value in pairs]
    except UnicodeDecodeError:
        return None
    fields = dict(texts)
    return fields if len(fields) == len(texts) else None


def _decoded(raw: bytes) -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("ascii")
