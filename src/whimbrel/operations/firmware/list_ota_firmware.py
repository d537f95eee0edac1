"""Pages over firmware, newest first: the operation this project began with.

1. PageSize 1 to 100; a page beyond the end is empty.
2. ProductKey and DestVersion filter exactly; an unknown product has no firmware (a filter is no error).
3. XModuleName and XStatus filter exactly too, among the newest 5000 that the other filters leave; Total counts these.
4. An AccessKey that is limited to some products must name one of them.

Source: api-contract 8.5, 15; ours of what begins with X.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.firmware import FirmwareStatus
from whimbrel.domain.paging import Page, page_count
from whimbrel.errors import InvalidPageParamsError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.info import EXAMPLE_INFO, SimpleFirmwareInfo, simple_info
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.rights import require_whole_account
from whimbrel.ports.store import FirmwareFilter

PAGE_SIZE_MAX = 100


class Request(msgspec.Struct, frozen=True, kw_only=True):
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ]
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)]
    product_key: Annotated[str | None, Field("Only this product's.", length_max=64)] = None
    dest_version: Annotated[str | None, Field("Only this version's.", length_max=64)] = None
    x_module_name: Annotated[str | None, Field("Only this module's.", length_max=64)] = None
    x_status: Annotated[
        FirmwareStatus | None,
        Field("Only in this status: -1 needs no verification, 0 not verified, 1 verified, 2 verifying, 3 failed."),
    ] = None


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
        firmware_info=FirmwareList(simple_firmware_info=[EXAMPLE_INFO]),
    ),
)


@operation(
    action="ListOTAFirmware",
    permission=Permission.FIRMWARE_READ,
    example=EXAMPLE,
    errors=(InvalidPageParamsError, OtaInvalidParameterError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    _require_right(context, request.product_key)
    page = Page(request.current_page, request.page_size)
    search = FirmwareFilter(request.product_key, request.dest_version, request.x_module_name, request.x_status)
    listing = await context.store.firmware.page(context.caller.account_id, search, page)
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        firmware_info=FirmwareList(simple_firmware_info=[simple_info(firmware) for firmware in listing.rows]),
    )


def _require_right(context: Context, product_key: str | None) -> None:
    """The same answer for a product that does not exist and for one that the key may not touch (A04, A06)."""
    if product_key is None:
        require_whole_account(context, "name one of them with ProductKey")
    elif not context.caller.scope.covers_product(product_key):
        require_whole_account(context, f"its statements do not open the product {product_key}")
