"""Accounts and their AccessKeys."""

from __future__ import annotations

from whimbrel.adapters.store.session import Session, UniqueViolationError
from whimbrel.domain.access import AccessKey, Policy
from whimbrel.errors import StoreUnavailableError
from whimbrel.ports.sealer import Sealer


class AccessKeyRepository:
    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def by_id(self, access_key_id: str) -> AccessKey | None:
        row = await self._session.one("access_key", access_key_id=access_key_id)
        if row is None:
            return None
        account_id, key_id, sealed, is_active, policy = row
        secret = self._sealer.open(sealed, f"access-key:{key_id}")
        return AccessKey(account_id, key_id, secret, bool(is_active), Policy.from_text(policy))

    async def account_id(self, name: str) -> int | None:
        row = await self._session.one("account_by_name", name=name)
        return int(row[0]) if row else None

    async def add_account(self, name: str, now_ms: int) -> int:
        try:
            row = await self._session.one("add_account", name=name, now_ms=now_ms)
        except UniqueViolationError:
            raise StoreUnavailableError(f"there is an account {name} already") from None
        assert row is not None
        return int(row[0])

    async def put(self, key: AccessKey, now_ms: int) -> None:
        await self._session.run(
            "put_access_key",
            access_key_id=key.access_key_id,
            account_id=key.account_id,
            secret_sealed=self._sealer.seal(key.secret, f"access-key:{key.access_key_id}"),
            is_active=int(key.is_active),
            policy=key.policy.to_text(),
            now_ms=now_ms,
        )
