"""Removes a module from a product.

1. Refused while the module has firmware, and so also while a job upgrades it.
2. The module `default` cannot be deleted.
3. Versions that devices reported for it stay theirs.

Source: api-contract 9.3.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.ota_module import MODULE_NAME
from whimbrel.errors import (
    DefaultModuleError,
    OtaInvalidParameterError,
    OtaModuleInUseError,
    OtaModuleNotFoundError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ota_module.lookup import find_module
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", length_max=64)]
    module_name: Annotated[str, Field("The module.", pattern=MODULE_NAME)]


EXAMPLE = Example(request={"ProductKey": "kabcdefgh01", "ModuleName": "mcu"}, response=EmptyResponse())


@operation(
    action="DeleteOTAModule",
    permission=Permission.PRODUCT_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        DefaultModuleError,
        OtaModuleNotFoundError,
        OtaModuleInUseError,
        OtaInvalidParameterError,
    ),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    product = await find_product(context, request.product_key)
    module = await find_module(context, product, request.module_name)
    if await context.store.ota_modules.has_firmware(module):
        raise OtaModuleInUseError
    await context.store.ota_modules.delete(module)
    return EmptyResponse()
