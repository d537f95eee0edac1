"""Devices that are registered many at a time."""

from __future__ import annotations

from collections.abc import Sequence

from whimbrel.adapters.store.repositories.device_lists import apply_list
from whimbrel.adapters.store.repositories.devices import device_of
from whimbrel.adapters.store.session import Row, Session, list_total, position_of
from whimbrel.domain.device import DEVICE_NAME_LENGTH_MAX, Device
from whimbrel.domain.device_apply import Apply, ApplyDraft, ApplyStatus, AskedName
from whimbrel.domain.paging import Listing, Page
from whimbrel.ports.sealer import Sealer


class ApplyRepository:
    def __init__(self, session: Session, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def add(self, draft: ApplyDraft) -> int:
        row = await self._session.one(
            "add_apply",
            account_id=draft.account_id,
            product_id=draft.product_id,
            status=draft.status.value,
            is_random=int(draft.is_random),
            names=draft.names,
            now_ms=draft.created_ms,
        )
        assert row is not None
        return int(row[0])

    async def by_id(self, account_id: int, apply_id: int) -> Apply | None:
        return _apply(await self._session.one("apply_by_id", account_id=account_id, apply_id=apply_id))

    async def page(self, apply: Apply, page: Page) -> Listing[Device]:
        position = await position_of(self._session, apply_list(apply.id), page)
        if position is None:
            return Listing((), await list_total(self._session, apply_list(apply.id)))
        rows = await self._session.all(
            "devices_page_of_apply",
            account_id=apply.account_id,
            apply_id=apply.id,
            below=position.below,
            skip=position.skip,
            size=page.size,
        )
        return Listing([device_of(row, self._sealer) for row in rows], position.total)

    async def move(self, old: Apply, new: Apply, now_ms: int) -> bool:
        changed = await self._session.run(
            "move_apply",
            apply_id=old.id,
            old_status=old.status.value,
            old_done_number=old.done_number,
            status=new.status.value,
            done_number=new.done_number,
            failed=new.failed,
            now_ms=now_ms,
        )
        return changed == 1

    async def next_running(self) -> Apply | None:
        return _apply(await self._session.one("oldest_running_apply"))

    async def devices_to_come(self, product_id: int) -> int:
        row = await self._session.one("names_to_register", product_id=product_id)
        return int(row[0]) if row else 0


class ApplyNameRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, apply_id: int, after: int, names: Sequence[AskedName]) -> None:
        await self._session.run_many(
            "add_apply_name",
            [
                {"apply_id": apply_id, "number": number, **name._asdict()}
                for number, name in enumerate(names, after + 1)
            ],
        )

    async def after(self, apply_id: int, number: int, limit: int) -> list[AskedName]:
        rows = await self._session.all("apply_names", apply_id=apply_id, after=number, limit=limit)
        return [AskedName._make(row) for row in rows]

    async def blame(self, apply_id: int, number: int, fault: str) -> None:
        await self._session.run("blame_apply_name", apply_id=apply_id, number=number, fault=fault)

    async def taken(self, product_id: int, names: Sequence[str]) -> frozenset[str]:
        if not names:
            return frozenset()
        padded = "".join([name.ljust(DEVICE_NAME_LENGTH_MAX) for name in names])
        rows = await self._session.all("taken_device_names", product_id=product_id, names=padded, n=len(names))
        return frozenset(row[0] for row in rows)


def _apply(row: Row | None) -> Apply | None:
    if row is None:
        return None
    apply = Apply._make(row)
    return apply._replace(status=ApplyStatus(apply.status), is_random=bool(apply.is_random))
