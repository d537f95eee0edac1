"""Who is signed in: the value that every page and call of a person stands on, and where it comes from."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.access import Policy


class Session(NamedTuple):
    """One person's session, as it is now: rights that were changed meanwhile are the changed ones.

    `account` is the account's name, `user` the person's; `token_digest` names the session without opening it.
    """

    account_id: int
    account: str
    user: str
    role: str
    policy: Policy
    sees_secrets: bool
    token_digest: str
    expires_ms: int


class Sessions(Protocol):
    """The sessions that are open."""

    async def of_token(self, token: str, now_ms: int, *, action: str = "", is_use: bool = True) -> Session | None:
        """None when the token is unknown, expired or revoked, or its user is disabled. Raises StoreUnavailableError.

        `action` is what the session is asked for, by whose capacity it is looked up (I8). Without `is_use` nobody did
        anything: looking whether a session still holds does not make it last.
        """
        ...
