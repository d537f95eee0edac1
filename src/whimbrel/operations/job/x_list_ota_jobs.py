"""Pages over the account's jobs, newest first, by any filters together.

1. PageSize 1 to 100, default 20. All filters that are given must hold; of several JobType.N, JobStatus.N or State.N one
   must.
2. State is that of XQueryOTARollout: ENDED, HALTED, PAUSED, PLANNED, WAITING_WINDOW, SOAKING or RUNNING.
3. NextToken, as an answer gave it, goes on behind that answer; the last page has none. One call looks at 1,000 jobs at
   most: when the page is not full by then, IsWholeAnswer is false and NextToken goes on.
4. Total is exact, and absent beyond 10,000 jobs, or when State.N holds WAITING_WINDOW, SOAKING or RUNNING.
5. A key that is limited to some products or groups must name one of its products, and sees the jobs that it may touch.

Source: ours; design.md part 4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.job import JobStatus, JobType
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.domain.rollout_state import RolloutState
from whimbrel.errors import (
    FirmwareNotFoundError,
    InvalidFormattedProductKeyError,
    InvalidPageParamsError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.x_query_ota_rollout import TaskCounts

PAGE_SIZE_MAX = 100
PAGE_SIZE_DEFAULT = 20
TOKEN_LENGTH_MAX = 128


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[
        str | None, Field("Only this product's.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)
    ] = None
    firmware_id: Annotated[
        str | None, Field("Only this firmware's.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError)
    ] = None
    job_type: Annotated[tuple[JobType, ...], Field("Only of these types.", items_max=len(JobType))] = ()
    job_status: Annotated[tuple[JobStatus, ...], Field("Only in these statuses.", items_max=len(JobStatus))] = ()
    state: Annotated[tuple[RolloutState, ...], Field("Only in these states.", items_max=len(RolloutState))] = ()
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        PAGE_SIZE_DEFAULT
    )
    next_token: Annotated[str | None, Field("Where the answer that gave it ended.", length_max=TOKEN_LENGTH_MAX)] = None


class ListedJob(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("Its id.")]
    job_type: Annotated[str, Field("VERIFY_FIRMWARE or UPGRADE_FIRMWARE.")]
    job_status: Annotated[str, Field("PLANNED, IN_PROGRESS, COMPLETED or CANCELED.")]
    state: Annotated[str, Field("See rule 2.")]
    hold_reason: Annotated[str | None, Field("Why it is held; absent when it is not.")]
    utc_hold: Annotated[str | None, Field("Since when; absent when it is not held.")]
    product_key: Annotated[str, Field("Its product.")]
    product_name: Annotated[str, Field("Its product's name.")]
    firmware_id: Annotated[str, Field("What it sends.")]
    firmware_name: Annotated[str, Field("Its firmware's name.")]
    module_name: Annotated[str, Field("The module that it upgrades.")]
    dest_version: Annotated[str, Field("To this version.")]
    selection_type: Annotated[str, Field("STATIC or DYNAMIC.")]
    target_selection: Annotated[str, Field("ALL, SPECIFIC, GRAY or GROUP; dynamic jobs show ALL.")]
    gray_percent: Annotated[str | None, Field("Of GRAY, the share.")]
    group_id: Annotated[str | None, Field("Of GROUP, the group.")]
    group_name: Annotated[str | None, Field("Of GROUP, its name.")]
    stage: Annotated[int | None, Field("The stage under way, from 1; absent without stages.")]
    stage_count: Annotated[int | None, Field("How many stages it has, the last one too; absent without.")]
    tasks: Annotated[TaskCounts, Field("How many tasks it has, by status.")]
    task_count: Annotated[int, Field("All of them.")]
    started: Annotated[int, Field("Devices that its gate looks at.")]
    failing: Annotated[int, Field("Of those, failed or silent ones.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]
    utc_start_time: Annotated[str | None, Field("Start; absent before.")]
    utc_end_time: Annotated[str | None, Field("End; absent before.")]


class ListData(msgspec.Struct, frozen=True, kw_only=True):
    jobs: Annotated[list[ListedJob], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[ListData, Field("The page.")]
    next_token: Annotated[str | None, Field("Where the next page begins; absent on the last.")]
    is_whole_answer: Annotated[bool, Field("False when the page is not full and there may be more: see rule 3.")]
    total: Annotated[int | None, Field("Number of jobs; see rule 4.")]
    page_size: Annotated[int, Field("As asked.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "State.1": "HALTED", "State.2": "PAUSED"},
    response=Response(
        data=ListData(
            jobs=[
                ListedJob(
                    job_id="502",
                    job_type="UPGRADE_FIRMWARE",
                    job_status="IN_PROGRESS",
                    state="HALTED",
                    hold_reason="9 of the first 35 devices failed or went silent; the limit is 3 %",
                    utc_hold="2025-01-02T03:14:05.678Z",
                    product_key="kabcdefgh01",
                    product_name="lamp",
                    firmware_id="1001",
                    firmware_name="lamp-2.0.0",
                    module_name="default",
                    dest_version="2.0.0",
                    selection_type="STATIC",
                    target_selection="ALL",
                    gray_percent=None,
                    group_id=None,
                    group_name=None,
                    stage=1,
                    stage_count=2,
                    tasks=TaskCounts(
                        confirm=0, queued=9_955, notified=4, in_progress=2, succeeded=30, failed=9, canceled=0
                    ),
                    task_count=10_000,
                    started=45,
                    failing=9,
                    utc_create="2025-01-02T03:04:05.678Z",
                    utc_modified="2025-01-02T03:14:05.678Z",
                    utc_start_time="2025-01-02T03:04:05.678Z",
                    utc_end_time=None,
                )
            ]
        ),
        next_token=None,
        is_whole_answer=True,
        total=1,
        page_size=20,
    ),
)


@operation(
    action="XListOTAJobs",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(
        FirmwareNotFoundError,
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        InvalidPageParamsError,
        OtaInvalidParameterError,
    ),
    manner=Manner(idempotent=True, qps=20),
)
async def handle(request: Request, context: Context) -> Response:
    raise NotImplementedError
