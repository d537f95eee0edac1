"""The audit trail and the tokens of creating calls."""

from __future__ import annotations

from whimbrel.adapters.store.session import Row, Session, list_total, position_of
from whimbrel.domain.audit import EMPTY_CHAIN, AuditDraft, AuditEntry, AuditOutcome, ChainHead, entry_after
from whimbrel.domain.paging import Listing, Page
from whimbrel.ports.sealer import Sealer
from whimbrel.ports.store import AuditFilter, ClientToken, TokenUse

CHAIN_KEY = "audit chain"


class AuditRepository:
    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def append(self, draft: AuditDraft) -> None:
        head = await self.head(draft.account_id)
        entry = entry_after(head, draft, self._sealer.derive_key(CHAIN_KEY))
        row = await self._session.one("add_audit_entry", **entry._asdict())
        assert row is not None
        await self._session.run("put_audit_head", account_id=draft.account_id, number=entry.number, hash=entry.hash)
        for narrowed in (
            AuditFilter(),
            AuditFilter(access_key_id=entry.access_key_id),
            AuditFilter(action=entry.action),
        ):
            self._session.count(audit_list(draft.account_id, narrowed), int(row[0]), 1)

    async def head(self, account_id: int) -> ChainHead:
        row = await self._session.one("audit_head", account_id=account_id)
        return ChainHead._make(row) if row else EMPTY_CHAIN

    async def page(self, account_id: int, narrowed: AuditFilter, page: Page) -> Listing[AuditEntry]:
        if narrowed.before_ms is not None:
            return await self._page_before(account_id, narrowed.before_ms, page)
        list_name = audit_list(account_id, narrowed)
        position = await position_of(self._session, list_name, page)
        if position is None:
            return Listing((), await list_total(self._session, list_name))
        where: dict[str, object] = {
            "account_id": account_id,
            "below": position.below,
            "skip": position.skip,
            "size": page.size,
        }
        statement = "audit_page"
        if narrowed.access_key_id is not None:
            statement, where["access_key_id"] = "audit_page_of_key", narrowed.access_key_id
        elif narrowed.action is not None:
            statement, where["action"] = "audit_page_of_action", narrowed.action
        return Listing([_entry(row) for row in await self._session.all(statement, **where)], position.total)

    async def _page_before(self, account_id: int, before_ms: int, page: Page) -> Listing[AuditEntry]:
        total = await self._count_before(account_id, before_ms)
        where = {"account_id": account_id, "number": total - page.offset, "size": page.size}
        return Listing([_entry(row) for row in await self._session.all("audit_page_from", **where)], total)

    async def _count_before(self, account_id: int, before_ms: int) -> int:
        """By halves: 20 looks at the chain's index find a time among a million entries, which have no index by time."""
        low, high = 0, (await self.head(account_id)).number
        while low < high:
            middle = (low + high + 1) // 2
            row = await self._session.one("audit_time", account_id=account_id, number=middle)
            if row is not None and row[0] < before_ms:
                low = middle
            else:
                high = middle - 1
        return low

    async def after(self, account_id: int, number: int, limit: int) -> list[AuditEntry]:
        rows = await self._session.all("audit_after", account_id=account_id, number=number, limit=limit)
        return [_entry(row) for row in rows]


class ClientTokenRepository:
    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def use_of(self, token: ClientToken) -> TokenUse | None:
        row = await self._session.one("client_token", **token._asdict())
        return TokenUse(row[0], self._sealer.open(row[1], _owner(token))) if row else None

    async def remember(self, token: ClientToken, use: TokenUse, now_ms: int) -> None:
        # The answer may hold a device's or a key's secret: sealed like any other (A05).
        await self._session.run(
            "add_client_token",
            **token._asdict(),
            digest=use.digest,
            answer_sealed=self._sealer.seal(use.answer, _owner(token)),
            now_ms=now_ms,
        )

    async def forget_before(self, used_before_ms: int, limit: int) -> int:
        return await self._session.run("forget_client_tokens", used_before_ms=used_before_ms, limit=limit)


def audit_list(account_id: int, narrowed: AuditFilter) -> str:
    """The name of the list of an account's entries, all or narrowed."""
    if narrowed.access_key_id is not None:
        return f"audit:{account_id}:key:{narrowed.access_key_id}"
    return f"audit:{account_id}" if narrowed.action is None else f"audit:{account_id}:action:{narrowed.action}"


def _entry(row: Row) -> AuditEntry:
    entry = AuditEntry._make(row)
    return entry._replace(outcome=AuditOutcome(entry.outcome))


def _owner(token: ClientToken) -> str:
    return f"client-token:{token.account_id}:{token.access_key_id}:{token.action}:{token.token}"
