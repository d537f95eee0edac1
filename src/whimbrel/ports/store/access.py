"""Accounts, their AccessKeys, what was audited, and the tokens of creating calls. Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.access import AccessKey, Account
from whimbrel.domain.audit import AuditDraft, AuditEntry, ChainHead
from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.rollout import Rollout


class AuditFilter(NamedTuple):
    """At most one of them narrows a list of audit entries."""

    access_key_id: str | None = None
    action: str | None = None
    before_ms: int | None = None  # entered before this time


class ClientToken(NamedTuple):
    """The name that a caller gave to one creating call."""

    account_id: int
    access_key_id: str
    action: str
    token: str


class TokenUse(NamedTuple):
    """What a token was used for: the digest of the request, and the answer as JSON."""

    digest: str
    answer: str


class AccessKeys(Protocol):
    async def by_id(self, access_key_id: str) -> AccessKey | None: ...
    async def put(self, key: AccessKey, now_ms: int) -> None:
        """Add the key, or give this account's existing one the secret, state, policy and name."""
        ...

    async def delete(self, account_id: int, access_key_id: str) -> bool:
        """False when the account has no such key."""
        ...

    async def page(self, account_id: int, page: Page) -> Listing[AccessKey]:
        """Newest first."""
        ...

    async def count(self, account_id: int) -> int: ...


class Accounts(Protocol):
    async def id_of(self, name: str) -> int | None: ...
    async def add(self, name: str, now_ms: int) -> int:
        """The new account's id. Raises AccountNameTakenError."""
        ...

    async def by_id(self, account_id: int) -> Account | None: ...
    async def rollout_defaults(self, account_id: int) -> Rollout | None:
        """What the account's new jobs carry where the call says nothing; None is what this release does."""
        ...

    async def put_rollout_defaults(self, account_id: int, rollout: Rollout | None) -> None: ...
    async def asks_approval(self, account_id: int) -> bool:
        """Whether the account's rollouts need somebody else's approval."""
        ...

    async def put_asks_approval(self, account_id: int, is_asked: bool) -> None: ...
    async def after(self, account_id: int, limit: int) -> list[Account]:
        """The next accounts in the order of their making."""
        ...

    async def page(self, page: Page) -> Listing[Account]:
        """Newest first."""
        ...


class AuditLog(Protocol):
    async def append(self, draft: AuditDraft) -> None:
        """Chain the entry to the account's newest one, in this transaction (I16)."""
        ...

    async def head(self, account_id: int) -> ChainHead: ...
    async def page(self, account_id: int, narrowed: AuditFilter, page: Page) -> Listing[AuditEntry]:
        """Newest first."""
        ...

    async def after(self, account_id: int, number: int, limit: int) -> list[AuditEntry]:
        """The next entries in the order of the chain."""
        ...


class ClientTokens(Protocol):
    async def use_of(self, token: ClientToken) -> TokenUse | None: ...
    async def remember(self, token: ClientToken, use: TokenUse, now_ms: int) -> None: ...
    async def forget_before(self, used_before_ms: int, limit: int) -> int:
        """Drop tokens that old, at most `limit` of them; how many."""
        ...
