"""What the operations that make a product share: what is asked of it, what may be refused, and what is answered."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.product import (
    DESCRIPTION_LENGTH_MAX,
    RESOURCE_GROUP_ID,
    AuthType,
    DataFormat,
    NetType,
    NodeType,
    ProductDraft,
    ProtocolType,
    is_valid_name,
)
from whimbrel.errors import (
    InvalidCommodityCodeError,
    InvalidFormattedProductNameError,
    InvalidNodeTypeError,
    LongProductDescError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
    ProductCountExceededError,
    ProductNameTakenError,
)
from whimbrel.operations.declaration import Context
from whimbrel.operations.fields import Field

SENIOR = "iothub_senior"
NEW_PRODUCT_ERRORS = (
    InvalidFormattedProductNameError,
    ProductNameTakenError,
    ProductCountExceededError,
    InvalidCommodityCodeError,
    InvalidNodeTypeError,
    LongProductDescError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
)


class ProductRequest(msgspec.Struct, frozen=True, kw_only=True):
    product_name: Annotated[str, Field("The product's name.", length_max=30, error=InvalidFormattedProductNameError)]
    node_type: Annotated[NodeType, Field("0 device, 1 gateway.", error=InvalidNodeTypeError)]
    aliyun_commodity_code: Annotated[
        str | None,
        Field("`iothub_senior`, or absent for a basic product.", length_max=32, error=InvalidCommodityCodeError),
    ] = None
    data_format: Annotated[DataFormat | None, Field("0 custom, 1 Alink JSON; needed with `iothub_senior`.")] = None
    net_type: Annotated[NetType, Field("How devices reach the network.")] = NetType.WIFI
    auth_type: Annotated[AuthType, Field("How devices prove who they are; this release serves `secret`.")] = (
        AuthType.SECRET
    )
    protocol_type: Annotated[ProtocolType | None, Field("Protocol of devices behind a gateway.")] = None
    description: Annotated[
        str, Field("What the product is.", length_max=DESCRIPTION_LENGTH_MAX, error=LongProductDescError)
    ] = ""
    category_key: Annotated[str, Field("The vendor's category; stored and answered.", length_max=64)] = ""
    validate_type: Annotated[int, Field("1 weak, 2 none; stored and answered.", minimum=1, maximum=2)] = 1
    publish_auto: Annotated[bool, Field("Ignored: there is no thing model to publish.")] = True
    id2: Annotated[bool, Field("Whether devices use ID2, which this release does not serve.")] = False
    join_permission_id: Annotated[str, Field("Ignored: it belongs to LoRaWAN.", length_max=64)] = ""
    resource_group_id: Annotated[
        str, Field("A name by which lists of products and devices can be narrowed.", pattern=RESOURCE_GROUP_ID)
    ] = ""


class ProductData(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product's public key, 11 letters and digits.")]
    product_name: Annotated[str, Field("As given.")]
    product_secret: Annotated[str, Field("The secret that devices of dynamic registration share.", is_secret=True)]
    node_type: Annotated[int, Field("As given.")]
    data_format: Annotated[int | None, Field("As given; absent for a basic product.")]
    auth_type: Annotated[str, Field("As given.")]
    protocol_type: Annotated[str | None, Field("As given.")]
    aliyun_commodity_code: Annotated[str | None, Field("As given.")]
    description: Annotated[str, Field("As given.")]
    id2: Annotated[bool, Field("Always false: ID2 is not served.")] = False


async def draft_product(request: ProductRequest, product_key: str, secret: str, context: Context) -> ProductDraft:
    """The product that the request describes. Raises NEW_PRODUCT_ERRORS, except for a name that is taken."""
    _check(request)
    await _require_room(context)
    return ProductDraft(
        account_id=context.caller.account_id,
        product_key=product_key,
        product_secret=secret,
        name=request.product_name,
        node_type=request.node_type,
        data_format=request.data_format,
        net_type=request.net_type,
        auth_type=request.auth_type,
        protocol_type=request.protocol_type or "",
        commodity_code=request.aliyun_commodity_code or "",
        description=request.description,
        category_key=request.category_key,
        validate_type=request.validate_type,
        created_ms=context.now_ms,
        resource_group_id=request.resource_group_id,
    )


async def _require_room(context: Context) -> None:
    quota = context.services.quotas.products
    if quota is not None and await context.store.products.count(context.caller.account_id) >= quota:
        raise ProductCountExceededError(f"the account has {quota} products and may have no more; delete one first")


def _check(request: ProductRequest) -> None:
    if not is_valid_name(request.product_name):
        raise InvalidFormattedProductNameError
    if request.aliyun_commodity_code not in (None, SENIOR):
        raise InvalidCommodityCodeError
    if request.aliyun_commodity_code == SENIOR and request.data_format is None:
        raise OtaMissingParameterError("DataFormat is needed with AliyunCommodityCode iothub_senior")
    if request.id2:
        raise OtaInvalidParameterError("Id2 must be false; ID2 is not served by this release")
    if request.auth_type is not AuthType.SECRET:
        raise OtaInvalidParameterError("AuthType must be secret; id2 and x509 are not served by this release")


def product_data(draft: ProductDraft) -> ProductData:
    """The new product as it is answered."""
    return ProductData(
        product_key=draft.product_key,
        product_name=draft.name,
        product_secret=draft.product_secret,
        node_type=draft.node_type,
        data_format=draft.data_format,
        auth_type=draft.auth_type,
        protocol_type=draft.protocol_type or None,
        aliyun_commodity_code=draft.commodity_code or None,
        description=draft.description,
    )
