"""How operations find the apply that a request names."""

from __future__ import annotations

from typing import Annotated

from whimbrel.domain.device_apply import Apply
from whimbrel.domain.product import Product
from whimbrel.errors import ApplyNotFoundError, ApplyOfAnotherProductError, InvalidFormattedApplyIdError
from whimbrel.operations.declaration import Context
from whimbrel.operations.fields import Field
from whimbrel.operations.rights import require_product

ApplyId = Annotated[int, Field("The apply.", minimum=1, error=InvalidFormattedApplyIdError)]

#: What `find_apply` and the parameter raise, beside what finding the product does.
APPLY_ERRORS = (ApplyNotFoundError, InvalidFormattedApplyIdError)


async def find_apply(context: Context, apply_id: int) -> Apply:
    """The caller's apply. Raises ApplyNotFoundError, also for another account's (I15) and for a product that the
    AccessKey may not touch as a whole (A06).
    """
    apply = await context.store.applies.by_id(context.caller.account_id, apply_id)
    if apply is None or not context.caller.scope.covers_all_devices_of(apply.product_key):
        raise ApplyNotFoundError(f"there is no apply {apply_id}")
    return apply


async def find_apply_of(context: Context, product: Product, apply_id: int) -> Apply:
    """The caller's apply for this product. Raises ApplyNotFoundError, ApplyOfAnotherProductError."""
    require_product(context, product.product_key)
    apply = await find_apply(context, apply_id)
    if apply.product_id != product.id:
        raise ApplyOfAnotherProductError(f"the apply {apply_id} is not for the product {product.product_key}")
    return apply
