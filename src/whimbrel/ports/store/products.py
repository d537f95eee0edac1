"""Products. Part of the port `store`."""

from __future__ import annotations

from typing import Protocol

from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.product import Product, ProductDraft


class Products(Protocol):
    async def add(self, draft: ProductDraft) -> int:
        """Its id. Raises ProductNameTakenError."""
        ...

    async def by_key(self, account_id: int, product_key: str) -> Product | None: ...
    async def page(self, account_id: int, commodity_code: str | None, page: Page) -> Listing[Product]: ...
