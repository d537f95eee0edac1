"""Products. Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.paging import Listing, Page
from whimbrel.domain.product import Product, ProductDraft


class ProductFilter(NamedTuple):
    """What narrows a list of products; None narrows nothing."""

    commodity_code: str | None = None
    resource_group_id: str | None = None


class Products(Protocol):
    """Deleted products are found by no method."""

    async def add(self, draft: ProductDraft) -> int:
        """Its id. Raises ProductNameTakenError."""
        ...

    async def free_key(self, account_id: int, product_key: str) -> bool:
        """Whether a product may have this key, which no two of the server have. A deleted product of the account gives
        it up: its row, which stays for its jobs, gets another key. Hold `product_key:` and the key before.
        """
        ...

    async def by_key(self, account_id: int, product_key: str) -> Product | None: ...
    async def page(self, account_id: int, narrowed: ProductFilter, page: Page) -> Listing[Product]:
        """Newest first."""
        ...

    async def count(self, account_id: int) -> int: ...
    async def update(self, product: Product, name: str, description: str) -> None:
        """Raises ProductNameTakenError, StoreConflictError."""
        ...

    async def delete(self, product: Product, now_ms: int) -> None:
        """Its row stays for the jobs it had; its name is free. Raises StoreConflictError."""
        ...

    async def has_unfinished_jobs(self, product_id: int) -> bool: ...
