"""Pages over a firmware's jobs, newest first.

1. PageSize 1 to 200. A page beyond the end is empty.

Source: api-contract 10.8.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.paging import Page, page_count
from whimbrel.errors import FirmwareNotFoundError, InvalidPageParamsError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.lookup import find_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.info import EXAMPLE_INFO, JobList, simple_info
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.rights import require_product

PAGE_SIZE_MAX = 200


class Request(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[str, Field("The firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError)]
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ]
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of jobs over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("Rows a page.")]
    current_page: Annotated[int, Field("The page number.")]
    data: Annotated[JobList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"FirmwareId": "1001", "CurrentPage": "1", "PageSize": "10"},
    response=Response(
        total=1, page_count=1, page_size=10, current_page=1, data=JobList(simple_ota_job_info=[EXAMPLE_INFO])
    ),
)


@operation(
    action="ListOTAJobByFirmware",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(FirmwareNotFoundError, InvalidPageParamsError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    firmware = await find_firmware(context, request.firmware_id)
    require_product(context, firmware.product_key)
    page = Page(request.current_page, request.page_size)
    listing = await context.store.job_lists.of_firmware(firmware.id, page)
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        data=JobList(simple_ota_job_info=[simple_info(job) for job in listing.rows]),
    )
