"""Rolls firmware out to a set of devices that is fixed when the job starts.

1. The firmware must be verified, or created as needing no verification (I10).
2. TargetSelection ALL takes all devices of the product; SPECIFIC 1 to 200 named ones, of which an unknown one refuses
   the call, or those of an uploaded list, whose unknown names are skipped; GRAY a share of the devices; GROUP the
   product's devices in a static group. What does not go with the selection is refused.
3. SrcVersion, with ALL and GRAY: only devices that report one of these versions. A difference firmware is for devices
   at its own SrcVersion alone. A share is taken of the devices that remain, rounded down, at least one.
4. Devices already at DestVersion get no task. An empty set is refused, but with ALL the job is COMPLETED at once; with
   a list of more than 500 names, or a share of many, it is found empty behind the answer and is COMPLETED then.
5. A device with an open task in another job gets a task that has FAILED already (I3). OverwriteMode 2 cancels that
   other task unless its device has begun; so does MultiModuleMode, for which only tasks of the same module count.
6. ScheduleTime, 5 minutes to 7 days ahead: the job is PLANNED until then, and its target set is fixed then; named
   devices are looked up now. ScheduleFinishTime, 1 hour to 30 days after the start: what has not begun by then is
   cancelled.
7. A large target set is frozen first and filled in behind the answer; nothing is lost by a restart (I2).

Source: api-contract 10.2, 7.3 to 7.11. Not served by this release, and refused: downloads over MQTT.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.delivery import schedule_fault
from whimbrel.domain.gray import is_percent
from whimbrel.domain.group import GroupType
from whimbrel.domain.job import TARGET_NAMES_MAX, Job, JobDraft, TargetSelection
from whimbrel.domain.product import Product
from whimbrel.errors import (
    DeviceListFileError,
    DeviceNotFoundError,
    FirmwareNotFoundError,
    FirmwareNotVerifiedError,
    GroupNotFoundError,
    NoTargetDeviceError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
    ProductNotFoundError,
    TooManyDevicesError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field, wire_name
from whimbrel.operations.firmware.lookup import refer_to_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.delivery import UpgradeRequest, check_upgrade, unique
from whimbrel.operations.job.drafting import CreatedJob, JobData, created, draft_upgrade, has_targets, store_job
from whimbrel.operations.job.lookup import find_device_list, find_named_devices, find_target_group
from whimbrel.operations.product.lookup import refer_to_product
from whimbrel.operations.rights import require_product

#: What goes with which selection: the parameters it needs one of, and others it may have.
_BELONGINGS: dict[TargetSelection, tuple[tuple[str, ...], tuple[str, ...]]] = {
    TargetSelection.ALL: ((), ("src_version",)),
    TargetSelection.SPECIFIC: (("target_device_name", "dn_list_file_url"), ()),
    TargetSelection.GRAY: (("gray_percent",), ("src_version",)),
    TargetSelection.GROUP: (("group_id",), ("group_type",)),
}
_SELECTING = ("target_device_name", "dn_list_file_url", "gray_percent", "group_id", "group_type", "src_version")
URL_LENGTH_MAX = 2048
PERCENT_LENGTH_MAX = 16


class Request(UpgradeRequest, msgspec.Struct, frozen=True, kw_only=True):
    target_selection: Annotated[TargetSelection, Field("ALL, SPECIFIC, GRAY or GROUP.")]
    target_device_name: Annotated[
        tuple[str, ...],
        Field(
            "With SPECIFIC: the devices.", items_max=TARGET_NAMES_MAX, length_max=64, items_error=TooManyDevicesError
        ),
    ] = ()
    dn_list_file_url: Annotated[
        str | None, Field("With SPECIFIC: FileUrl of GenerateDeviceNameListURL.", length_max=URL_LENGTH_MAX)
    ] = None
    gray_percent: Annotated[
        str | None, Field("With GRAY: above 0 and up to 100, at most 3 decimals.", length_max=PERCENT_LENGTH_MAX)
    ] = None
    group_id: Annotated[str | None, Field("With GROUP: the group.", length_max=ID_LENGTH_MAX)] = None
    group_type: Annotated[GroupType | None, Field("LINK_PLATFORM.")] = None
    schedule_time: Annotated[int | None, Field("Start, milliseconds since 1970; absent starts at once.")] = None
    schedule_finish_time: Annotated[int | None, Field("End, milliseconds since 1970.")] = None


EXAMPLE = Example(
    request={"FirmwareId": "1001", "ProductKey": "kabcdefgh01", "TargetSelection": "ALL"},
    response=CreatedJob(data=JobData(job_id="502", utc_create="2025-01-02T03:04:05.678Z")),
)


@operation(
    action="CreateOTAStaticUpgradeJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        FirmwareNotFoundError,
        FirmwareNotVerifiedError,
        DeviceNotFoundError,
        GroupNotFoundError,
        DeviceListFileError,
        NoTargetDeviceError,
        OtaInvalidParameterError,
        TooManyDevicesError,
        OtaMissingParameterError,
    ),
    manner=Manner(creates=True, qps=20),
)
async def handle(request: Request, context: Context) -> CreatedJob:
    _check(request, context.now_ms)
    product = await refer_to_product(context, request.product_key)
    firmware = await refer_to_firmware(context, request.firmware_id, request.product_key)
    draft = draft_upgrade(firmware, request, context.now_ms)
    draft = draft._replace(schedule_ms=request.schedule_time, schedule_finish_ms=request.schedule_finish_time)
    job = await _store(request, context, product, draft)
    if job.schedule_ms is None and not await has_targets(context, job) and not job.takes_product:
        raise NoTargetDeviceError
    return created(job)


async def _store(request: Request, context: Context, product: Product, draft: JobDraft) -> Job:
    """The job, with what says which devices it is for."""
    draft = draft._replace(target_selection=request.target_selection)
    if request.target_device_name:
        device_ids = await find_named_devices(context, product, request.target_device_name)
        job = await store_job(context, draft)
        await context.store.targets.add(job, device_ids)
        return job
    if request.group_id is not None:
        group = await find_target_group(context, product, request.group_id, GroupType.STATIC)
        draft = draft._replace(group_row_id=group.id, group_id=group.group_id, group_name=group.name)
        return await store_job(context, draft)
    require_product(context, product.product_key)
    if request.dn_list_file_url is not None:
        key = await find_device_list(context, request.dn_list_file_url)
        return await store_job(context, draft._replace(device_list_key=key))
    return await store_job(context, draft._replace(gray_percent=request.gray_percent or ""))


def _check(request: Request, now_ms: int) -> None:
    check_upgrade(request)
    needed, allowed = _BELONGINGS[request.target_selection]
    for name in _SELECTING:
        if getattr(request, name) and name not in (*needed, *allowed):
            raise OtaInvalidParameterError(
                f"{wire_name(name)} does not go with TargetSelection {request.target_selection}"
            )
    given = [wire_name(name) for name in needed if getattr(request, name)]
    if needed and not given:
        names = " or ".join(map(wire_name, needed))
        raise OtaMissingParameterError(f"{names} is needed with TargetSelection {request.target_selection}")
    if len(given) > 1:
        raise OtaInvalidParameterError(f"give only one of {' and '.join(given)}")
    if request.group_type not in (None, GroupType.STATIC):
        raise OtaInvalidParameterError(f"GroupType must be {GroupType.STATIC}; dynamic groups are for dynamic jobs")
    if request.gray_percent is not None and not is_percent(request.gray_percent):
        raise OtaInvalidParameterError("GrayPercent must be above 0 and up to 100, with at most 3 decimals")
    unique(request.target_device_name, "TargetDeviceName")
    fault = schedule_fault(request.schedule_time, request.schedule_finish_time, now_ms)
    if fault:
        raise OtaInvalidParameterError(fault)
