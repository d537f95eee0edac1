"""Accounts and their AccessKeys. Part of the port `store`."""

from __future__ import annotations

from typing import Protocol

from whimbrel.domain.access import AccessKey


class AccessKeys(Protocol):
    async def by_id(self, access_key_id: str) -> AccessKey | None: ...
    async def account_id(self, name: str) -> int | None: ...
    async def add_account(self, name: str, now_ms: int) -> int:
        """The new account's id. Raises StoreUnavailableError when the name is taken."""
        ...

    async def put(self, key: AccessKey, now_ms: int) -> None:
        """Add the key, or give an existing one this secret and policy."""
        ...
