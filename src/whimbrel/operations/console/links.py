"""Links that invite to the console: an operation makes them, or the server for an account's first admin (A10)."""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.console_user import (
    INVITATION_MS_MAX,
    TOKEN_LENGTH,
    Invitation,
    Purpose,
    token_digest,
)
from whimbrel.ports.randomness import Randomness
from whimbrel.ports.store import Store, Transaction

#: Behind `#`, which browsers never send: the token stands in no server's log (ADR 0054).
WELCOME_PATH = "/console/#/welcome?token="
SERVER = "server"  # who made the first link; no AccessKeyId is so short


class LinkOrigin(NamedTuple):
    """Who makes a link, when, and where it leads to."""

    created_by: str
    now_ms: int
    public_url: str
    randomness: Randomness


async def make_link(store: Transaction, origin: LinkOrigin, account_id: int, user_id: int | None) -> str:
    """A link for the user, or with None for an account's first admin. The one before it is void."""
    token = origin.randomness.text(TOKEN_LENGTH)
    await store.console_invitations.put(
        Invitation(
            token_digest(token),
            account_id,
            user_id,
            Purpose.FIRST if user_id is None else Purpose.USER,
            origin.created_by,
            origin.now_ms,
            origin.now_ms + INVITATION_MS_MAX,
        )
    )
    return f"{origin.public_url}{WELCOME_PATH}{token}"


async def make_first_link(store: Store, origin: LinkOrigin, account: str) -> str | None:
    """A link for the account's first admin, or None when it has one who can sign in. The one before it is void."""
    async with store.transaction() as transaction:
        account_id = await transaction.accounts.id_of(account)
        if account_id is None:
            return None
        await transaction.hold(f"account:{account_id}")
        if await transaction.console_users.count_admins(account_id):
            return None
        return await make_link(transaction, origin, account_id, None)
