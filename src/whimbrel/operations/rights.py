"""Refusals of a key whose policy is limited to some products or groups (A06).

Objects it may not touch are "not found", by the lookups; what concerns the whole account is refused here.
"""

from __future__ import annotations

from whimbrel.errors import ForbiddenError
from whimbrel.operations.declaration import Context


def require_whole_account(context: Context, instead: str = "") -> None:
    """Raises ForbiddenError unless a statement without limits names the action; `instead` says what to do."""
    if not context.caller.scope.is_whole_account:
        raise ForbiddenError(f"this AccessKey is limited to some products or groups{instead and '; '}{instead}")


def require_product(context: Context, product_key: str | None) -> None:
    """For lists with an optional ProductKey: raises ForbiddenError when the key must name one of its products."""
    if product_key is None:
        require_whole_account(context, "name one of them with ProductKey")
    elif not context.caller.scope.covers_all_devices_of(product_key):
        require_whole_account(context, f"its statements do not open the product {product_key[:64]} as a whole")
