"""Pages over the devices that an apply registered, newest first, with their secrets.

1. PageSize 1 to 50, default 10; CurrentPage default 1. The page number is answered as Page.
2. Devices show as they are registered; one that was deleted since is left out.

Source: api-contract 13.2.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.paging import Page, page_count
from whimbrel.errors import InvalidPageParamsError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.apply_lookup import APPLY_ERRORS, ApplyId, find_apply
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX

PAGE_SIZE_MAX = 50


class Request(msgspec.Struct, frozen=True, kw_only=True):
    apply_id: ApplyId
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ] = 1
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        10
    )


class ApplyDeviceInfo(msgspec.Struct, frozen=True, kw_only=True):
    device_id: Annotated[str, Field("The IotId once more, for old clients.")]
    device_name: Annotated[str, Field("Its name in the product.")]
    device_secret: Annotated[str, Field("Its secret.", is_secret=True)]
    iot_id: Annotated[str, Field("Its id over all products.")]


class ApplyDevices(msgspec.Struct, frozen=True, kw_only=True):
    apply_device_info: Annotated[list[ApplyDeviceInfo], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    apply_device_list: Annotated[ApplyDevices, Field("Wrapper.")]
    page: Annotated[int, Field("The page number.")]
    page_size: Annotated[int, Field("Rows a page.")]
    page_count: Annotated[int, Field("Number of pages.")]
    total: Annotated[int, Field("Number of devices so far.")]


EXAMPLE = Example(
    request={"ApplyId": "12"},
    response=Response(
        apply_device_list=ApplyDevices(
            apply_device_info=[
                ApplyDeviceInfo(
                    device_id="6fb1c0de0a9b4c2d8e3f0123",
                    device_name="lamp-0001",
                    device_secret="0123456789abcdefghijklmnopqrstuv",  # noqa: S106  an example
                    iot_id="6fb1c0de0a9b4c2d8e3f0123",
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
    action="QueryPageByApplyId",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(*APPLY_ERRORS, InvalidPageParamsError),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    apply = await find_apply(context, request.apply_id)
    page = Page(request.current_page, request.page_size)
    listing = await context.store.applies.page(apply, page)
    rows = [
        ApplyDeviceInfo(
            device_id=device.iot_id,
            device_name=device.device_name,
            device_secret=device.device_secret,
            iot_id=device.iot_id,
        )
        for device in listing.rows
    ]
    return Response(
        apply_device_list=ApplyDevices(apply_device_info=rows),
        page=page.number,
        page_size=page.size,
        page_count=page_count(listing.total, page.size),
        total=listing.total,
    )
