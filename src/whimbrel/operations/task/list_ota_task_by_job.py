"""Pages over a job's tasks, newest first.

1. PageSize 1 to 100, default 10; CurrentPage default 1; CurrentPage times PageSize at most 100,000.
2. DeviceNames: at most 50; when given, paging is ignored and each named device's task is answered.

Source: api-contract 11.4.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.paging import Listing, Page, page_count
from whimbrel.domain.task import TaskStatus
from whimbrel.errors import InvalidPageParamsError, JobNotFoundError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.task.info import EXAMPLE_TASK, TaskList, simple_task_info

PAGE_SIZE_MAX = 100
ROWS_DEEP_MAX = 100_000
DEVICE_NAMES_MAX = 50

#: The statuses by their words on the wire, derived from the one state table.
StatusWord = StrEnum("StatusWord", {status.name: status.name for status in TaskStatus})  # type: ignore[misc]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]
    task_status: Annotated[StatusWord | None, Field("Only tasks in this status.")] = None
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ] = 1
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        10
    )
    device_names: Annotated[
        tuple[str, ...],
        Field("Only these devices' tasks.", items_max=DEVICE_NAMES_MAX, length_max=64),
    ] = ()


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of tasks over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("Rows a page.")]
    current_page: Annotated[int, Field("The page number.")]
    data: Annotated[TaskList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"JobId": "502", "CurrentPage": "1", "PageSize": "10"},
    response=Response(
        total=1,
        page_count=1,
        page_size=10,
        current_page=1,
        data=TaskList(simple_ota_task_info=[EXAMPLE_TASK]),
    ),
)


@operation(
    action="ListOTATaskByJob",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(JobNotFoundError, InvalidPageParamsError, OtaInvalidParameterError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    page = Page(request.current_page, request.page_size)
    if page.number * page.size > ROWS_DEEP_MAX:
        raise InvalidPageParamsError(f"CurrentPage times PageSize must be at most {ROWS_DEEP_MAX}")
    job = await find_job(context, request.job_id)
    status = None if request.task_status is None else TaskStatus[request.task_status]
    if request.device_names:
        rows = await context.store.tasks.by_device_names(job.id, status, tuple(dict.fromkeys(request.device_names)))
        page, listing = Page(1, max(len(rows), 1)), Listing(rows, len(rows))
    else:
        listing = await context.store.tasks.page(job.id, status, page)
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        data=TaskList(simple_ota_task_info=[simple_task_info(row, job) for row in listing.rows]),
    )
