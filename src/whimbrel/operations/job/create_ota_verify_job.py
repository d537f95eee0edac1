"""Starts the verification of firmware on 1 to 10 test devices.

1. Only firmware that needs verification and is neither verifying nor verified (status 0 or 3).
2. Every named device must exist; those already at DestVersion get no task.
3. The verdict falls when every task has ended: at least one success and no failure verifies (domain/firmware.py).

Source: api-contract 10.1, 7.2, 6.1.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.firmware import TRANSITIONS, FirmwareStatus
from whimbrel.domain.job import (
    TAGS_MAX,
    TIMEOUT_MINUTES_MAX,
    TIMEOUT_MINUTES_MIN,
    VERIFY_DEVICES_MAX,
    DownloadProtocol,
    JobType,
    TargetSelection,
)
from whimbrel.errors import (
    DeviceNotFoundError,
    FirmwareAlreadyVerifiedError,
    FirmwareNotFoundError,
    FirmwareVerifyingError,
    NoTargetDeviceError,
    OtaInvalidParameterError,
    ProductNotFoundError,
    TooManyDevicesError,
)
from whimbrel.operations.declaration import Context, Example, operation
from whimbrel.operations.fields import Field
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


class Request(msgspec.Struct, frozen=True, kw_only=True):
    firmware_id: Annotated[str, Field("The firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError)]
    product_key: Annotated[str, Field("Its product.", length_max=64)]
    target_device_name: Annotated[
        tuple[str, ...],
        Field("The test devices.", items_max=VERIFY_DEVICES_MAX, length_max=64, items_error=TooManyDevicesError),
    ]
    timeout_in_minutes: Annotated[
        int | None,
        Field("From a device's first progress.", minimum=TIMEOUT_MINUTES_MIN, maximum=TIMEOUT_MINUTES_MAX),
    ] = None
    need_push: Annotated[bool, Field("Send the notice; false waits for the device to ask.")] = True
    need_confirm: Annotated[bool, Field("Wait for ConfirmOTATask first.")] = False
    download_protocol: Annotated[DownloadProtocol, Field("HTTPS.")] = DownloadProtocol.HTTPS
    tag: Annotated[tuple[TagParameter, ...], Field("Handed to devices in extData.", items_max=TAGS_MAX)] = ()


EXAMPLE = Example(
    request={"FirmwareId": "1001", "ProductKey": "kabcdefgh01", "TargetDeviceName.1": "lamp-0001"},
    response=CreatedJob(data=JobData(job_id="501", utc_create="2025-01-02T03:04:05.678Z")),
)


@operation(
    action="CreateOTAVerifyJob",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        FirmwareNotFoundError,
        FirmwareVerifyingError,
        FirmwareAlreadyVerifiedError,
        DeviceNotFoundError,
        NoTargetDeviceError,
        OtaInvalidParameterError,
        TooManyDevicesError,
    ),
)
async def handle(request: Request, context: Context) -> CreatedJob:
    names = unique_names(request.target_device_name)
    check_protocol(request.download_protocol)
    product = await find_product(context, request.product_key)
    firmware = await find_firmware(context, request.firmware_id, request.product_key)
    old_status = _verifiable(FirmwareStatus(firmware.status))
    device_ids = await find_named_devices(context, product, names)
    delivery = Delivery(
        job_type=JobType.VERIFY,
        target_selection=TargetSelection.SPECIFIC,
        need_push=request.need_push,
        need_confirm=request.need_confirm,
        timeout_minutes=request.timeout_in_minutes,
        tags=tags_of(request.tag),
    )
    job = await store_job(context, draft_job(firmware, delivery, context.now_ms))
    if await context.store.tasks.add_for(job, device_ids, context.now_ms) == 0:
        raise NoTargetDeviceError("every named device has the version already")
    if not await context.store.firmware.move(firmware.id, old_status, FirmwareStatus.VERIFYING, context.now_ms):
        raise FirmwareVerifyingError("another verification of the firmware has just begun")
    return created(job)


def _verifiable(status: FirmwareStatus) -> FirmwareStatus:
    if status is FirmwareStatus.VERIFYING:
        raise FirmwareVerifyingError
    if FirmwareStatus.VERIFYING not in TRANSITIONS[status]:
        raise FirmwareAlreadyVerifiedError
    return status
