"""Pages over the account's products, newest first.

1. PageSize 1 to 200; a page beyond the end is empty.
2. The paging fields stand inside Data, unlike in other lists.

Source: api-contract 13.1, 1.5.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.paging import Page, page_count
from whimbrel.domain.product import RESOURCE_GROUP_ID, Product
from whimbrel.errors import InvalidPageParamsError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.rights import require_whole_account
from whimbrel.ports.store import ProductFilter

PAGE_SIZE_MAX = 200


class Request(msgspec.Struct, frozen=True, kw_only=True):
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ]
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)]
    aliyun_commodity_code: Annotated[str | None, Field("Only products of this kind.", length_max=32)] = None
    resource_group_id: Annotated[str | None, Field("Only products of this group.", pattern=RESOURCE_GROUP_ID)] = None


class ProductInfo(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product's public key.")]
    product_name: Annotated[str, Field("Its name.")]
    node_type: Annotated[int, Field("0 device, 1 gateway.")]
    data_format: Annotated[int | None, Field("0 custom, 1 Alink JSON.")]
    auth_type: Annotated[str, Field("How devices prove who they are.")]
    device_count: Annotated[int, Field("How many devices the product has.")]
    description: Annotated[str, Field("What the product is.")]
    gmt_create: Annotated[int, Field("Creation, epoch milliseconds.")]


class ProductList(msgspec.Struct, frozen=True, kw_only=True):
    product_info: Annotated[list[ProductInfo], Field("The page's rows.")]


class ListData(msgspec.Struct, frozen=True, kw_only=True):
    list: Annotated[ProductList, Field("Wrapper.")]
    current_page: Annotated[int, Field("As asked.")]
    page_size: Annotated[int, Field("As asked.")]
    page_count: Annotated[int, Field("Number of pages.")]
    total: Annotated[int, Field("Number of products.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[ListData, Field("The page.")]


EXAMPLE = Example(
    request={"CurrentPage": "1", "PageSize": "10"},
    response=Response(
        data=ListData(
            list=ProductList(
                product_info=[
                    ProductInfo(
                        product_key="kabcdefgh01",
                        product_name="lamp",
                        node_type=0,
                        data_format=None,
                        auth_type="secret",
                        device_count=2,
                        description="",
                        gmt_create=1735787045678,
                    )
                ]
            ),
            current_page=1,
            page_size=10,
            page_count=1,
            total=1,
        )
    ),
)


@operation(
    action="QueryProductList",
    permission=Permission.PRODUCT_READ,
    example=EXAMPLE,
    errors=(InvalidPageParamsError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context, "ask for one of its products with QueryProduct")
    page = Page(request.current_page, request.page_size)
    narrowed = ProductFilter(request.aliyun_commodity_code, request.resource_group_id)
    listing = await context.store.products.page(context.caller.account_id, narrowed, page)
    return Response(
        data=ListData(
            list=ProductList(product_info=[_answer(product) for product in listing.rows]),
            current_page=page.number,
            page_size=page.size,
            page_count=page_count(listing.total, page.size),
            total=listing.total,
        )
    )


def _answer(product: Product) -> ProductInfo:
    return ProductInfo(
        product_key=product.product_key,
        product_name=product.name,
        node_type=product.node_type,
        data_format=product.data_format,
        auth_type=product.auth_type,
        device_count=product.device_count,
        description=product.description,
        gmt_create=product.created_ms,
    )
