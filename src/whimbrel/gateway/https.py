"""The device door for HTTPS: `POST /auth` gives a token, `POST /topic/...` takes a message (device-protocol 10).

What a device says goes through the same reports and the same ingest as over MQTT, and is answered after its commit
(I1). Nothing is pushed: the answer to `firmware/get` is in `info.data`. An answer has HTTP status 200 and a code, as
the vendor's devices expect it; only a server that cannot tell answers 503, never a wrong credential.

A device is who its token says, and its token is checked against its row each time: what disables, deletes or renames
it, or changes its secret, holds for the next request (A17, A19, A21).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

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
from whimbrel.domain.https_auth import is_timely, read_claim, sign_matches
from whimbrel.domain.https_token import TokenHolder, is_expired, is_genuine, make_token, read_token
from whimbrel.errors import ReportError, StoreUnavailableError, WhimbrelError
from whimbrel.gateway.admission import Admission, source_of
from whimbrel.gateway.call_rate import CallRate
from whimbrel.gateway.https_answers import Code, failure, success, unavailable
from whimbrel.gateway.ingest import Ingest, Item
from whimbrel.gateway.topics import TopicTable
from whimbrel.gateway.vendor_json import pull_object
from whimbrel.ports.clock import Clock
from whimbrel.ports.store import DeviceLogin, Store
from whimbrel.reports.declaration import Outcome, Report, ReportContext
from whimbrel.reports.presence import called

log = logging.getLogger(__name__)

AUTH_PATH: Final = "/auth"
TOPIC_PREFIX: Final = "/topic/"

AUTH_BYTES_MAX: Final = 4 * 1024
TOPIC_BYTES_MAX: Final = 128 * 1024  # device-protocol 10.2
CALLS_PER_SECOND_MAX: Final = 10  # of one device: an upgrade takes some twenty in all

#: What HTTPS devices may say. The older request for an upgrade is not among it: its answer would be a push.
SERVED: Final = ("inform_version", "report_progress", "get_firmware")

_UNKNOWN_DEVICE_SECRET = "checked all the same so that an unknown device takes as long (A04)"  # noqa: S105
_decode_members = msgspec.json.Decoder(dict[str, str | int]).decode

calls_total = Counter("whimbrel_https_device_calls_total", "Requests of HTTPS devices", ["call", "code"])


class HttpsDoorway(NamedTuple):
    """What the door uses. `key` makes tokens; `new_message_id` gives unguessable numbers of 63 bits."""

    key: bytes
    store: Store
    ingest: Ingest
    clock: Clock
    reports: Mapping[str, Report]
    admission: Admission
    new_message_id: Callable[[], int]


class RefusedError(Exception):
    """The request has this answer instead. `is_unread`: some of its body may still come. Internal to the door."""

    def __init__(self, code: Code, fact: str, *, is_unread: bool = False) -> None:
        super().__init__(fact)
        self.code = code
        self.fact = fact
        self.is_unread = is_unread


class HttpsDoor:
    """The ASGI application for AUTH_PATH and TOPIC_PREFIX."""

    def __init__(self, doorway: HttpsDoorway) -> None:
        self._doorway = doorway
        self._reports = {name: doorway.reports[name] for name in SERVED}
        self._topics = TopicTable({report.topic: name for name, report in self._reports.items()}, ())
        self._calls = CallRate(doorway.clock, CALLS_PER_SECOND_MAX)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call, serve = ("auth", self._auth) if scope["path"] == AUTH_PATH else ("topic", self._topic)
        try:
            answer = await serve(scope, receive)
        except RefusedError as refused:
            calls_total.labels(call, refused.code).inc()
            answer = failure(refused.code, refused.fact, close=refused.is_unread)
        except SlowPeerError:
            answer = failure(Code.PARAMETER, "the body came too slowly", close=True)
        except PeerGoneError:
            return
        except WhimbrelError as error:
            log.warning("an HTTPS device cannot be served now: %s", error)
            calls_total.labels(call, Code.GENERAL).inc()
            answer = unavailable("the server cannot tell now")
        else:
            calls_total.labels(call, Code.SUCCESS).inc()
        await send_answer(send, answer)

    async def _auth(self, scope: Scope, receive: Receive) -> Answer:
        # A query is passed over: the C SDK puts its version there.
        _check_method(scope)
        source, now_s = source_of(_address(scope)), self._doorway.clock.monotonic_s()
        if not self._doorway.admission.may_ask(source, now_s):
            raise RefusedError(Code.TOO_MANY, "too many logins from this address; wait a second", is_unread=True)
        claim = read_claim(_members(await _body(scope, receive, AUTH_BYTES_MAX)))
        if claim is None:
            raise RefusedError(
                Code.PARAMETER,
                "productKey, deviceName, clientId and sign are needed; signmethod is hmacmd5, hmacsha1 or hmacsha256",
            )
        login = await self._login(*claim.identity)
        is_right = sign_matches(claim, login.device_secret if login else _UNKNOWN_DEVICE_SECRET)
        if login is None or not is_right or login.is_disabled:
            raise RefusedError(Code.NOT_AUTHENTICATED, "the device is unknown or disabled, or its sign is wrong")
        # Only now: whoever has no secret learns nothing of the server's clock or of what would have been right.
        if not is_timely(claim, self._doorway.clock.now_ms()):
            raise RefusedError(Code.NOT_AUTHENTICATED, "the timestamp is more than 15 minutes from the server's time")
        await self._submit("https_login", login.device_id, _Said(_address(scope), _nothing_said))
        issued_s = self._doorway.clock.now_ms() // 1000
        token = make_token(self._doorway.key, claim.identity, _holder(login), issued_s)
        return success({"token": token})

    async def _topic(self, scope: Scope, receive: Receive) -> Answer:
        _check_method(scope)
        if scope["query_string"]:
            raise RefusedError(Code.PARAMETER, "a topic has no query", is_unread=True)
        body = await _body(scope, receive, TOPIC_BYTES_MAX)
        login, kind = await self._find(scope)
        if not self._calls.takes(login.device_id):
            raise RefusedError(Code.TOO_MANY, f"more than {CALLS_PER_SECOND_MAX} messages a second; wait a second")
        try:
            message = self._reports[kind].read(body)
            said = _Said(_address(scope), partial(self._reports[kind].handle, message))
            outcome = await self._submit(kind, login.device_id, said)
        except ReportError as error:
            raise RefusedError(Code.PARAMETER, error.message) from None
        info: dict[str, Any] = {"messageId": self._doorway.new_message_id()}
        if outcome.pull is not None:
            info["data"] = pull_object(outcome.pull, can_stream=False)
        return success(info)

    async def _find(self, scope: Scope) -> tuple[DeviceLogin, str]:
        """The device that its token proves, and the kind of message that it may say on the topic."""
        given = header(scope, b"password")
        if given is None:
            raise RefusedError(Code.TOKEN_MISSING, "the header password has to be the token of /auth")
        claim = read_token(given)
        login = None if claim is None else await self._login(*claim.identity)
        if claim is None or login is None or not is_genuine(self._doorway.key, claim, _holder(login)):
            raise RefusedError(Code.TOKEN_INVALID, "the token is not good, or no longer; ask for another with /auth")
        if is_expired(claim, self._doorway.clock.now_ms() // 1000):
            raise RefusedError(Code.TOKEN_EXPIRED, "the token was good for seven days; ask for another with /auth")
        if login.is_disabled:
            raise RefusedError(Code.NOT_AUTHENTICATED, "the device is disabled")
        topic = scope["path"].removeprefix(TOPIC_PREFIX.rstrip("/"))
        kind = self._topics.kind_of(topic, claim.identity)
        if kind is None:
            raise RefusedError(Code.NOT_PUBLISHED, "the device has no such topic here")
        return login, kind

    async def _login(self, product_key: str, device_name: str) -> DeviceLogin | None:
        async with self._doorway.store.snapshot() as store:
            return await store.devices.login(product_key, device_name)

    async def _submit(self, name: str, device_id: int, said: _Said) -> Outcome:
        """What the message did, durably. Raises ReportError, StoreUnavailableError, and RefusedError when the device is
        gone or there is no room.
        """
        if self._doorway.ingest.is_full:
            raise RefusedError(Code.TOO_MANY, "the server has too much to do; wait a second")
        self._doorway.ingest.submit(Item(name, device_id, said.apply, said))
        outcome = await said.outcome
        if outcome is None:
            raise StoreUnavailableError("the store takes no reports now")
        if said.fault is not None:
            raise said.fault
        if outcome.ends_session:
            raise RefusedError(Code.NOT_AUTHENTICATED, "the device was disabled or deleted")
        return outcome


class _Said:
    """One message on its way through the ingest: what applies it, and the `ReportSink` of its outcome."""

    def __init__(self, ip_address: str, say: Callable[[ReportContext], Awaitable[Outcome]]) -> None:
        self._ip_address = ip_address
        self._say = say
        self.outcome: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        self.fault: ReportError | None = None

    async def apply(self, context: ReportContext) -> Outcome:
        self.fault = None  # a batch may be taken in twice
        if not await called(self._ip_address, context):
            return Outcome(ends_session=True)
        try:
            return await self._say(context._replace(takes_notices=False))
        except ReportError as error:
            self.fault = error
            raise

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def failed(self) -> None:
        if not self.outcome.done():
            self.outcome.set_result(None)


async def _nothing_said(context: ReportContext) -> Outcome:
    """The device has only logged in."""
    return Outcome()


def _holder(login: DeviceLogin) -> TokenHolder:
    return TokenHolder(login.device_id, login.device_secret)


def _check_method(scope: Scope) -> None:
    if scope["method"] != "POST":
        raise RefusedError(Code.PARAMETER, "only POST is served here", is_unread=True)


def _address(scope: Scope) -> str:
    return str(scope["client"][0]) if scope.get("client") else ""


def _members(body: bytes) -> dict[str, str]:
    """The members of the JSON object, numbers as text. Raises RefusedError."""
    try:
        return {name: str(value) for name, value in _decode_members(body).items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise RefusedError(Code.PARAMETER, "the body has to be a JSON object whose members are texts") from None


async def _body(scope: Scope, receive: Receive, bytes_max: int) -> bytes:
    """The body. Raises RefusedError before it holds more than `bytes_max`, SlowPeerError, PeerGoneError."""
    reader = BodyReader(receive, Pace())
    body = bytearray()
    while (block := await reader.read()) is not None:
        body += block
        if len(body) > bytes_max:
            raise RefusedError(Code.PARAMETER, f"the body may have {bytes_max} bytes", is_unread=True)
    return bytes(body)
