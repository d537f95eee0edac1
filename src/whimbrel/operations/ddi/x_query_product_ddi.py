"""Answers how a product's DDI devices are set up; one that was never set up has the defaults.

No token is shown: of the gateway token only whether there is one (A15).

Source: ours; ddi-protocol 2, 3.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import InvalidFormattedProductKeyError, ProductNotFoundError
from whimbrel.operations.ddi.settings import EXAMPLE_DDI_DATA, DdiData, ddi_data
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[DdiData, Field("The settings.")]


EXAMPLE = Example(request={"ProductKey": "kabcdefgh01"}, response=Response(data=EXAMPLE_DDI_DATA))


@operation(
    action="XQueryProductDdi",
    permission=Permission.PRODUCT_READ,
    example=EXAMPLE,
    errors=(InvalidFormattedProductKeyError, ProductNotFoundError),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    settings = await context.store.ddi_access.settings(product.id)
    return Response(data=ddi_data(product.product_key, settings))
