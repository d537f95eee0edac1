"""Answers one product in full.

Source: api-contract 13.1. NetType is answered as a number, though CreateProduct takes a word.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.product import NET_TYPE_NUMBERS, PRODUCT_KEY, NetType, Product
from whimbrel.errors import InvalidFormattedProductKeyError, ProductNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]


class ProductData(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product's public key.")]
    product_name: Annotated[str, Field("Its name.")]
    product_secret: Annotated[
        str | None,
        Field("The secret that devices of dynamic registration share; not for keys limited to groups.", is_secret=True),
    ]
    product_status: Annotated[str, Field("`DEVELOPMENT_STATUS`: this server knows no publishing.")]
    node_type: Annotated[int, Field("0 device, 1 gateway.")]
    data_format: Annotated[int | None, Field("0 custom, 1 Alink JSON.")]
    auth_type: Annotated[str, Field("How devices prove who they are.")]
    net_type: Annotated[int, Field("3 Wi-Fi, 6 cellular, 7 Ethernet, 8 other.")]
    protocol_type: Annotated[str | None, Field("Protocol of devices behind a gateway.")]
    aliyun_commodity_code: Annotated[str | None, Field("`iothub_senior`, or absent.")]
    category_key: Annotated[str, Field("The vendor's category.")]
    category_name: Annotated[str, Field("Always empty: categories are the vendor's.")]
    device_count: Annotated[int, Field("How many devices the product has.")]
    description: Annotated[str, Field("What the product is.")]
    gmt_create: Annotated[int, Field("Creation, epoch milliseconds.")]
    id2: Annotated[bool, Field("Always false.")]
    owner: Annotated[bool, Field("Always true: products are not shared.")]
    validate_type: Annotated[int, Field("As given at creation.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[ProductData, Field("The product.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01"},
    response=Response(
        data=ProductData(
            product_key="kabcdefgh01",
            product_name="lamp",
            product_secret="wNc1mVpKyTq7x0aB",  # noqa: S106  an example
            product_status="DEVELOPMENT_STATUS",
            node_type=0,
            data_format=None,
            auth_type="secret",
            net_type=3,
            protocol_type=None,
            aliyun_commodity_code=None,
            category_key="",
            category_name="",
            device_count=2,
            description="",
            gmt_create=1735787045678,
            id2=False,
            owner=True,
            validate_type=1,
        )
    ),
)


@operation(
    action="QueryProduct",
    permission=Permission.PRODUCT_READ,
    example=EXAMPLE,
    errors=(ProductNotFoundError, InvalidFormattedProductKeyError),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    # With it a device that is in none of the key's groups could be enrolled.
    has_all_devices = context.caller.scope.covers_all_devices_of(product.product_key)
    return Response(data=_answer(product, product.product_secret if has_all_devices else None))


def _answer(product: Product, secret: str | None) -> ProductData:
    return ProductData(
        product_key=product.product_key,
        product_name=product.name,
        product_secret=secret,
        product_status="DEVELOPMENT_STATUS",
        node_type=product.node_type,
        data_format=product.data_format,
        auth_type=product.auth_type,
        net_type=NET_TYPE_NUMBERS[NetType(product.net_type)],
        protocol_type=product.protocol_type or None,
        aliyun_commodity_code=product.commodity_code or None,
        category_key=product.category_key,
        category_name="",
        device_count=product.device_count,
        description=product.description,
        gmt_create=product.created_ms,
        id2=False,
        owner=True,
        validate_type=product.validate_type,
    )
