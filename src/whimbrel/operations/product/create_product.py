"""Creates a product: the type of hardware that devices and firmware belong to.

1. ProductName: 4 to 30 letters, digits, underscores or CJK characters (a CJK one counts 2), unique in the account.
2. DataFormat is required with AliyunCommodityCode=iothub_senior.
3. AuthType other than `secret` and Id2=true are refused: devices of this release sign with their DeviceSecret.
4. PublishAuto publishes the vendor's thing model and JoinPermissionId belongs to LoRaWAN: both are ignored.

Source: api-contract 13.1.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.product import PRODUCT_KEY_LENGTH
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.new_product import (
    NEW_PRODUCT_ERRORS,
    ProductData,
    ProductRequest,
    draft_product,
    product_data,
)
from whimbrel.operations.rights import require_whole_account

PRODUCT_SECRET_LENGTH = 16


class Request(ProductRequest, msgspec.Struct, frozen=True, kw_only=True):
    pass


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[ProductData, Field("The new product.")]
    product_key: Annotated[str, Field("The new product's key once more.")]


EXAMPLE = Example(
    request={"ProductName": "lamp", "NodeType": "0"},
    response=Response(
        data=ProductData(
            product_key="kabcdefgh01",
            product_name="lamp",
            product_secret="wNc1mVpKyTq7x0aB",  # noqa: S106  an example
            node_type=0,
            data_format=None,
            auth_type="secret",
            protocol_type=None,
            aliyun_commodity_code=None,
            description="",
        ),
        product_key="kabcdefgh01",
    ),
)


@operation(
    action="CreateProduct",
    permission=Permission.PRODUCT_WRITE,
    example=EXAMPLE,
    errors=NEW_PRODUCT_ERRORS,
    manner=Manner(creates=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    random = context.services.randomness
    product_key = "k" + random.text(PRODUCT_KEY_LENGTH - 1)
    draft = await draft_product(request, product_key, random.text(PRODUCT_SECRET_LENGTH), context)
    await context.store.products.add(draft)
    return Response(data=product_data(draft), product_key=draft.product_key)
