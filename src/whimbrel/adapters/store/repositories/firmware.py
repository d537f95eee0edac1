"""Firmware rows. The bytes are the firmware store's."""

from __future__ import annotations

from whimbrel.adapters.store.session import Row, Session, UniqueViolationError, list_total, position_of
from whimbrel.domain.firmware import Firmware, FirmwareDraft, FirmwareFile, FirmwareStatus
from whimbrel.domain.paging import Listing, Page
from whimbrel.errors import FirmwareExistsError
from whimbrel.ports.store import FirmwareFilter

SEARCHED_MAX = 5_000  # firmware that is looked at for a module or a status, the newest: 2 ms on SQLite


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

    async def page(self, account_id: int, wanted: FirmwareFilter, page: Page) -> Listing[Firmware]:
        product_id, dest_version = None, wanted.dest_version
        if wanted.product_key is not None:
            row = await self._session.one("product_id", account_id=account_id, product_key=wanted.product_key)
            if row is None:
                return Listing((), 0)
            product_id = int(row[0])
        if wanted.module_name is not None or wanted.status is not None:
            return await self._found(account_id, product_id, wanted, page)
        list_name = firmware_list(account_id, product_id, dest_version)
        position = await position_of(self._session, list_name, page)
        if position is None:
            return Listing((), await list_total(self._session, list_name))
        of_list, where = _list_where(account_id, product_id, dest_version)
        where |= {"below": position.below, "skip": position.skip, "size": page.size}
        rows = await self._session.all(f"firmware_page{of_list}", **where)
        return Listing([Firmware(*row) for row in rows], position.total)

    async def _found(
        self, account_id: int, product_id: int | None, wanted: FirmwareFilter, page: Page
    ) -> Listing[Firmware]:
        """No counter knows these: the newest are looked at one by one."""
        of_list, where = _list_where(account_id, product_id, wanted.dest_version)
        rows = await self._session.all(
            f"firmware_found{of_list}",
            searched_max=SEARCHED_MAX,
            module_name=wanted.module_name or "",
            status=None if wanted.status is None else int(wanted.status),
            skip=page.offset,
            size=page.size,
            **where,
        )
        return Listing([Firmware(*row[1:]) for row in rows if row[1] is not None], int(rows[0][0]))

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


def _list_where(account_id: int, product_id: int | None, dest_version: str | None) -> tuple[str, dict[str, object]]:
    """The end of the names of the statements that read such a list, and what they are given."""
    where: dict[str, object] = {"account_id": account_id} if product_id is None else {"product_id": product_id}
    if dest_version is None:
        return "" if product_id is None else "_of_product", where
    where["dest_version"] = dest_version
    return "_of_version" if product_id is None else "_of_product_version", where


def firmware_list(account_id: int, product_id: int | None, dest_version: str | None) -> str:
    of_product = "" if product_id is None else f":product:{product_id}"
    of_version = "" if dest_version is None else f":version:{dest_version}"
    return f"firmware:{account_id}{of_product}{of_version}"


def _which_rule(draft: FirmwareDraft, violation: str) -> str:
    if "firmware.name" in violation:
        return f"another firmware has the name {draft.name}"
    return f"the product's module {draft.module_name} has firmware for version {draft.dest_version} already"
