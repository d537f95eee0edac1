"""Pages over the tasks of a job that have one reason of XListOTAFailureReasons now, newest first.

1. PageSize 1 to 100, default 10; CurrentPage default 1; CurrentPage times PageSize at most 100,000.
2. A reason that no task has, or that the job does not know, has no rows.

Source: ours; ADR 0058. The rows are those of ListOTATaskByJob.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.paging import Page, page_count
from whimbrel.errors import InvalidPageParamsError, JobNotFoundError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.task.info import EXAMPLE_TASK, TaskList, simple_task_info

PAGE_SIZE_MAX = 100
ROWS_DEEP_MAX = 100_000
REASON_ID_MAX = 999  # far above any number of a reason


class Request(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("The job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)]
    reason_id: Annotated[int, Field("The ReasonId.", minimum=1, maximum=REASON_ID_MAX)]
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ] = 1
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        10
    )


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of tasks over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("Rows a page.")]
    current_page: Annotated[int, Field("The page number.")]
    data: Annotated[TaskList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"JobId": "502", "ReasonId": "16", "CurrentPage": "1", "PageSize": "10"},
    response=Response(
        total=1,
        page_count=1,
        page_size=10,
        current_page=1,
        data=TaskList(
            simple_ota_task_info=[
                msgspec.structs.replace(
                    EXAMPLE_TASK, task_status="FAILED", task_desc="step -2: HTTP 503 from 192.0.2.7"
                )
            ]
        ),
    ),
)


@operation(
    action="XListOTATaskByReason",
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
    listing = await context.store.failures.tasks(job.id, request.reason_id, page)
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        data=TaskList(simple_ota_task_info=[simple_task_info(row, job) for row in listing.rows]),
    )
