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
from whimbrel.domain.job import Job
from whimbrel.domain.paging import Listing, Page, page_count
from whimbrel.domain.task import TaskStatus, shown_description
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import InvalidPageParamsError, JobNotFoundError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.lookup import find_job
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.ports.store import TaskRow

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


class SimpleTaskInfo(msgspec.Struct, frozen=True, kw_only=True):
    task_id: Annotated[str, Field("Its id.")]
    job_id: Annotated[str, Field("Its job.")]
    firmware_id: Annotated[str, Field("The firmware.")]
    product_key: Annotated[str, Field("The device's product.")]
    product_name: Annotated[str, Field("The product's name.")]
    device_name: Annotated[str, Field("The device.")]
    iot_id: Annotated[str, Field("The device's id over all products.")]
    src_version: Annotated[str, Field("The module's version when the task was made; empty if never reported.")]
    dest_version: Annotated[str, Field("The version wanted.")]
    task_status: Annotated[str, Field("CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED or CANCELED.")]
    task_desc: Annotated[str, Field("Why it failed or was cancelled.")]
    progress: Annotated[str, Field("Percent, as text.")]
    timeout: Annotated[str | None, Field("Minutes as text; absent without a timeout.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]


class TaskList(msgspec.Struct, frozen=True, kw_only=True):
    simple_ota_task_info: Annotated[
        list[SimpleTaskInfo],
        Field("The page's rows.", wire="SimpleOTATaskInfo", camel=("simpleOTATaskInfo",)),
    ]


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
        data=TaskList(
            simple_ota_task_info=[
                SimpleTaskInfo(
                    task_id="9001",
                    job_id="502",
                    firmware_id="1001",
                    product_key="kabcdefgh01",
                    product_name="lamp",
                    device_name="lamp-0001",
                    iot_id="6fb1c0de0a9b4c2d8e3f0123",
                    src_version="1.0.0",
                    dest_version="1.1.0",
                    task_status="IN_PROGRESS",
                    task_desc="",
                    progress="55",
                    timeout="60",
                    utc_create="2025-01-02T03:04:05.678Z",
                    utc_modified="2025-01-02T03:05:00.000Z",
                )
            ]
        ),
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
        data=TaskList(simple_ota_task_info=[_answer(row, job) for row in listing.rows]),
    )


def _answer(row: TaskRow, job: Job) -> SimpleTaskInfo:
    return SimpleTaskInfo(
        task_id=str(row.task.id),
        job_id=str(job.id),
        firmware_id=str(job.firmware_id),
        product_key=job.product_key,
        product_name=job.product_name,
        device_name=row.device_name,
        iot_id=row.iot_id,
        src_version=row.task.src_version,
        dest_version=job.dest_version,
        task_status=row.task.status.name,
        task_desc=shown_description(row.task),
        progress=str(row.task.progress),
        timeout=None if job.timeout_minutes is None else str(job.timeout_minutes),
        utc_create=utc_text(row.created_ms),
        utc_modified=utc_text(row.modified_ms),
    )
