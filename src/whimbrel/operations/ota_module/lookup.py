"""How operations find the OTA module that a request names (api-contract 5.3: every operation with a ModuleName)."""

from __future__ import annotations

from whimbrel.domain.ota_module import DEFAULT_MODULE, OtaModule
from whimbrel.domain.product import Product
from whimbrel.errors import DefaultModuleError, OtaModuleNotFoundError
from whimbrel.operations.declaration import Context


async def find_module(context: Context, product: Product, module_name: str) -> OtaModule:
    """A module that was created for the product. Raises OtaModuleNotFoundError, DefaultModuleError for `default`."""
    if module_name == DEFAULT_MODULE:
        raise DefaultModuleError
    module = await context.store.ota_modules.by_name(product.id, module_name)
    if module is None:
        raise OtaModuleNotFoundError(f"the product {product.product_key} has no module {module_name}")
    return module


async def require_module(context: Context, product: Product, module_name: str) -> None:
    """Raises OtaModuleNotFoundError unless the product has the module; every product has `default`."""
    if module_name != DEFAULT_MODULE:
        await find_module(context, product, module_name)
