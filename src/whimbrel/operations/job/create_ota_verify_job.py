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
from whimbrel.domain.job import VERIFY_DEVICES_MAX, JobType
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
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.lookup import find_firmware
from whimbrel.operations.job.delivery import DeliveryRequest, check_delivery, unique
from whimbrel.operations.job.drafting import CreatedJob, JobData, created, draft_job, has_targets, store_job
from whimbrel.operations.job.lookup import find_named_devices
from whimbrel.operations.product.lookup import refer_to_product


class Request(DeliveryRequest, msgspec.Struct, frozen=True, kw_only=True):
    target_device_name: Annotated[
        tuple[str, ...],
        Field("The test devices.", items_max=VERIFY_DEVICES_MAX, length_max=64, items_error=TooManyDevicesError),
    ]


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
    manner=Manner(creates=True),
)
async def handle(request: Request, context: Context) -> CreatedJob:
    names = unique(request.target_device_name, "TargetDeviceName")
    check_delivery(request)
    product = await refer_to_product(context, request.product_key)
    # Found, not only named: its status changes, and with it what may be sent to all devices of the product (A06).
    firmware = await find_firmware(context, request.firmware_id, request.product_key)
    old_status = _verifiable(FirmwareStatus(firmware.status))
    device_ids = await find_named_devices(context, product, names)
    job = await store_job(context, draft_job(firmware, JobType.VERIFY, request, context.now_ms))
    await context.store.targets.add(job, device_ids)
    if not await has_targets(context, job):
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
