"""Sessions of the console: which are open, how they begin, and what the audit trail says of them (A10, A21)."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.audit import AuditDraft, AuditOutcome, parameters_text
from whimbrel.domain.console_user import (
    AGENT_LENGTH_MAX,
    SESSION_MS_MAX,
    TOKEN_LENGTH,
    ConsoleUser,
    UserSession,
    token_digest,
)
from whimbrel.ports.randomness import Randomness
from whimbrel.ports.store import SignedIn, Store, Transaction


class Visit(NamedTuple):
    """A browser's call: when, under which id, from where, and what the browser calls itself.

    `token` is that of the session it has, '' for none.
    """

    now_ms: int
    request_id: str
    address: str
    agent: str
    token: str = ""


class NewSession(NamedTuple):
    """A session that began now. Its `token` is for the browser alone."""

    token: str
    session: UserSession
    user: ConsoleUser


async def find_session(store: Store, token: str, now_ms: int) -> SignedIn | None:
    """The open session of a token and whose it is, None for any other.

    Read anew at each call, so who was disabled or signed out elsewhere is out at once (A21).
    """
    async with store.snapshot() as snapshot:
        found = await snapshot.console_sessions.by_digest(token_digest(token))
    # Not by the password: who signs in at an identity provider has none.
    if found is None or not found.session.is_open(now_ms) or not found.user.is_active:
        return None
    return found


async def see_session(store: Store, digest: str, now_ms: int) -> None:
    """The session was used now: it lasts longer."""
    async with store.transaction() as transaction:
        await transaction.console_sessions.see(digest, now_ms)


async def begin_session(store: Transaction, user: ConsoleUser, visit: Visit, randomness: Randomness) -> NewSession:
    """A new session with a token that nobody knew before; the one that the browser had is over (A10)."""
    if visit.token:
        former = await store.console_sessions.by_digest(token_digest(visit.token))
        if former is not None:
            await store.console_sessions.end(former.session.account_id, former.session.id)
    token = randomness.text(TOKEN_LENGTH)
    session = await store.console_sessions.add(
        UserSession(
            0,
            user.account_id,
            user.id,
            token_digest(token),
            visit.now_ms,
            visit.now_ms,
            visit.now_ms + SESSION_MS_MAX,
            visit.address,
            printable(visit.agent),
        )
    )
    return NewSession(token, session, user)


class Deed(NamedTuple):
    """What the audit trail is told: who did what, and how it came out."""

    account_id: int
    actor: str
    action: str
    outcome: AuditOutcome = AuditOutcome.ACCEPTED


async def enter(store: Transaction, deed: Deed, visit: Visit) -> None:
    """Into the account's audit trail (I16). The transaction holds the account."""
    said = parameters_text({"Address": visit.address, "Agent": printable(visit.agent)}, frozenset())
    await store.audit.append(
        AuditDraft(deed.account_id, visit.now_ms, deed.actor, deed.action, visit.request_id, deed.outcome, said, "{}")
    )


def account_turn(account_id: int) -> str:
    """The name under which changes of an account take turns."""
    return f"account:{account_id}"


def printable(agent: str) -> str:
    """What a browser calls itself, as far as it is kept: strangers write it, so no control characters."""
    return "".join(character if character.isprintable() else "?" for character in agent[:AGENT_LENGTH_MAX])
