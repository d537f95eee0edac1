"""How operations find the devices that a request names (api-contract 10.2: an unknown name refuses the call)."""

from __future__ import annotations

from whimbrel.domain.product import Product
from whimbrel.errors import DeviceNotFoundError
from whimbrel.operations.declaration import Context


async def find_named_devices(context: Context, product: Product, names: tuple[str, ...]) -> tuple[int, ...]:
    """The devices' ids in the order of `names`. Raises DeviceNotFoundError naming the first that is missing."""
    found = await context.store.devices.ids_by_names(product.account_id, product.id, names)
    missing = [name for name in names if name not in found]
    if missing:
        raise DeviceNotFoundError(f"the product {product.product_key} has no device {missing[0]}")
    return tuple(found[name] for name in names)
