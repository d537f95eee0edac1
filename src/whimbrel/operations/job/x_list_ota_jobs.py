"""Pages over the account's jobs, newest first, by any filters together.

1. PageSize 1 to 100, default 20. All filters that are given must hold; of several JobType.N, JobStatus.N or State.N one
   must.
2. State is that of XQueryOTARollout: ENDED, HALTED, PAUSED, AWAITING_APPROVAL, REJECTED, PLANNED, WAITING_WINDOW,
   SOAKING or RUNNING.
3. NextToken, as an answer gave it, goes on behind that answer; the last page has none. One call looks at 1,000 jobs at
   most: when the page is not full by then, IsWholeAnswer is false and NextToken goes on.
4. Total is exact where it is given: of up to 10,000 jobs of the account, a product or firmware; with other filters of
   up to 1,000, and not with WAITING_WINDOW, SOAKING or RUNNING.
5. A key that is limited to some products must name one of them, or its firmware.

Source: ours; design.md part 4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import GROUP_ID_LENGTH_MAX
from whimbrel.domain.job import JobStatus, JobType
from whimbrel.domain.job_search import JobSearch
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.domain.rollout_state import RolloutState, rollout_state
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import (
    FirmwareNotFoundError,
    GroupNotFoundError,
    InvalidFormattedProductKeyError,
    InvalidPageParamsError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.cursors import CURSOR_LENGTH_MAX, Cursor, cursor_text, read_cursor
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.lookup import find_firmware
from whimbrel.operations.group.lookup import find_group
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.info import utc_or_none
from whimbrel.operations.job.task_counts import TaskCounts, task_counts
from whimbrel.operations.product.lookup import find_product
from whimbrel.operations.rights import require_product
from whimbrel.ports.store import FoundJob

PAGE_SIZE_MAX = 100
PAGE_SIZE_DEFAULT = 20


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[
        str | None, Field("Only this product's.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)
    ] = None
    firmware_id: Annotated[
        str | None, Field("Only this firmware's.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError)
    ] = None
    group_id: Annotated[
        str | None, Field("Only for this group.", length_max=GROUP_ID_LENGTH_MAX, error=GroupNotFoundError)
    ] = None
    job_type: Annotated[tuple[JobType, ...], Field("Only of these types.", items_max=len(JobType))] = ()
    job_status: Annotated[tuple[JobStatus, ...], Field("Only in these statuses.", items_max=len(JobStatus))] = ()
    state: Annotated[tuple[RolloutState, ...], Field("Only in these states.", items_max=len(RolloutState))] = ()
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        PAGE_SIZE_DEFAULT
    )
    next_token: Annotated[str | None, Field("Where another answer ended.", length_max=CURSOR_LENGTH_MAX)] = None


class ListedJob(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str, Field("Its id.")]
    job_type: Annotated[str, Field("VERIFY_FIRMWARE or UPGRADE_FIRMWARE.")]
    job_status: Annotated[str, Field("PLANNED, IN_PROGRESS, COMPLETED or CANCELED.")]
    state: Annotated[str, Field("See rule 2.")]
    hold_reason: Annotated[str | None, Field("Why it is held; absent when it is not.")]
    utc_hold: Annotated[str | None, Field("Since when; absent when it is not held.")]
    created_by: Annotated[str, Field("Who made it: an AccessKey, or `user:` and a name; empty where nobody is known.")]
    approved_by: Annotated[str | None, Field("Who approved it; absent when nobody did or had to.")]
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
                    created_by="user:ada",
                    approved_by=None,
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
        GroupNotFoundError,
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        InvalidPageParamsError,
        OtaInvalidParameterError,
    ),
    manner=Manner(idempotent=True, qps=20),
)
async def handle(request: Request, context: Context) -> Response:
    search = await _search(request, context)
    below = None if request.next_token is None else read_cursor(request.next_token, _narrowed(search)).below
    found = await context.store.job_searches.page(search, below, request.page_size, context.now_ms)
    return Response(
        data=ListData(jobs=[_listed(row, context.now_ms) for row in found.rows]),
        next_token=None if found.below is None else cursor_text(_narrowed(search), Cursor(found.below, 0)),
        is_whole_answer=found.is_full,
        total=found.total,
        page_size=request.page_size,
    )


async def _search(request: Request, context: Context) -> JobSearch:
    product = None if request.product_key is None else await find_product(context, request.product_key)
    firmware = None if request.firmware_id is None else await find_firmware(context, request.firmware_id)
    group = None if request.group_id is None else await find_group(context, request.group_id)
    require_product(context, request.product_key or (firmware and firmware.product_key))
    return JobSearch(
        account_id=context.caller.account_id,
        product_id=product and product.id,
        firmware_id=firmware and firmware.id,
        group_id=group and group.group_id,
        types=frozenset(request.job_type),
        statuses=frozenset(request.job_status),
        states=frozenset(request.state),
    )


def _narrowed(search: JobSearch) -> list[object]:
    """In one order, whatever the order of the sets."""
    return [sorted(value) if isinstance(value, frozenset) else value for value in search]


def _listed(found: FoundJob, now_ms: int) -> ListedJob:
    job, stages = found.job, found.job.rollout.stages
    return ListedJob(
        job_id=str(job.id),
        job_type=job.job_type,
        job_status=job.shown_status,
        state=rollout_state(job, now_ms),
        hold_reason=job.hold_reason if job.is_held else None,
        utc_hold=utc_or_none(job.hold_ms),
        created_by=job.created_by,
        approved_by=job.approved_by or None,
        product_key=job.product_key,
        product_name=job.product_name,
        firmware_id=str(job.firmware_id),
        firmware_name=job.firmware_name,
        module_name=job.module_name,
        dest_version=job.dest_version,
        selection_type=job.selection_type,
        target_selection=job.target_selection,
        gray_percent=job.gray_percent or None,
        group_id=job.group_id,
        group_name=job.group_name or None,
        stage=job.stage + 1 if stages else None,
        stage_count=len(stages) + 1 if stages else None,
        tasks=task_counts(found.counts),
        task_count=sum(found.counts.values()),
        started=found.started,
        failing=found.failing,
        utc_create=utc_text(job.created_ms),
        utc_modified=utc_text(job.modified_ms),
        utc_start_time=utc_or_none(job.started_ms),
        utc_end_time=utc_or_none(job.shown_end_ms),
    )
