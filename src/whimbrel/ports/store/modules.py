"""OTA modules of products. Part of the port `store`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from whimbrel.domain.ota_module import OtaModule, OtaModuleDraft


class OtaModules(Protocol):
    """The modules besides `default`."""

    async def add(self, draft: OtaModuleDraft) -> int:
        """Its id. Raises OtaModuleExistsError for a name that differs from another's in case at most."""
        ...

    async def by_name(self, product_id: int, name: str) -> OtaModule | None:
        """By its name as it was given: the case counts, as it does in what devices report."""
        ...

    async def of_product(self, product_id: int) -> Sequence[OtaModule]:
        """All of a product, oldest first; operations bound how many there are."""
        ...

    async def total(self, product_id: int) -> int: ...
    async def modify(self, module: OtaModule, now_ms: int) -> None:
        """Store its alias and description."""
        ...

    async def delete(self, module: OtaModule) -> None: ...
    async def has_firmware(self, module: OtaModule) -> bool: ...
