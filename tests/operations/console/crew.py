"""What the tests of users of the console share: people who are there without having followed a link, and calls."""

from __future__ import annotations

from typing import Any

from tests.operations.signed_door import PUBLIC_URL, SignedDoor
from whimbrel.domain.access import Identity
from whimbrel.domain.console_user import (
    SESSION_MS_MAX,
    ConsoleUser,
    Role,
    UserSession,
    UserStatus,
    actor_of,
    policy_of,
    token_digest,
)
from whimbrel.errors import WhimbrelError

LINK = f"{PUBLIC_URL}/console/#/welcome?token="


async def add(
    door: SignedDoor, name: str, role: Role = Role.ADMIN, account_id: int | None = None, **changes: Any
) -> ConsoleUser:
    """A user of the account `default` who may sign in."""
    now_ms = door.clock.at_ms
    account_id = account_id or await door.account_id()
    user = ConsoleUser(0, account_id, name, role, "hash", created_ms=now_ms, modified_ms=now_ms)
    async with door.store.transaction() as store:
        return await store.console_users.add(user._replace(**changes))


async def open_session(door: SignedDoor, user: ConsoleUser, token: str = "cookie", **changes: Any) -> UserSession:
    """A browser of the user."""
    now_ms = door.clock.at_ms
    ends_ms = now_ms + SESSION_MS_MAX
    session = UserSession(
        0, user.account_id, user.id, token_digest(token), now_ms, now_ms, ends_ms, "192.0.2.7", "agent"
    )
    async with door.store.transaction() as store:
        return await store.console_sessions.add(session._replace(**changes))


async def find(door: SignedDoor, name: str) -> ConsoleUser | None:
    """The user as the store has it."""
    async with door.store.snapshot() as store:
        return await store.console_users.by_name(await door.account_id(), name)


async def tokens_left(door: SignedDoor, *tokens: str) -> list[str]:
    """Which sessions are there."""
    async with door.store.snapshot() as store:
        return [token for token in tokens if await store.console_sessions.by_digest(token_digest(token))]


async def has_link(door: SignedDoor, link: str) -> bool:
    """Whether the link still works."""
    async with door.store.snapshot() as store:
        return await store.console_invitations.by_digest(token_digest(link.removeprefix(LINK))) is not None


async def call_as(door: SignedDoor, user: ConsoleUser, action: str, **parameters: str) -> str:
    """A call of a person through the hall; the code of its refusal, '' when it succeeds."""
    identity = Identity(user.account_id, actor_of(user.name), policy_of(user.role))
    try:
        await door.hall.run(identity, action, parameters, "request")
    except WhimbrelError as error:
        return error.code
    return ""


DISABLED = {"status": UserStatus.DISABLED}
