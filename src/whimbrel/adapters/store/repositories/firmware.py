"""Firmware rows. The bytes are the firmware store's."""

from __future__ import annotations

from whimbrel.adapters.store.session import Row, Session, UniqueViolationError, list_total, position_of
from whimbrel.domain.firmware import Firmware, FirmwareDraft, FirmwareFile, FirmwareStatus
from whimbrel.domain.paging import Listing, Page
from whimbrel.errors import FirmwareExistsError


class FirmwareRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, draft: FirmwareDraft) -> int:
        values = draft._asdict()
        values["file_count"] = len(values.pop("files"))
        try:
            row = await self._session.one("add_firmware", **values)
        except UniqueViolationError as error:
            raise FirmwareExistsError(_which_rule(draft, str(error))) from None
        assert row is not None
        firmware_id = int(row[0])
        for file in draft.files:
            await self._session.run("add_firmware_file", firmware_id=firmware_id, **file._asdict())
        self._count(draft.account_id, draft.product_id, draft.dest_version, firmware_id, 1)
        return firmware_id

    async def by_id(self, account_id: int, firmware_id: int) -> Firmware | None:
        row = await self._session.one("firmware_by_id", account_id=account_id, firmware_id=firmware_id)
        return await self._with_files(row) if row else None

    async def by_link(self, firmware_id: int) -> Firmware | None:
        row = await self._session.one("firmware_of_link", firmware_id=firmware_id)
        return await self._with_files(row) if row else None

    async def page(
        self, account_id: int, product_key: str | None, dest_version: str | None, page: Page
    ) -> Listing[Firmware]:
        product_id = None
        if product_key is not None:
            row = await self._session.one("product_id", account_id=account_id, product_key=product_key)
            if row is None:
                return Listing((), 0)
            product_id = int(row[0])
        list_name = firmware_list(account_id, product_id, dest_version)
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
        return Listing([Firmware(*row) for row in rows], position.total)

    async def move(self, firmware_id: int, old: FirmwareStatus, new: FirmwareStatus, now_ms: int) -> bool:
        changed = await self._session.run(
            "move_firmware", firmware_id=firmware_id, old=int(old), new=int(new), now_ms=now_ms
        )
        return changed == 1

    async def modify(self, firmware: Firmware, now_ms: int) -> None:
        try:
            await self._session.run(
                "modify_firmware",
                firmware_id=firmware.id,
                account_id=firmware.account_id,
                name=firmware.name,
                description=firmware.description,
                udi=firmware.udi,
                now_ms=now_ms,
            )
        except UniqueViolationError:
            raise FirmwareExistsError(f"another firmware has the name {firmware.name}") from None

    async def delete(self, firmware: Firmware) -> None:
        await self._session.run("delete_firmware_files", firmware_id=firmware.id)
        changed = await self._session.run("delete_firmware", firmware_id=firmware.id, account_id=firmware.account_id)
        self._count(firmware.account_id, firmware.product_id, firmware.dest_version, firmware.id, -changed)

    async def is_referenced(self, sha256: str, uploaded_after_ms: int) -> bool:
        row = await self._session.one("object_reference", sha256=sha256, uploaded_after_ms=uploaded_after_ms)
        return row is not None

    async def _with_files(self, row: Row) -> Firmware:
        firmware = Firmware(*row)
        if firmware.file_count == 0:
            return firmware
        rows = await self._session.all("files_of_firmware", firmware_id=firmware.id)
        return firmware._replace(files=tuple(FirmwareFile(*file) for file in rows))

    def _count(self, account_id: int, product_id: int, dest_version: str, firmware_id: int, n: int) -> None:
        for product in (None, product_id):
            for version in (None, dest_version):
                self._session.count(firmware_list(account_id, product, version), firmware_id, n)


def firmware_list(account_id: int, product_id: int | None, dest_version: str | None) -> str:
    of_product = "" if product_id is None else f":product:{product_id}"
    of_version = "" if dest_version is None else f":version:{dest_version}"
    return f"firmware:{account_id}{of_product}{of_version}"


def _which_rule(draft: FirmwareDraft, violation: str) -> str:
    if "firmware.name" in violation:
        return f"another firmware has the name {draft.name}"
    return f"the product's module {draft.module_name} has firmware for version {draft.dest_version} already"
