"""How many devices a product may have (the vendor's quota, off unless the operator sets it)."""

from __future__ import annotations

from whimbrel.domain.product import Product
from whimbrel.errors import DeviceCountExceededError
from whimbrel.operations.declaration import Context


async def require_room(context: Context, product: Product, devices: int) -> None:
    """Raises DeviceCountExceededError. Devices that running applies will still register have their room already."""
    quota = context.services.quotas.devices_per_product
    if quota is None:
        return
    count = product.device_count + await context.store.applies.devices_to_come(product.id)
    if count + devices > quota:
        raise DeviceCountExceededError(
            f"the product has or is getting {count} devices and may have {quota}; {devices} more are too many"
        )
