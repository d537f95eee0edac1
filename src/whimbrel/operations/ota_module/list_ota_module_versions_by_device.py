"""Answers the versions that a device reported for its modules.

1. PageSize 1 to 200; modules never reported are not listed.

Source: api-contract 11.6.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.paging import Page, page_count
from whimbrel.errors import (
    DeviceNotFoundError,
    InvalidIotIdError,
    InvalidPageParamsError,
    NullDeviceNameError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import find_device
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX

PAGE_SIZE_MAX = 200


class Request(msgspec.Struct, frozen=True, kw_only=True):
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)]
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ] = 1
    iot_id: Annotated[str | None, Field("The device, by its id over all products; wins.", length_max=64)] = None
    product_key: Annotated[str | None, Field("The device's product, with DeviceName.", length_max=64)] = None
    device_name: Annotated[str | None, Field("The device's name, with ProductKey.", length_max=64)] = None


class ModuleInfo(msgspec.Struct, frozen=True, kw_only=True):
    module_name: Annotated[str, Field("The module; `default` is the whole device.")]
    module_version: Annotated[str, Field("What the device last reported.")]
    product_key: Annotated[str, Field("The device's product.")]
    device_name: Annotated[str, Field("The device.")]
    iot_id: Annotated[str, Field("The device's id over all products.")]


class ModuleList(msgspec.Struct, frozen=True, kw_only=True):
    simple_ota_module_info: Annotated[
        list[ModuleInfo], Field("The page's rows.", wire="SimpleOTAModuleInfo", camel=("simpleOTAModuleInfo",))
    ]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of modules over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("Rows a page.")]
    current_page: Annotated[int, Field("The page number.")]
    data: Annotated[ModuleList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001", "CurrentPage": "1", "PageSize": "10"},
    response=Response(
        total=1,
        page_count=1,
        page_size=10,
        current_page=1,
        data=ModuleList(
            simple_ota_module_info=[
                ModuleInfo(
                    module_name="default",
                    module_version="1.0.0",
                    product_key="kabcdefgh01",
                    device_name="lamp-0001",
                    iot_id="6fb1c0de0a9b4c2d8e3f0123",
                )
            ]
        ),
    ),
)


@operation(
    action="ListOTAModuleVersionsByDevice",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(
        DeviceNotFoundError,
        InvalidIotIdError,
        NullDeviceNameError,
        ProductNotFoundError,
        InvalidPageParamsError,
        OtaInvalidParameterError,
    ),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    device = await find_device(context, request.iot_id, request.product_key, request.device_name)
    page = Page(request.current_page, request.page_size)
    listing = await context.store.module_versions.page(device.id, page)
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        data=ModuleList(
            simple_ota_module_info=[
                ModuleInfo(
                    module_name=row.module_name,
                    module_version=row.version,
                    product_key=device.product_key,
                    device_name=device.device_name,
                    iot_id=device.iot_id,
                )
                for row in listing.rows
            ]
        ),
    )
