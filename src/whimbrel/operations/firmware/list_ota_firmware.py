"""Pages over firmware, newest first: the operation this project began with.

1. PageSize 1 to 100; a page beyond the end is empty.
2. ProductKey and DestVersion filter exactly; an unknown product has no firmware (a filter is no error).

Source: api-contract 8.5, 15.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.firmware import Firmware
from whimbrel.domain.paging import Page, page_count
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import InvalidPageParamsError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX

PAGE_SIZE_MAX = 100


class Request(msgspec.Struct, frozen=True, kw_only=True):
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ]
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)]
    product_key: Annotated[str | None, Field("Only this product's.", length_max=64)] = None
    dest_version: Annotated[str | None, Field("Only this version's.", length_max=64)] = None


class SimpleFirmwareInfo(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[str, Field("Its id.")]
    firmware_name: Annotated[str, Field("Its name.")]
    firmware_desc: Annotated[str, Field("What is new.")]
    firmware_sign: Annotated[str, Field("Its digest by SignMethod, lower-case hex.")]
    sign_method: Annotated[str, Field("MD5 or SHA256.")]
    firmware_size: Annotated[int, Field("Bytes.")]
    dest_version: Annotated[str, Field("The version a device has afterwards.")]
    src_version: Annotated[str, Field("The version a difference starts from; else empty.")]
    module_name: Annotated[str, Field("The module it is for.")]
    product_key: Annotated[str, Field("Its product.")]
    product_name: Annotated[str, Field("Its product's name.")]
    status: Annotated[
        int, Field("-1 needs no verification, 0 not verified, 1 verified, 2 verifying, 3 verification failed.")
    ]
    type: Annotated[int, Field("0 full, 1 difference.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]


class FirmwareList(msgspec.Struct, frozen=True, kw_only=True):
    simple_firmware_info: Annotated[list[SimpleFirmwareInfo], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of firmware over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("As asked.")]
    current_page: Annotated[int, Field("As asked.")]
    firmware_info: Annotated[FirmwareList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"CurrentPage": "1", "PageSize": "10", "ProductKey": "kabcdefgh01", "DestVersion": "1.2.0"},
    response=Response(
        total=1,
        page_count=1,
        page_size=10,
        current_page=1,
        firmware_info=FirmwareList(
            simple_firmware_info=[
                SimpleFirmwareInfo(
                    firmware_id="1001",
                    firmware_name="fw-a",
                    firmware_desc="",
                    firmware_sign="0cc175b9c0f1b6a831c399e269772661",
                    sign_method="MD5",
                    firmware_size=1048576,
                    dest_version="1.2.0",
                    src_version="",
                    module_name="default",
                    product_key="kabcdefgh01",
                    product_name="lamp",
                    status=1,
                    type=0,
                    utc_create="2025-01-02T03:04:05.678Z",
                    utc_modified="2025-01-02T03:04:05.678Z",
                )
            ]
        ),
    ),
)


@operation(
    action="ListOTAFirmware",
    permission=Permission.FIRMWARE_READ,
    example=EXAMPLE,
    errors=(InvalidPageParamsError, OtaInvalidParameterError),
    idempotent=True,
)
async def handle(request: Request, context: Context) -> Response:
    page = Page(request.current_page, request.page_size)
    listing = await context.store.firmware.page(
        context.caller.account_id, request.product_key, request.dest_version, page
    )
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        firmware_info=FirmwareList(simple_firmware_info=[_answer(firmware) for firmware in listing.rows]),
    )


def _answer(firmware: Firmware) -> SimpleFirmwareInfo:
    return SimpleFirmwareInfo(
        firmware_id=str(firmware.id),
        firmware_name=firmware.name,
        firmware_desc=firmware.description,
        firmware_sign=firmware.sign,
        sign_method=firmware.sign_method,
        firmware_size=firmware.size_bytes,
        dest_version=firmware.dest_version,
        src_version=firmware.src_version,
        module_name=firmware.module_name,
        product_key=firmware.product_key,
        product_name=firmware.product_name,
        status=firmware.status,
        type=firmware.type,
        utc_create=utc_text(firmware.created_ms),
        utc_modified=utc_text(firmware.modified_ms),
    )
