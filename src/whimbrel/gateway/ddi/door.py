"""The DDI door: raw ASGI, for a fleet that polls is most of what a server hears.

The order of the checks: path, credentials, route and method, media types, body. A stranger is told nothing but 401.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from whimbrel.asgi import (
    Answer,
    BodyReader,
    Pace,
    PeerGoneError,
    Receive,
    Scope,
    Send,
    SlowPeerError,
    abort,
    header,
    send_answer,
)
from whimbrel.errors import StoreFullError, WhimbrelError
from whimbrel.gateway.ddi.address import AddressFault, read_address
from whimbrel.gateway.ddi.answers import RETRY_AFTER_SECONDS, DdiRefusedError, Media, nothing, refusal
from whimbrel.gateway.ddi.exchange import Connection, DdiRequest, Desk
from whimbrel.gateway.ddi.identity import Contact, Refusal
from whimbrel.gateway.ddi.links import hrefs_for
from whimbrel.gateway.ddi.media import accepted, sent
from whimbrel.gateway.ddi.proxies import TrustedProxies, claim_of
from whimbrel.gateway.ddi.recognition import Recognition
from whimbrel.gateway.ddi.routes import Route, find_route
from whimbrel.gateway.ddi.throttle import RETRY_AFTER_S, DdiThrottle, Kind

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 65_536  # a device's message (threat-model 4)
QUERY_BYTES_MAX = 1_024  # ours has one number or two


class Entrance(NamedTuple):
    """Whom the door believes, and how often it lets anybody ask."""

    proxies: TrustedProxies
    throttle: DdiThrottle


class DdiDoor:
    """The ASGI application for paths with `/controller/v1` behind a tenant."""

    def __init__(self, desk: Desk, recognition: Recognition, entrance: Entrance, public_url: str) -> None:
        self._desk = desk
        self._recognition = recognition
        self._proxies, self._throttle = entrance
        self._public_url = public_url
        self._pace = Pace()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        media = accepted(header(scope, b"accept"))
        try:
            answer = await self._answer((scope, receive, send), media)
        except DdiRefusedError as error:
            answer = refusal(error, media or Media.JSON)
        except (PeerGoneError, SlowPeerError):
            return await abort(scope)
        except WhimbrelError as error:
            log.warning("a DDI device is not served now: %s", error)
            full = isinstance(error, StoreFullError)
            facts = [(b"retry-after", str(RETRY_AFTER_SECONDS).encode())]
            answer = refusal(DdiRefusedError(507 if full else 503, error.code, error.message, facts), Media.JSON)
        if answer is not None:
            await send_answer(send, answer)
        return None

    async def _answer(self, connection: Connection, media: Media | None) -> Answer | None:
        scope = connection[0]
        address = read_address(scope["raw_path"])
        if isinstance(address, AddressFault):
            raise DdiRefusedError(address.value, "NotFound", "no controller has this path")
        found = find_route(address.rest)
        peer = scope["client"][0] if scope.get("client") else ""
        kind = _kind_of(found, scope["method"])
        now_s = self._desk.clock.monotonic_s()
        if not self._throttle.admits_address(peer, kind, now_s):
            return _too_often()
        claim = claim_of(
            address, scope["headers"], peer, self._proxies, may_register=found is not None and found[0].registers
        )
        recognised = await self._recognition.recognise(claim, wants_view=found is not None and found[0].is_poll)
        contact = recognised.verdict
        if not isinstance(contact, Contact):
            return _turned_away(contact)
        if not self._throttle.admits_device(contact.device_id, kind, now_s):
            return _too_often()
        if found is None:
            raise DdiRefusedError(404, "NotFound", "a controller has no such resource")
        route, arguments = found
        handler = route.handlers.get(scope["method"])
        if handler is None:
            allowed = ", ".join(route.handlers).encode()
            raise DdiRefusedError(405, "MethodNotAllowed", "the resource has no such method", [(b"allow", allowed)])
        if media is None and not route.is_file:
            raise DdiRefusedError(406, "NotAcceptable", "answers are JSON or CBOR")
        request = DdiRequest(
            contact,
            arguments,
            _query(scope),
            media or Media.JSON,
            hrefs_for(self._public_url, claim),
            connection,
            recognised.view,
        )
        if scope["method"] in ("POST", "PUT"):
            request = await self._with_body(request)
        return await handler(request, self._desk)

    async def _with_body(self, request: DdiRequest) -> DdiRequest:
        """The request with its body, read after everything that can be refused without it."""
        scope, receive, _ = request.connection
        media = sent(header(scope, b"content-type"))
        if media is None:
            raise DdiRefusedError(415, "UnsupportedMediaType", "a body is application/json or application/cbor")
        reader, body = BodyReader(receive, self._pace), bytearray()
        while (block := await reader.read()) is not None:
            body += block
            if len(body) > BODY_BYTES_MAX:
                raise DdiRefusedError(413, "BodyTooLarge", f"a body has at most {BODY_BYTES_MAX} bytes")
        return request._replace(body=bytes(body), is_cbor=media is Media.CBOR)


def _turned_away(refused: Refusal) -> Answer:
    """Nothing in the body: a stranger learns no more than the number (A04)."""
    answer = nothing(refused.value)
    if refused is Refusal.QUOTA_FULL:
        answer.headers.append((b"retry-after", str(RETRY_AFTER_SECONDS).encode()))
    return answer


def _too_often() -> Answer:
    answer = nothing(429)
    answer.headers.append((b"retry-after", str(RETRY_AFTER_S).encode()))
    return answer


def _kind_of(found: tuple[Route, tuple[str, ...]] | None, method: str) -> Kind:
    if found is not None and found[0].is_file:
        return Kind.DOWNLOAD
    return Kind.WRITE if method in ("POST", "PUT") else Kind.READ


def _query(scope: Scope) -> Mapping[str, str]:
    """The last of a repeated name counts: nothing of it decides what may be done. Raises DdiRefusedError."""
    query: bytes = scope.get("query_string", b"")
    if not query:
        return {}
    if len(query) > QUERY_BYTES_MAX:
        raise DdiRefusedError(414, "QueryTooLong", f"a query has at most {QUERY_BYTES_MAX} bytes")
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
