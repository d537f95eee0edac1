"""Firmware rows. The bytes are the firmware store's."""

from __future__ import annotations

from whimbrel.adapters.store.session import Session, UniqueViolationError, list_total, position_of
from whimbrel.domain.firmware import Firmware, FirmwareDraft, FirmwareStatus
from whimbrel.domain.paging import Listing, Page
from whimbrel.errors import FirmwareExistsError


class FirmwareRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, draft: FirmwareDraft) -> int:
        try:
            row = await self._session.one("add_firmware", **draft._asdict())
        except UniqueViolationError as error:
            raise FirmwareExistsError(_which_rule(draft, str(error))) from None
        assert row is not None
        self._count(draft.account_id, draft.product_id, draft.dest_version, int(row[0]), 1)
        return int(row[0])

    async def by_id(self, account_id: int, firmware_id: int) -> Firmware | None:
        row = await self._session.one("firmware_by_id", account_id=account_id, firmware_id=firmware_id)
        return Firmware._make(row) if row else None

    async def by_link(self, firmware_id: int) -> Firmware | None:
        row = await self._session.one("firmware_of_link", firmware_id=firmware_id)
        return Firmware._make(row) if row else None

    async def page(
        self, account_id: int, product_key: str | None, dest_version: str | None, page: Page
    ) -> Listing[Firmware]:
        product_id = None
        if product_key is not None:
            row = await self._session.one("product_id", account_id=account_id, product_key=product_key)
            if row is None:
                return Listing((), 0)
            product_id = int(row[0])
        list_name = _list(account_id, product_id, dest_version)
        position = await position_of(self._session, list_name, page)
        if position is None:
            return Listing((), await list_total(self._session, list_name))
        where: dict[str, object] = {"below": position.below, "skip": position.skip, "size": page.size}
        statement = "firmware_page"
        if product_id is not None:
            statement += "_of_product"
            where["product_id"] = product_id
        else:
            where["account_id"] = account_id
        if dest_version is not None:
            statement += "_version" if product_id is not None else "_of_version"
            where["dest_version"] = dest_version
        rows = await self._session.all(statement, **where)
        return Listing([Firmware._make(row) for row in rows], position.total)

    async def move(self, firmware_id: int, old: FirmwareStatus, new: FirmwareStatus, now_ms: int) -> bool:
        changed = await self._session.run(
            "move_firmware", firmware_id=firmware_id, old=int(old), new=int(new), now_ms=now_ms
        )
        return changed == 1

    async def delete(self, firmware: Firmware) -> None:
        changed = await self._session.run("delete_firmware", firmware_id=firmware.id, account_id=firmware.account_id)
        self._count(firmware.account_id, firmware.product_id, firmware.dest_version, firmware.id, -changed)

    async def is_referenced(self, sha256: str, uploaded_after_ms: int) -> bool:
        row = await self._session.one("object_reference", sha256=sha256, uploaded_after_ms=uploaded_after_ms)
        return row is not None

    def _count(self, account_id: int, product_id: int, dest_version: str, firmware_id: int, n: int) -> None:
        for product in (None, product_id):
            for version in (None, dest_version):
                self._session.count(_list(account_id, product, version), firmware_id, n)


def _list(account_id: int, product_id: int | None, dest_version: str | None) -> str:
    of_product = "" if product_id is None else f":product:{product_id}"
    of_version = "" if dest_version is None else f":version:{dest_version}"
    return f"firmware:{account_id}{of_product}{of_version}"


def _which_rule(draft: FirmwareDraft, violation: str) -> str:
    if "firmware.name" in violation:
        return f"another firmware has the name {draft.name}"
    return f"the product's module {draft.module_name} has firmware for version {draft.dest_version} already"
