"""How a person comes in and goes out: sign in by password or link, sign out, and the own password and sessions.

All of `/console/api/`: `sign-in/options`, `sign-in`, `invitation`, `welcome`, `sign-out`, `password`, `sessions`,
`end-sessions`. That a page of ours sent them the door has seen; what needs a session asks for its X-CSRF-Token too.
Errors are `{"error": …, "code": …}`.
"""

from __future__ import annotations

import hmac
import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

import msgspec
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from whimbrel.asgi import Answer
from whimbrel.console.answers import document, to_response
from whimbrel.console.attempts import Attempts
from whimbrel.console.calls import CSRF_HEADER
from whimbrel.console.setup import Setup
from whimbrel.console.visitor import Trusts, visitor_of
from whimbrel.domain.access import NOTHING, OPERATOR_ACCOUNT, Caller, Policy
from whimbrel.domain.console_user import SESSION_MS_MAX, UserSession, token_digest
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import (
    ConsoleError,
    ForeignPageError,
    LinkOverError,
    NotSignedInError,
    ServiceUnavailableError,
    SignInRefusedError,
    StoreFullError,
    StoreUnavailableError,
    TooManyAttemptsError,
    WhimbrelError,
)
from whimbrel.operations.console import signing_in, welcoming
from whimbrel.operations.console.sessions import NewSession, Visit
from whimbrel.operations.console.signing_in import Credentials, Means
from whimbrel.operations.console.welcoming import Choice
from whimbrel.operations.ids import row_id
from whimbrel.ports.clock import Clock
from whimbrel.rpc.throttle import Refusals

log = logging.getLogger(__name__)

RETRY_SECONDS = 2
HTTP_STATUS: dict[type[WhimbrelError], int] = {
    SignInRefusedError: 401,
    NotSignedInError: 401,
    ForeignPageError: 403,
    LinkOverError: 410,
    TooManyAttemptsError: 429,
    ServiceUnavailableError: 503,
}

Body = TypeVar("Body")
Handler = Callable[[Request], Awaitable[Response]]


class SigningIn(NamedTuple):
    """What the handlers stand on: the console's setup, the store with its hashing, and whom to believe addresses."""

    setup: Setup
    means: Means
    trusts: Trusts
    clock: Clock
    attempts: Attempts
    refusals: Refusals
    has_provider: bool = False


class _SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    password: str
    account: str = OPERATOR_ACCOUNT


class _Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str


class _Welcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    password: str
    name: str = ""


class _Password(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    password: str
    new_password: str = msgspec.field(name="newPassword")


class _EndSessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session_id: str | None = msgspec.field(name="sessionId", default=None)


def routes(desk: SigningIn) -> list[BaseRoute]:
    """Below `/console/api`. What sets the cookie has one segment: see `cookie.py`."""
    handlers: dict[str, tuple[str, Callable[[Request, SigningIn], Awaitable[Response]]]] = {
        "/sign-in/options": ("GET", _options),
        "/sign-in": ("POST", _sign_in),
        "/invitation": ("POST", _invitation),
        "/welcome": ("POST", _welcome),
        "/sign-out": ("POST", _sign_out),
        "/password": ("POST", _password),
        "/sessions": ("GET", _sessions),
        "/end-sessions": ("POST", _end_sessions),
    }
    return [Route(path, _guarded(handle, desk), methods=[method]) for path, (method, handle) in handlers.items()]


def _guarded(handle: Callable[[Request, SigningIn], Awaitable[Response]], desk: SigningIn) -> Handler:
    async def handled(request: Request) -> Response:
        try:
            return await handle(request, desk)
        except (ConsoleError, ServiceUnavailableError) as refusal:
            return to_response(_refusal(refusal))
        except msgspec.DecodeError as unreadable:
            return to_response(_failure(400, "InvalidBody", f"the body is not what is read here: {unreadable}"))

    return handled


async def _options(request: Request, desk: SigningIn) -> Response:
    """Which ways there are to sign in."""
    return to_response(document(200, {"password": True, "oidc": desk.has_provider}))


async def _sign_in(request: Request, desk: SigningIn) -> Response:
    said = await _read(request, _SignIn)
    given = Credentials.of(said.account, said.name, said.password)
    visit, counted = _visit(request, desk)
    whose, clock, attempts = (given.account, given.name, counted), desk.clock, desk.attempts
    attempts.begin(*whose, clock.monotonic_s())
    try:
        begun = await signing_in.sign_in(desk.means, given, visit)
    except SignInRefusedError as refusal:
        return _unfulfilled(_refusal(refusal), desk, given, visit)
    except BaseException:
        attempts.cancel(*whose, clock.monotonic_s())
        raise
    attempts.succeed(*whose, clock.monotonic_s())
    return _opened(begun, desk)


def _unfulfilled(answer: Answer, desk: SigningIn, given: Credentials, visit: Visit) -> Response:
    """The failure is entered after the answer, so that the answer's time says nothing of the name (A04)."""
    response = to_response(answer)
    response.background = BackgroundTask(_enter_failure, desk, given, visit)
    return response


async def _enter_failure(desk: SigningIn, given: Credentials, visit: Visit) -> None:
    """As often as one name may fill the trail with it (I17)."""
    try:
        deed = await signing_in.failure_of(desk.means.store, given)
        if deed is None:
            return
        caller = Caller(deed.account_id, deed.actor, Policy(()), NOTHING)
        if desk.refusals.may_enter(caller, visit.now_ms):
            await signing_in.enter_failure(desk.means.store, deed, visit)
    except (StoreFullError, StoreUnavailableError) as fault:
        # The answer has gone: whoever failed was told so, full disk or not.
        log.warning("a failed sign-in was not entered: %s", fault)


async def _invitation(request: Request, desk: SigningIn) -> Response:
    """Who a link invites. Its token comes in the body: an address would stand in logs."""
    said = await _read(request, _Link)
    found = await welcoming.look(desk.means.store, said.token, desk.clock.now_ms())
    shown = {
        "account": found.account,
        "name": found.name,
        "role": found.role.value,
        "choosesName": found.chooses_name,
    }
    return to_response(document(200, shown))


async def _welcome(request: Request, desk: SigningIn) -> Response:
    said = await _read(request, _Welcome)
    visit, _ = _visit(request, desk)
    return _opened(await welcoming.welcome(desk.means, Choice(said.token, said.password, said.name), visit), desk)


async def _sign_out(request: Request, desk: SigningIn) -> Response:
    """Also of a session that is over: the cookie goes in any case."""
    visit, _ = _visit(request, desk)
    try:
        await _require_own_page(request, desk)
    except NotSignedInError:
        return _closed(desk)
    await signing_in.sign_out(desk.means.store, visit)
    return _closed(desk)


async def _password(request: Request, desk: SigningIn) -> Response:
    said = await _read(request, _Password)
    visit, counted = _visit(request, desk)
    await _require_own_page(request, desk)
    _, user, account = await signing_in.signed_in(desk.means.store, visit)
    given = Credentials.of(account, user.name, said.password)
    whose, clock, attempts = (given.account, given.name, counted), desk.clock, desk.attempts
    attempts.begin(*whose, clock.monotonic_s())
    try:
        begun = await signing_in.change_password(desk.means, said.password, said.new_password, visit)
    except SignInRefusedError as refusal:
        # The session is as good as it was: not the status that sends a page to the sign-in.
        return _unfulfilled(_failure(403, "WrongPassword", refusal.message), desk, given, visit)
    except BaseException:
        attempts.cancel(*whose, clock.monotonic_s())
        raise
    attempts.succeed(*whose, clock.monotonic_s())
    return _opened(begun, desk)


async def _sessions(request: Request, desk: SigningIn) -> Response:
    """One's own, for those who may not list all: viewers too."""
    visit, _ = _visit(request, desk)
    own = await signing_in.own_sessions(desk.means.store, visit)
    here = token_digest(visit.token)
    return to_response(document(200, {"sessions": [_shown(session, here) for session in own]}))


async def _end_sessions(request: Request, desk: SigningIn) -> Response:
    """One of one's own, or with no `sessionId` all, this one as well."""
    said = await _read(request, _EndSessions)
    visit, _ = _visit(request, desk)
    await _require_own_page(request, desk)
    number = None if said.session_id is None else row_id(said.session_id)
    if said.session_id is not None and number is None:
        return to_response(_failure(404, "SessionNotFound", "you have no such session"))
    if not await signing_in.end_own_sessions(desk.means.store, number, visit):
        return to_response(_failure(404, "SessionNotFound", "you have no such session"))
    return _closed(desk) if number is None else to_response(document(200, {}))


def _shown(session: UserSession, here: str) -> dict[str, Any]:
    return {
        "sessionId": str(session.id),
        "createdAt": utc_text(session.created_ms),
        "seenAt": utc_text(session.seen_ms),
        "endsAt": utc_text(session.ends_ms),
        "address": session.address,
        "agent": session.agent,
        "isThis": session.token_digest == here,
    }


async def _read(request: Request, kind: type[Body]) -> Body:
    """Raises msgspec.DecodeError. Only JSON: no form of another site can send it unasked (A10)."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise msgspec.ValidationError("its type is not application/json")
    return msgspec.json.decode(await request.body() or b"{}", type=kind)


def _visit(request: Request, desk: SigningIn) -> tuple[Visit, str | None]:
    """The call, and the address that limits count."""
    visitor = visitor_of(request.scope, desk.trusts)
    token = desk.setup.cookie.token_in(request.scope["headers"]) or ""
    agent = request.headers.get("user-agent", "")
    return Visit(desk.clock.now_ms(), str(uuid.uuid4()), visitor.address, agent, token), visitor.counted


async def _require_own_page(request: Request, desk: SigningIn) -> None:
    """Raises NotSignedInError, and ForeignPageError unless the page could read this session's token (A10)."""
    session = await desk.setup.session_of(request.scope["headers"])
    if session is None:
        raise NotSignedInError
    expected = desk.setup.csrf_token_of(session)
    if not hmac.compare_digest(request.headers.get(CSRF_HEADER, "").encode(), expected.encode()):
        raise ForeignPageError("the header X-CSRF-Token is not this session's; read it anew from api/session")


def _opened(begun: NewSession, desk: SigningIn) -> Response:
    response = to_response(document(200, {"user": {"name": begun.user.name, "role": begun.user.role.value}}))
    response.headers.append("set-cookie", desk.setup.cookie.set_to(begun.token, SESSION_MS_MAX // 1000))
    return response


def _closed(desk: SigningIn) -> Response:
    response = to_response(document(200, {}))
    response.headers.append("set-cookie", desk.setup.cookie.ended())
    return response


def _refusal(error: WhimbrelError) -> Answer:
    answer = _failure(HTTP_STATUS.get(type(error), 400), error.code, error.message)
    if isinstance(error, TooManyAttemptsError):
        answer.headers.append((b"retry-after", b"%d" % error.retry_after_s))
    elif answer.status == 503:
        answer.headers.append((b"retry-after", b"%d" % RETRY_SECONDS))
    return answer


def _failure(status: int, code: str, fact: str) -> Answer:
    return document(status, {"error": fact, "code": code})
