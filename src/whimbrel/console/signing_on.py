"""How a person comes in by an identity provider: `oidc-start` sends the browser there, `oidc-callback` takes it back.

Both are pages that the browser goes to, so what went wrong is told by the sign-in page: `?problem=CODE`. The ticket
that binds the two to one browser is a cookie of ten minutes; coming back takes it away, so it is of use once (A10).
"""

from __future__ import annotations

import hmac
import logging
import re
import uuid
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from whimbrel.console.cookie import SessionCookie
from whimbrel.console.setup import Setup
from whimbrel.console.visitor import Trusts, visitor_of
from whimbrel.domain.access import NOTHING, Caller, Policy
from whimbrel.domain.console_user import SESSION_MS_MAX
from whimbrel.domain.sign_on import (
    SIGN_ON_MS_MAX,
    TICKET_RANDOM_LENGTH,
    Attempt,
    Person,
    Rules,
    Ticket,
    attempt_of,
    own_page,
    person_of,
    read_ticket,
)
from whimbrel.errors import IdentityProviderError, SignOnRefusedError, StoreFullError, StoreUnavailableError
from whimbrel.operations.console.sessions import NewSession, Visit
from whimbrel.operations.console.signing_in import enter_failure
from whimbrel.operations.console.signing_on import failure_of, sign_on
from whimbrel.ports.identity_provider import IdentityProvider, Returned
from whimbrel.ports.randomness import Randomness
from whimbrel.ports.store import Store
from whimbrel.rpc.throttle import Refusals

log = logging.getLogger(__name__)

TICKET_COOKIE = "whimbrel_sign_on"
_CODE = re.compile(r"[\x21-\x7e]{1,2048}")
_ISSUER = re.compile(r"[\x21-\x7e]{0,300}")

#: What the sign-in page says of a failure.
UNAVAILABLE, EXPIRED, DENIED, REFUSED = "provider", "expired", "denied", "refused"


class SigningOn(NamedTuple):
    """What the handlers stand on. `ticket_key` is of this server's master key."""

    setup: Setup
    store: Store
    randomness: Randomness
    provider: IdentityProvider
    rules: Rules
    ticket_key: bytes
    trusts: Trusts
    refusals: Refusals

    @property
    def cookie(self) -> SessionCookie:
        """Lax: it has to come along when the provider sends the browser back."""
        return SessionCookie.of(self.setup.server.public_url, TICKET_COOKIE, "Lax")


class _ProblemError(Exception):
    """Nobody comes in; the sign-in page says why. `person` is known once the provider named one."""

    def __init__(self, code: str, fact: str, person: Person | None = None, *, is_entered: bool = False) -> None:
        super().__init__(fact)
        self.code = code
        self.person = person
        self.is_entered = is_entered


def routes(desk: SigningOn) -> list[BaseRoute]:
    """Below `/console/api`. Each has one segment, because of the cookies: see `cookie.py`."""
    handlers = {"/oidc-start": _start, "/oidc-callback": _come_back}
    return [Route(path, _guarded(handle, desk), methods=["GET"]) for path, handle in handlers.items()]


def _guarded(
    handle: Callable[[Request, SigningOn], Awaitable[Response]], desk: SigningOn
) -> Callable[[Request], Awaitable[Response]]:
    async def handled(request: Request) -> Response:
        try:
            return await handle(request, desk)
        except _ProblemError as problem:
            log.warning("nobody was signed in by the identity provider: %s", problem)
            return _failed(problem, request, desk)

    return handled


async def _start(request: Request, desk: SigningOn) -> Response:
    then = own_page(request.query_params.get("then", "/"))
    ticket = Ticket(desk.setup.hall.clock.now_ms(), desk.randomness.text(TICKET_RANDOM_LENGTH), then)
    try:
        address = await desk.provider.address_of(attempt_of(desk.ticket_key, ticket))
    except IdentityProviderError as fault:
        raise _ProblemError(UNAVAILABLE, fault.message) from None
    return _sent_to(address, desk.cookie.set_to(ticket.text, SIGN_ON_MS_MAX // 1000))


async def _come_back(request: Request, desk: SigningOn) -> Response:
    ticket, attempt = _own_attempt(request, desk)
    person = await _person(_returned(request), attempt, desk)
    try:
        begun = await sign_on(desk.store, desk.randomness, person, _visit(request, desk))
    except SignOnRefusedError as refusal:
        raise _ProblemError(REFUSED, refusal.message, person, is_entered=True) from None
    return _opened(begun, ticket, desk)


def _own_attempt(request: Request, desk: SigningOn) -> tuple[Ticket, Attempt]:
    """What this browser began, and nobody else: a code that a stranger got is of no use here (login CSRF)."""
    ticket = read_ticket(desk.cookie.token_in(request.scope["headers"]) or "")
    if ticket is None or not ticket.is_open(desk.setup.hall.clock.now_ms()):
        raise _ProblemError(EXPIRED, "the browser has no ticket, or one that is over")
    attempt = attempt_of(desk.ticket_key, ticket)
    if not hmac.compare_digest(_only(request, "state").encode("utf-8", "replace"), attempt.state.encode()):
        raise _ProblemError(EXPIRED, "the state is not that of the browser's ticket")
    return ticket, attempt


def _returned(request: Request) -> Returned:
    if "error" in request.query_params:
        said = re.sub("[^a-z_]", "?", _only(request, "error")[:60])
        raise _ProblemError(DENIED if said == "access_denied" else REFUSED, f"the provider said {said}")
    code, issuer = _only(request, "code"), _only(request, "iss")
    if _CODE.fullmatch(code) is None or _ISSUER.fullmatch(issuer) is None:
        raise _ProblemError(REFUSED, "the provider sent no code")
    return Returned(code, issuer)


async def _person(returned: Returned, attempt: Attempt, desk: SigningOn) -> Person:
    try:
        claims = await desk.provider.claims(returned, attempt, desk.setup.hall.clock.now_ms())
    except IdentityProviderError as fault:
        raise _ProblemError(UNAVAILABLE, fault.message) from None
    except SignOnRefusedError as refusal:
        raise _ProblemError(REFUSED, refusal.message, is_entered=True) from None
    person = person_of(claims, desk.rules)
    if isinstance(person, str):
        raise _ProblemError(REFUSED, person, is_entered=True)
    return person


def _opened(begun: NewSession, ticket: Ticket, desk: SigningOn) -> Response:
    """The page of ours goes on from there: it reads the session by a request of its own, which the cookie is for."""
    session = desk.setup.cookie.set_to(begun.token, SESSION_MS_MAX // 1000)
    return _sent_to(f"../#/sign-in?then={quote(ticket.then, safe='/')}", session, desk.cookie.ended())


def _failed(problem: _ProblemError, request: Request, desk: SigningOn) -> Response:
    response = _sent_to(f"../#/sign-in?problem={problem.code}", desk.cookie.ended())
    if problem.is_entered:
        response.background = BackgroundTask(_enter, problem.person, _visit(request, desk), desk)
    return response


async def _enter(person: Person | None, visit: Visit, desk: SigningOn) -> None:
    """As often as one name may fill the trail with it (I17)."""
    try:
        deed = await failure_of(desk.store, person)
        if desk.refusals.may_enter(Caller(deed.account_id, deed.actor, Policy(()), NOTHING), visit.now_ms):
            await enter_failure(desk.store, deed, visit)
    except (StoreFullError, StoreUnavailableError) as fault:
        log.warning("a failed sign-in was not entered: %s", fault)


def _sent_to(address: str, *cookies: str) -> Response:
    response = Response(status_code=303, headers={"location": address, "cache-control": "no-store"})
    for cookie in cookies:
        response.headers.append("set-cookie", cookie)
    return response


def _visit(request: Request, desk: SigningOn) -> Visit:
    visitor = visitor_of(request.scope, desk.trusts)
    token = desk.setup.cookie.token_in(request.scope["headers"]) or ""
    agent = request.headers.get("user-agent", "")
    return Visit(desk.setup.hall.clock.now_ms(), str(uuid.uuid4()), visitor.address, agent, token)


def _only(request: Request, name: str) -> str:
    """The one value, '' for none or several: no two readings of one request (A02)."""
    found = request.query_params.getlist(name)
    return found[0] if len(found) == 1 else ""
