"""Accounts and their AccessKeys."""

from __future__ import annotations

from whimbrel.adapters.store.repositories.rollout_text import rollout_of, rollout_text
from whimbrel.adapters.store.session import Row, Session, UniqueViolationError, list_total, position_of
from whimbrel.domain.access import AccessKey, Account, Policy
from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.rollout import Rollout
from whimbrel.errors import AccountNameTakenError
from whimbrel.ports.sealer import Sealer

_ACCOUNTS = "accounts"


class AccountRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def id_of(self, name: str) -> int | None:
        row = await self._session.one("account_by_name", name=name)
        return int(row[0]) if row else None

    async def add(self, name: str, now_ms: int) -> int:
        try:
            row = await self._session.one("add_account", name=name, now_ms=now_ms)
        except UniqueViolationError:
            raise AccountNameTakenError(f"there is an account {name} already") from None
        assert row is not None
        account_id = int(row[0])
        self._session.count(_ACCOUNTS, account_id, 1)
        return account_id

    async def by_id(self, account_id: int) -> Account | None:
        row = await self._session.one("account_by_id", account_id=account_id)
        return Account._make(row) if row else None

    async def rollout_defaults(self, account_id: int) -> Rollout | None:
        row = await self._session.one("account_rollout", account_id=account_id)
        return rollout_of(str(row[0])) if row and row[0] else None

    async def put_rollout_defaults(self, account_id: int, rollout: Rollout | None) -> None:
        text = "" if rollout is None else rollout_text(rollout)
        await self._session.run("put_account_rollout", account_id=account_id, rollout=text)

    async def asks_approval(self, account_id: int) -> bool:
        row = await self._session.one("account_approval", account_id=account_id)
        return bool(row and row[0])

    async def put_asks_approval(self, account_id: int, is_asked: bool) -> None:
        await self._session.run("put_account_approval", account_id=account_id, approval=int(is_asked))

    async def after(self, account_id: int, limit: int) -> list[Account]:
        rows = await self._session.all("accounts_after", account_id=account_id, limit=limit)
        return [Account._make(row) for row in rows]

    async def page(self, page: Page) -> Listing[Account]:
        position = await position_of(self._session, _ACCOUNTS, page)
        if position is None:
            return Listing((), await list_total(self._session, _ACCOUNTS))
        rows = await self._session.all("accounts_page", below=position.below, skip=position.skip, size=page.size)
        return Listing([Account._make(row) for row in rows], position.total)


class AccessKeyRepository:
    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def by_id(self, access_key_id: str) -> AccessKey | None:
        row = await self._session.one("access_key", access_key_id=access_key_id)
        return self._key(row) if row else None

    async def put(self, key: AccessKey, now_ms: int) -> None:
        await self._session.run(
            "put_access_key",
            access_key_id=key.access_key_id,
            account_id=key.account_id,
            secret_sealed=self._sealer.seal(key.secret, f"access-key:{key.access_key_id}"),
            is_active=int(key.is_active),
            policy=key.policy.to_text(),
            name=key.name,
            now_ms=now_ms,
        )

    async def delete(self, account_id: int, access_key_id: str) -> bool:
        return await self._session.run("delete_access_key", account_id=account_id, access_key_id=access_key_id) == 1

    async def page(self, account_id: int, page: Page) -> Listing[AccessKey]:
        # An account has few keys (ACCESS_KEYS_MAX), so counting and skipping them costs nothing.
        rows = await self._session.all("access_keys_page", account_id=account_id, size=page.size, skip=page.offset)
        return Listing([self._key(row) for row in rows], await self.count(account_id))

    async def count(self, account_id: int) -> int:
        row = await self._session.one("access_keys_total", account_id=account_id)
        return int(row[0]) if row else 0

    def _key(self, row: Row) -> AccessKey:
        account_id, key_id, sealed, is_active, policy, *rest = row
        secret = self._sealer.open(sealed, f"access-key:{key_id}")
        return AccessKey(account_id, key_id, secret, bool(is_active), Policy.from_text(policy), *rest)
