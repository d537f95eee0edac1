"""Pages over a product's devices, newest first, with their secrets.

1. PageSize 1 to 50, default 10; CurrentPage default 1.
2. The page number is answered as Page.
3. NextToken, as an answer gave it, continues behind that answer's last device, whatever was registered or deleted
   since; CurrentPage is then only echoed. The last page has no NextToken.

Source: api-contract 13.2. The vendor wants NextToken from row 10,000 on; here both ways cost the same everywhere.
"""

from __future__ import annotations

import base64
import re
from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import Device
from whimbrel.domain.paging import Listing, Page, page_count
from whimbrel.domain.product import PRODUCT_KEY, Product
from whimbrel.domain.wire_time import gmt_header_text, utc_text
from whimbrel.errors import (
    InvalidFormattedProductKeyError,
    InvalidPageParamsError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.product.lookup import find_product
from whimbrel.operations.rights import require_product

PAGE_SIZE_MAX = 50
_TOKEN = re.compile(r"([0-9]{1,18}):([0-9]{1,18})")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ] = 1
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        10
    )
    next_token: Annotated[str | None, Field("Where the answer that gave it ended.", length_max=64)] = None


class DeviceInfo(msgspec.Struct, frozen=True, kw_only=True):
    device_id: Annotated[str, Field("The IotId once more, for old clients.")]
    device_name: Annotated[str, Field("Its name in the product.")]
    device_secret: Annotated[str, Field("Its secret.", is_secret=True)]
    device_status: Annotated[str, Field("ONLINE, OFFLINE, UNACTIVE or DISABLE.")]
    device_type: Annotated[str, Field("Always empty, as with the vendor.")]
    gmt_create: Annotated[str, Field("Creation, like `Wed, 20-Feb-2019 02:16:09 GMT`.")]
    gmt_modified: Annotated[str, Field("Last change, in the same form.")]
    iot_id: Annotated[str, Field("Its id over all products.")]
    nickname: Annotated[str, Field("A name for people.")]
    product_key: Annotated[str, Field("Its product.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]


class DeviceList(msgspec.Struct, frozen=True, kw_only=True):
    device_info: Annotated[list[DeviceInfo], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[DeviceList, Field("Wrapper.")]
    next_token: Annotated[str | None, Field("For the rows behind these; absent when there are none.")] = None
    page: Annotated[int, Field("The page number.")]
    page_size: Annotated[int, Field("Rows a page.")]
    page_count: Annotated[int, Field("Number of pages.")]
    total: Annotated[int, Field("Number of devices.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "PageSize": "10", "CurrentPage": "1"},
    response=Response(
        data=DeviceList(
            device_info=[
                DeviceInfo(
                    device_id="6fb1c0de0a9b4c2d8e3f0123",
                    device_name="lamp-0001",
                    device_secret="0123456789abcdefghijklmnopqrstuv",  # noqa: S106  an example
                    device_status="UNACTIVE",
                    device_type="",
                    gmt_create="Thu, 02-Jan-2025 03:04:05 GMT",
                    gmt_modified="Thu, 02-Jan-2025 03:04:05 GMT",
                    iot_id="6fb1c0de0a9b4c2d8e3f0123",
                    nickname="",
                    product_key="kabcdefgh01",
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
    action="QueryDevice",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        InvalidPageParamsError,
        OtaInvalidParameterError,
    ),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    product = await find_product(context, request.product_key)
    require_product(context, request.product_key)
    page = Page(request.current_page, request.page_size)
    if request.next_token is None:
        listing = await context.store.devices.page(context.caller.account_id, product.id, page)
        has_more = page.offset + len(listing.rows) < listing.total
    else:
        below = _device_id(request.next_token, product)
        rows = await context.store.devices.below(context.caller.account_id, product.id, below, page.size + 1)
        listing = Listing(rows[: page.size], product.device_count)
        has_more = len(rows) > page.size
    return Response(
        data=DeviceList(device_info=[_answer(device) for device in listing.rows]),
        next_token=_token(product.id, listing.rows[-1].id) if has_more and listing.rows else None,
        page=page.number,
        page_size=page.size,
        page_count=page_count(listing.total, page.size),
        total=listing.total,
    )


def _token(product_id: int, device_id: int) -> str:
    """Opaque to clients. It says nothing secret, so it needs no signature: a forged one is a place in the list too."""
    return base64.urlsafe_b64encode(f"{product_id}:{device_id}".encode()).decode().rstrip("=")


def _device_id(token: str, product: Product) -> int:
    """Raises OtaInvalidParameterError for what no answer about this product gave."""
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except ValueError:
        text = ""
    match = _TOKEN.fullmatch(text)
    if match is None or _token(product.id, int(match[2])) != token:
        raise OtaInvalidParameterError("NextToken is not one that QueryDevice gave for this product")
    return int(match[2])


def _answer(device: Device) -> DeviceInfo:
    return DeviceInfo(
        device_id=device.iot_id,
        device_name=device.device_name,
        device_secret=device.device_secret,
        device_status=device.status.name,
        device_type="",
        gmt_create=gmt_header_text(device.created_ms),
        gmt_modified=gmt_header_text(device.modified_ms),
        iot_id=device.iot_id,
        nickname=device.nickname,
        product_key=device.product_key,
        utc_create=utc_text(device.created_ms),
        utc_modified=utc_text(device.modified_ms),
    )
