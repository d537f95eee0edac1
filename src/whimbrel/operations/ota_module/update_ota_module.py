"""Changes the alias and the description of a module.

1. What is not given stays as it is.
2. The module `default` has neither and cannot be changed.

Source: api-contract 9.2.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.ota_module import ALIAS_NAME, MODULE_DESCRIPTION_LENGTH_MAX, MODULE_NAME
from whimbrel.errors import DefaultModuleError, OtaInvalidParameterError, OtaModuleNotFoundError, ProductNotFoundError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ota_module.lookup import find_module
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", length_max=64)]
    module_name: Annotated[str, Field("The module.", pattern=MODULE_NAME)]
    alias_name: Annotated[str | None, Field("A name for people: letters, digits, CJK, . _ -", pattern=ALIAS_NAME)] = (
        None
    )
    desc: Annotated[str | None, Field("What the module is.", length_max=MODULE_DESCRIPTION_LENGTH_MAX)] = None


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "ModuleName": "mcu", "Desc": "Controls the motor"}, response=EmptyResponse()
)


@operation(
    action="UpdateOTAModule",
    permission=Permission.PRODUCT_WRITE,
    example=EXAMPLE,
    errors=(ProductNotFoundError, DefaultModuleError, OtaModuleNotFoundError, OtaInvalidParameterError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    product = await find_product(context, request.product_key)
    module = await find_module(context, product, request.module_name)
    changed = module._replace(
        alias=module.alias if request.alias_name is None else request.alias_name,
        description=module.description if request.desc is None else request.desc,
    )
    await context.store.ota_modules.modify(changed, context.now_ms)
    return EmptyResponse()
