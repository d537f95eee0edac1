"""How operations find the product that a request names (api-contract 5.3: every operation with a ProductKey)."""

from __future__ import annotations

from whimbrel.domain.product import Product
from whimbrel.errors import ProductNotFoundError
from whimbrel.operations.declaration import Context


async def find_product(context: Context, product_key: str) -> Product:
    """The caller's product of this key, for what concerns the product as a whole.

    Raises ProductNotFoundError, also for another account's (I15) and for one that the AccessKey may not touch (A06).
    """
    product = await context.store.products.by_key(context.caller.account_id, product_key)
    if product is None or not context.caller.scope.covers_product(product_key):
        raise _not_found(product_key)
    return product


async def refer_to_product(context: Context, product_key: str) -> Product:
    """As `find_product`, where the product is only named: a key that is limited to groups may name it while it changes
    something else, for which it needs a right of its own.
    """
    product = await context.store.products.by_key(context.caller.account_id, product_key)
    if product is None or not context.caller.scope.may_name_product(product_key):
        raise _not_found(product_key)
    return product


def _not_found(product_key: str) -> ProductNotFoundError:
    return ProductNotFoundError(f"the product {product_key} does not exist")
