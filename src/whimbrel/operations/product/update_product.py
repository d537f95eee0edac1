"""Gives a product another name and, if one is given, another description.

1. ProductName: 4 to 30 letters, digits, underscores or CJK characters (a CJK one counts 2), unique in the account.
2. Description: up to 100 characters; without one the product keeps its own.

Source: api-contract 13.1.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.product import DESCRIPTION_LENGTH_MAX, PRODUCT_KEY, is_valid_name
from whimbrel.errors import (
    InvalidFormattedProductKeyError,
    InvalidFormattedProductNameError,
    LongProductDescError,
    ProductNameTakenError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    product_name: Annotated[str, Field("Its name from now on.", length_max=30, error=InvalidFormattedProductNameError)]
    description: Annotated[
        str | None, Field("What the product is.", length_max=DESCRIPTION_LENGTH_MAX, error=LongProductDescError)
    ] = None


EXAMPLE = Example(request={"ProductKey": "kabcdefgh01", "ProductName": "lamp_v2"}, response=EmptyResponse())


@operation(
    action="UpdateProduct",
    permission=Permission.PRODUCT_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        InvalidFormattedProductNameError,
        ProductNameTakenError,
        LongProductDescError,
    ),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    if not is_valid_name(request.product_name):
        raise InvalidFormattedProductNameError
    product = await find_product(context, request.product_key)
    description = product.description if request.description is None else request.description
    await context.store.products.update(product, request.product_name, description)
    return EmptyResponse()
