"""OTA modules besides `default`."""

from __future__ import annotations

from collections.abc import Sequence

from whimbrel.adapters.store.session import Session, UniqueViolationError
from whimbrel.domain.ota_module import OtaModule, OtaModuleDraft, folded_name
from whimbrel.errors import OtaModuleExistsError


class OtaModuleRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, draft: OtaModuleDraft) -> int:
        try:
            row = await self._session.one("add_module", folded=folded_name(draft.name), **draft._asdict())
        except UniqueViolationError:
            raise OtaModuleExistsError(
                f"the product has the module {draft.name} already, or one whose name differs in case only"
            ) from None
        assert row is not None
        return int(row[0])

    async def by_name(self, product_id: int, name: str) -> OtaModule | None:
        row = await self._session.one("module_by_name", product_id=product_id, folded=folded_name(name), name=name)
        return OtaModule._make(row) if row else None

    async def of_product(self, product_id: int) -> Sequence[OtaModule]:
        rows = await self._session.all("modules_of_product", product_id=product_id)
        return [OtaModule._make(row) for row in rows]

    async def total(self, product_id: int) -> int:
        row = await self._session.one("modules_total", product_id=product_id)
        return int(row[0]) if row else 0

    async def modify(self, module: OtaModule, now_ms: int) -> None:
        await self._session.run(
            "modify_module", module_id=module.id, alias=module.alias, description=module.description, now_ms=now_ms
        )

    async def delete(self, module: OtaModule) -> None:
        await self._session.run("delete_module", module_id=module.id)

    async def has_firmware(self, module: OtaModule) -> bool:
        row = await self._session.one("firmware_of_module", product_id=module.product_id, name=module.name)
        return row is not None
