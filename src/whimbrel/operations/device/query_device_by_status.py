"""Pages over the devices in one status, of a product or of the whole account, newest first, with their secrets.

1. Status 0 not activated, 1 online, 3 offline, 8 disabled. PageSize 1 to 50, default 10; CurrentPage default 1.
2. ResourceGroupId narrows by the product's resource group and needs ProductKey here.
3. The page number is answered as Page.

Source: api-contract 13.2. ResourceGroupId is Alibaba's.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import Device, DeviceStatus
from whimbrel.domain.paging import Listing, Page, page_count
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.domain.wire_time import gmt_header_text, utc_text
from whimbrel.errors import (
    InvalidFormattedProductKeyError,
    InvalidPageParamsError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.product.lookup import find_product
from whimbrel.operations.rights import require_product

PAGE_SIZE_MAX = 50


class Request(msgspec.Struct, frozen=True, kw_only=True):
    status: Annotated[int, Field("0 not activated, 1 online, 3 offline, 8 disabled.")]
    product_key: Annotated[
        str | None, Field("Only this product's.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)
    ] = None
    resource_group_id: Annotated[str | None, Field("Only if the product is of this group.", length_max=64)] = None
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ] = 1
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        10
    )


class SimpleDeviceInfo(msgspec.Struct, frozen=True, kw_only=True):
    device_name: Annotated[str, Field("Its name in the product.")]
    device_secret: Annotated[str, Field("Its secret.", is_secret=True)]
    gmt_create: Annotated[str, Field("Creation, like `Wed, 20-Feb-2019 02:16:09 GMT`.")]
    gmt_modified: Annotated[str, Field("Last change, in the same form.")]
    iot_id: Annotated[str, Field("Its id over all products.")]
    nickname: Annotated[str, Field("A name for people.")]
    product_key: Annotated[str, Field("Its product.")]
    status: Annotated[str, Field("ONLINE, OFFLINE, UNACTIVE or DISABLE.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]


class DeviceList(msgspec.Struct, frozen=True, kw_only=True):
    simple_device_info: Annotated[list[SimpleDeviceInfo], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[DeviceList, Field("Wrapper.")]
    page: Annotated[int, Field("The page number.")]
    page_size: Annotated[int, Field("Rows a page.")]
    page_count: Annotated[int, Field("Number of pages.")]
    total: Annotated[int, Field("Number of devices.")]


EXAMPLE = Example(
    request={"Status": "1", "ProductKey": "kabcdefgh01"},
    response=Response(
        data=DeviceList(
            simple_device_info=[
                SimpleDeviceInfo(
                    device_name="lamp-0001",
                    device_secret="0123456789abcdefghijklmnopqrstuv",  # noqa: S106  an example
                    gmt_create="Thu, 02-Jan-2025 03:04:05 GMT",
                    gmt_modified="Thu, 02-Jan-2025 03:04:05 GMT",
                    iot_id="6fb1c0de0a9b4c2d8e3f0123",
                    nickname="",
                    product_key="kabcdefgh01",
                    status="ONLINE",
                    utc_create="2025-01-02T03:04:05.678Z",
                    utc_modified="2025-01-02T03:04:05.678Z",
                )
            ]
        ),
        page=1,
        page_size=10,
        page_count=1,
        total=1,
    ),
)


@operation(
    action="QueryDeviceByStatus",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        InvalidPageParamsError,
        OtaInvalidParameterError,
        OtaMissingParameterError,
    ),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    page = Page(request.current_page, request.page_size)
    listing = await _listing(request, context, page)
    return Response(
        data=DeviceList(simple_device_info=[_answer(device) for device in listing.rows]),
        page=page.number,
        page_size=page.size,
        page_count=page_count(listing.total, page.size),
        total=listing.total,
    )


async def _listing(request: Request, context: Context, page: Page) -> Listing[Device]:
    if request.status not in {status.value for status in DeviceStatus}:
        raise OtaInvalidParameterError("Status must be 0, 1, 3 or 8")
    product_id = None
    if request.product_key is not None:
        product = await find_product(context, request.product_key)
        product_id = product.id
        if request.resource_group_id not in (None, product.resource_group_id):
            return Listing((), 0)
    elif request.resource_group_id is not None:
        raise OtaMissingParameterError("ResourceGroupId needs ProductKey here; ask for the group's products one by one")
    require_product(context, request.product_key)
    status = DeviceStatus(request.status)
    return await context.store.device_states.page(context.caller.account_id, product_id, status, page)


def _answer(device: Device) -> SimpleDeviceInfo:
    return SimpleDeviceInfo(
        device_name=device.device_name,
        device_secret=device.device_secret,
        gmt_create=gmt_header_text(device.created_ms),
        gmt_modified=gmt_header_text(device.modified_ms),
        iot_id=device.iot_id,
        nickname=device.nickname,
        product_key=device.product_key,
        status=device.status.name,
        utc_create=utc_text(device.created_ms),
        utc_modified=utc_text(device.modified_ms),
    )
