"""Rolls firmware out to a set of devices that is fixed at creation.

1. The firmware must be verified, or created as needing no verification (I10).
2. TargetSelection ALL takes all devices of the product, SPECIFIC 1 to 200 named ones; an unknown name refuses the call.
3. Devices already at DestVersion get no task; of a difference firmware only devices at its SrcVersion do.
4. A device with an open task in another job gets a task that has FAILED already (I3).
5. A large target set is frozen now and filled in behind the answer; nothing is lost by a restart (I2).

Source: api-contract 10.2, 7.3. What this release does not make act is refused, not ignored: GRAY and GROUP, SrcVersion,
schedules, retries, MaximumPerMinute, OverwriteMode 2, MultiModuleMode, device lists by file, downloads over MQTT.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.firmware import RELEASABLE, FirmwareStatus
from whimbrel.domain.job import (
    TAGS_MAX,
    TARGET_NAMES_MAX,
    TIMEOUT_MINUTES_MAX,
    TIMEOUT_MINUTES_MIN,
    DownloadProtocol,
    Job,
    JobType,
    OverwriteMode,
    TargetSelection,
)
from whimbrel.domain.product import Product
from whimbrel.errors import (
    DeviceNotFoundError,
    FirmwareNotFoundError,
    FirmwareNotVerifiedError,
    NoTargetDeviceError,
    OtaInvalidParameterError,
    OtaMissingParameterError,
    ProductNotFoundError,
    TooManyDevicesError,
)
from whimbrel.operations.declaration import Context, Example, operation
from whimbrel.operations.fields import Field, wire_name
from whimbrel.operations.firmware.lookup import find_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.drafting import (
    CreatedJob,
    Delivery,
    JobData,
    TagParameter,
    check_protocol,
    created,
    draft_job,
    store_job,
    tags_of,
    unique_names,
)
from whimbrel.operations.job.targets import find_named_devices
from whimbrel.operations.product.lookup import find_product

FIRST_FILL_DEVICES = 500  # tasks made within the call, so that a small fleet's list is whole in the answer's wake
_NOT_SERVED = "Not served by this release."
_UNSERVED = (
    "dn_list_file_url",
    "gray_percent",
    "group_id",
    "group_type",
    "src_version",
    "schedule_time",
    "schedule_finish_time",
    "retry_interval",
    "retry_count",
    "maximum_per_minute",
)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[str, Field("The firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError)]
    product_key: Annotated[str, Field("Its product.", length_max=64)]
    target_selection: Annotated[TargetSelection, Field("ALL or SPECIFIC.")]
    target_device_name: Annotated[
        tuple[str, ...],
        Field(
            "With SPECIFIC: the devices.", items_max=TARGET_NAMES_MAX, length_max=64, items_error=TooManyDevicesError
        ),
    ] = ()
    timeout_in_minutes: Annotated[
        int | None,
        Field("From a device's first progress.", minimum=TIMEOUT_MINUTES_MIN, maximum=TIMEOUT_MINUTES_MAX),
    ] = None
    need_push: Annotated[bool, Field("Send the notice; false waits for the device to ask.")] = True
    need_confirm: Annotated[bool, Field("Wait for ConfirmOTATask first.")] = False
    download_protocol: Annotated[DownloadProtocol, Field("HTTPS.")] = DownloadProtocol.HTTPS
    overwrite_mode: Annotated[OverwriteMode, Field("1: open tasks of other jobs stay.")] = OverwriteMode.KEEP
    multi_module_mode: Annotated[bool, Field("false.")] = False
    tag: Annotated[tuple[TagParameter, ...], Field("Handed to devices in extData.", items_max=TAGS_MAX)] = ()
    dn_list_file_url: Annotated[str | None, Field(_NOT_SERVED)] = None
    gray_percent: Annotated[str | None, Field(_NOT_SERVED)] = None
    group_id: Annotated[str | None, Field(_NOT_SERVED)] = None
    group_type: Annotated[str | None, Field(_NOT_SERVED)] = None
    src_version: Annotated[tuple[str, ...], Field(_NOT_SERVED, items_max=10)] = ()
    schedule_time: Annotated[str | None, Field(_NOT_SERVED)] = None
    schedule_finish_time: Annotated[str | None, Field(_NOT_SERVED)] = None
    retry_interval: Annotated[str | None, Field(_NOT_SERVED)] = None
    retry_count: Annotated[str | None, Field(_NOT_SERVED)] = None
    maximum_per_minute: Annotated[str | None, Field(_NOT_SERVED)] = None


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
        NoTargetDeviceError,
        OtaInvalidParameterError,
        TooManyDevicesError,
        OtaMissingParameterError,
    ),
)
async def handle(request: Request, context: Context) -> CreatedJob:
    _check(request)
    product = await find_product(context, request.product_key)
    firmware = await find_firmware(context, request.firmware_id, request.product_key)
    if FirmwareStatus(firmware.status) not in RELEASABLE:
        raise FirmwareNotVerifiedError
    takes_all = request.target_selection is TargetSelection.ALL
    fill_until = await context.store.devices.largest_id(product.id) if takes_all else 0
    delivery = Delivery(
        job_type=JobType.UPGRADE,
        target_selection=request.target_selection,
        need_push=request.need_push,
        need_confirm=request.need_confirm,
        timeout_minutes=request.timeout_in_minutes,
        tags=tags_of(request.tag),
        fill_until=fill_until,
        is_filled=fill_until == 0,
    )
    job = await store_job(context, draft_job(firmware, delivery, context.now_ms))
    if takes_all:
        await context.store.fleet.fill(job, FIRST_FILL_DEVICES, context.now_ms)
    else:
        await _fill_named(request, context, product, job)
    return created(job)


async def _fill_named(request: Request, context: Context, product: Product, job: Job) -> None:
    device_ids = await find_named_devices(context, product, unique_names(request.target_device_name))
    if await context.store.tasks.add_for(job, device_ids, context.now_ms) == 0:
        raise NoTargetDeviceError(
            "every named device has the version already, or is not at the difference's SrcVersion"
        )


def _check(request: Request) -> None:
    given = [name for name in _UNSERVED if getattr(request, name)]
    if given:
        raise OtaInvalidParameterError(f"{wire_name(given[0])} is not served by this release; leave it out")
    if request.target_selection not in (TargetSelection.ALL, TargetSelection.SPECIFIC):
        raise OtaInvalidParameterError(f"TargetSelection {request.target_selection} is not served by this release")
    if request.overwrite_mode is not OverwriteMode.KEEP:
        raise OtaInvalidParameterError("OverwriteMode must be 1; 2 is not served by this release")
    if request.multi_module_mode:
        raise OtaInvalidParameterError("MultiModuleMode must be false; true is not served by this release")
    check_protocol(request.download_protocol)
    if request.target_selection is TargetSelection.SPECIFIC and not request.target_device_name:
        raise OtaMissingParameterError("TargetDeviceName is needed with TargetSelection SPECIFIC")
    if request.target_selection is TargetSelection.ALL and request.target_device_name:
        raise OtaInvalidParameterError("TargetDeviceName does not go with TargetSelection ALL")
