"""Signing in at an identity provider (OpenID Connect): what binds it to one browser, and what its answer must say.

Pure. A browser that begins is given a ticket in a cookie; everything that the provider has to give back follows from
the ticket and the server's key, so no process remembers anything, and any may go on where another began (ADR 0067).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import NamedTuple, TypeGuard

from whimbrel.domain.console_user import USER_NAME, Role

SIGN_ON_MS_MAX = 10 * 60_000  # from leaving for the provider to coming back
TICKET_RANDOM_LENGTH = 32
CLOCK_SKEW_S = 60  # how far the provider's clock may be off
SUBJECT_LENGTH_MAX = 255  # OpenID Connect Core 2
ROLES_READ_MAX = 1_000  # values of the role's claim that are looked at: some people are in many groups
EMAIL = "email"

_THEN = re.compile(r"/(?:[A-Za-z0-9_.~:@%+=&?-][A-Za-z0-9_.~:@%+=&?/-]{0,98})?")
_TICKET = re.compile(r"([0-9]{13})\.([A-Za-z0-9]{32})\.([A-Za-z0-9_-]{0,140})")


class Ticket(NamedTuple):
    """What the browser keeps meanwhile. `then`: the page of ours that it wants to come back to."""

    begun_ms: int
    random: str
    then: str = "/"

    def is_open(self, now_ms: int) -> bool:
        return self.begun_ms <= now_ms < self.begun_ms + SIGN_ON_MS_MAX

    @property
    def text(self) -> str:
        return f"{self.begun_ms:013d}.{self.random}.{_base64(self.then.encode())}"


class Attempt(NamedTuple):
    """What the provider gives back with the browser, puts into its token, and wants to see with the code (PKCE)."""

    state: str
    nonce: str
    verifier: str

    @property
    def challenge(self) -> str:
        return _base64(hashlib.sha256(self.verifier.encode()).digest())


class Rules(NamedTuple):
    """Which claim names the user, and which claim's values give a role; without `role_claim` roles are ours."""

    user_claim: str
    role_claim: str = ""
    roles: Mapping[str, Role] = {}

    @property
    def claims(self) -> frozenset[str]:
        """The claims that are needed of a person."""
        return frozenset({self.user_claim, self.role_claim} - {""})


class Person(NamedTuple):
    """Who signed in there. `role` is None where the provider does not give any."""

    name: str
    role: Role | None


def read_ticket(text: str) -> Ticket | None:
    """None for anything that is no ticket."""
    match = _TICKET.fullmatch(text)
    if match is None:
        return None
    try:
        then = base64.urlsafe_b64decode(match[3] + "=" * (-len(match[3]) % 4)).decode("ascii")
    except ValueError:
        return None
    return Ticket(int(match[1]), match[2], own_page(then))


def own_page(then: str) -> str:
    """A route of the console's; what is none is its first page, so that no address of elsewhere is followed."""
    return then if _THEN.fullmatch(then) else "/"


def attempt_of(key: bytes, ticket: Ticket) -> Attempt:
    """Three values that nobody can know without the key, each for one use."""
    return Attempt(*(_base64(hmac.digest(key, f"{use}:{ticket.text}".encode(), "sha256")) for use in Attempt._fields))


def token_fault(claims: Mapping[str, object], issuer: str, client_id: str, nonce: str, now_s: float) -> str:
    """Why an ID token whose signature is right is not for this attempt, empty when it is (Core 3.1.3.7)."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    expires_s, issued_s, subject, said = (claims.get(name) for name in ("exp", "iat", "sub", "nonce"))
    if claims.get("iss") != issuer:
        return "it is of another issuer"
    if client_id not in audiences:
        return "it is for another client"
    if claims.get("azp", None if len(audiences) > 1 else client_id) != client_id:
        return "it was given to another client"
    if not _is_number(expires_s) or now_s >= expires_s + CLOCK_SKEW_S:
        return "it is over"
    if not _is_number(issued_s) or issued_s > now_s + CLOCK_SKEW_S:
        return "it was made in the future"
    if not isinstance(said, str) or not hmac.compare_digest(said.encode("utf-8", "replace"), nonce.encode()):
        return "it is of another attempt"
    return "" if isinstance(subject, str) and 0 < len(subject) <= SUBJECT_LENGTH_MAX else "it names nobody"


def person_of(claims: Mapping[str, object], rules: Rules) -> Person | str:
    """Who the claims name; else why nobody here is meant."""
    name = claims.get(rules.user_claim)
    if not isinstance(name, str) or USER_NAME.fullmatch(name) is None:
        return f"the provider gives no {rules.user_claim} that could be a user's name"
    if rules.user_claim == EMAIL and claims.get("email_verified") is not True:
        return "the provider has not verified the e-mail address"
    if not rules.role_claim:
        return Person(name, None)
    found = claims.get(rules.role_claim)
    values = found[:ROLES_READ_MAX] if isinstance(found, list) else [found]
    given = {rules.roles[value] for value in values if isinstance(value, str) and value in rules.roles}
    highest = next((role for role in reversed(Role) if role in given), None)
    return "the provider gives no role here" if highest is None else Person(name, highest)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
