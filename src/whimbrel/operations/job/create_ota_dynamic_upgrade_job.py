"""Rolls firmware out to every device that matches, now or later, until the rule is ended.

1. The devices are those that report one of SrcVersion, or those of a dynamic group: one of the two, never both. Of a
   difference firmware SrcVersion is its own.
2. DynamicMode 1 takes the devices that match now and those that match later; 2 only those that report a version from
   now on. One device matches at most 10 times in one job.
3. A firmware has at most one running dynamic job for a source version or for a group. Of different firmware there may
   be more: a device then follows the newest job.
4. Jobs for one group must agree in MultiModuleMode and OverwriteMode.
5. The firmware must be verified; one open task a device, conflicts and overwriting are as for static jobs.
6. XGate, XPace, XStages, XWindows: how carefully it goes out, as for static jobs. Its devices go in the order in which
   they match; a stage by Percent is a share of those that matched so far.
7. The job runs until CancelOTAStrategyByJob.

Source: api-contract 10.3, 7.4; design.md part 4 of what begins with X.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import GroupType
from whimbrel.domain.job import DynamicMode, JobDraft, SelectionType, TargetSelection
from whimbrel.domain.product import Product
from whimbrel.errors import (
    DynamicJobConflictError,
    FirmwareNotFoundError,
    FirmwareNotVerifiedError,
    GroupNotFoundError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.lookup import refer_to_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.delivery import UpgradeRequest, check_upgrade
from whimbrel.operations.job.drafting import (
    CreatedJob,
    JobData,
    chosen_rollout,
    created,
    draft_upgrade,
    has_targets,
    store_job,
)
from whimbrel.operations.job.lookup import find_target_group
from whimbrel.operations.product.lookup import refer_to_product
from whimbrel.operations.rights import require_product


class Request(UpgradeRequest, msgspec.Struct, frozen=True, kw_only=True):
    group_id: Annotated[str | None, Field("The dynamic group, instead of SrcVersion.", length_max=ID_LENGTH_MAX)] = None
    group_type: Annotated[GroupType | None, Field("With GroupId: LINK_PLATFORM_DYNAMIC.")] = None
    dynamic_mode: Annotated[DynamicMode, Field("1: devices that match now and later; 2: later only.")] = (
        DynamicMode.NOW_AND_LATER
    )


EXAMPLE = Example(
    request={"FirmwareId": "1001", "ProductKey": "kabcdefgh01", "SrcVersion.1": "1.0.0"},
    response=CreatedJob(data=JobData(job_id="503", utc_create="2025-01-02T03:04:05.678Z")),
)


@operation(
    action="CreateOTADynamicUpgradeJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        FirmwareNotFoundError,
        FirmwareNotVerifiedError,
        GroupNotFoundError,
        DynamicJobConflictError,
        OtaInvalidParameterError,
        OtaMissingParameterError,
    ),
    manner=Manner(creates=True, qps=20),
)
async def handle(request: Request, context: Context) -> CreatedJob:
    _check(request)
    product = await refer_to_product(context, request.product_key)
    firmware = await refer_to_firmware(context, request.firmware_id, request.product_key)
    takes_now = request.dynamic_mode is DynamicMode.NOW_AND_LATER
    draft = draft_upgrade(firmware, request, context.now_ms)._replace(
        target_selection=TargetSelection.ALL,
        selection_type=SelectionType.DYNAMIC,
        dynamic_mode=request.dynamic_mode,
        is_filled=not takes_now,
        is_gathered=True,
        rollout=await chosen_rollout(context, request),
    )
    job = await store_job(context, await _with_rule(request, context, product, draft))
    await context.store.strategies.add(job)
    if takes_now:
        await has_targets(context, job)
    return created(job)


async def _with_rule(request: Request, context: Context, product: Product, draft: JobDraft) -> JobDraft:
    if request.group_id is None:
        require_product(context, product.product_key)
        return draft
    group = await find_target_group(context, product, request.group_id, GroupType.DYNAMIC)
    for other in await context.store.strategies.of_group(group.id):
        if (other.multi_module_mode, other.overwrite_mode) != (draft.multi_module_mode, draft.overwrite_mode):
            raise DynamicJobConflictError(
                f"MultiModuleMode and OverwriteMode must be those of the group's running job {other.id}"
            )
    return draft._replace(group_row_id=group.id, group_id=group.group_id, group_name=group.name)


def _check(request: Request) -> None:
    check_upgrade(request)
    if request.group_id is not None and request.src_version:
        raise OtaInvalidParameterError("give SrcVersion or GroupId, not both")
    if request.group_id is None and not request.src_version:
        raise OtaMissingParameterError("SrcVersion or GroupId is needed")
    if request.group_id is None and request.group_type is not None:
        raise OtaInvalidParameterError("GroupType goes with GroupId only")
    if request.group_id is not None and request.group_type is None:
        raise OtaMissingParameterError(f"GroupType {GroupType.DYNAMIC} is needed with GroupId")
    if request.group_id is not None and request.group_type is not GroupType.DYNAMIC:
        raise OtaInvalidParameterError(f"GroupType must be {GroupType.DYNAMIC}")
