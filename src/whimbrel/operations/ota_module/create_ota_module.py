"""Adds a module to a product: a part of its devices that is upgraded apart from the others.

1. ModuleName: 1 to 64 letters, digits or any of . _ -; unique in the product whatever the case, and never changed.
2. `default` is every product's own and cannot be created.
3. At most 256 modules a product; the vendor's quota of 10 is a setting of this server, off by default.
4. Versions that devices have reported for the name already count as the module's from now on.

Source: api-contract 9.1, 14.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.ota_module import (
    ALIAS_NAME,
    DEFAULT_MODULE,
    MODULE_DESCRIPTION_LENGTH_MAX,
    MODULE_NAME,
    MODULES_PER_PRODUCT_MAX,
    OtaModuleDraft,
    folded_name,
)
from whimbrel.errors import (
    DefaultModuleError,
    OtaInvalidParameterError,
    OtaModuleCountError,
    OtaModuleExistsError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", length_max=64)]
    module_name: Annotated[str, Field("The module's name, as devices report it.", pattern=MODULE_NAME)]
    alias_name: Annotated[str, Field("A name for people: letters, digits, CJK, . _ -", pattern=ALIAS_NAME)] = ""
    desc: Annotated[str, Field("What the module is.", length_max=MODULE_DESCRIPTION_LENGTH_MAX)] = ""


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "ModuleName": "mcu", "AliasName": "Motor-control"}, response=EmptyResponse()
)


@operation(
    action="CreateOTAModule",
    permission=Permission.PRODUCT_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        DefaultModuleError,
        OtaModuleExistsError,
        OtaModuleCountError,
        OtaInvalidParameterError,
    ),
    manner=Manner(creates=True),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    product = await find_product(context, request.product_key)
    if folded_name(request.module_name) == DEFAULT_MODULE:
        raise DefaultModuleError
    quota = context.services.quotas.modules_per_product
    modules_max = MODULES_PER_PRODUCT_MAX if quota is None else min(quota, MODULES_PER_PRODUCT_MAX)
    has_room = await context.store.ota_modules.total(product.id) < modules_max
    draft = OtaModuleDraft(product.id, request.module_name, request.alias_name, request.desc, context.now_ms)
    # First the name: a caller whose answer was lost repeats the call, and must read then that the module exists.
    await context.store.ota_modules.add(draft)
    if not has_room:
        raise OtaModuleCountError(f"the product has {modules_max} modules, and may not have more")
    return EmptyResponse()
