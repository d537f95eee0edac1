"""How operations find the product that a request names (api-contract 5.3: every operation with a ProductKey)."""

from __future__ import annotations

from whimbrel.domain.product import Product
from whimbrel.errors import ProductNotFoundError
from whimbrel.operations.declaration import Context


async def find_product(context: Context, product_key: str) -> Product:
    """The caller's product of this key. Raises ProductNotFoundError, also for another account's (I15)."""
    product = await context.store.products.by_key(context.caller.account_id, product_key)
    if product is None:
        raise ProductNotFoundError(f"the product {product_key} does not exist")
    return product
