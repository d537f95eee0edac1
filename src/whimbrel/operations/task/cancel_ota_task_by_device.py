"""Cancels the open tasks that devices have for a firmware, in one job of it or in all.

1. 1 to 200 devices, each named once; unknown names are skipped, but when none is known the call is refused.
2. Tasks that wait for confirmation, are queued, notified or in progress; a job that is planned has none.
3. A device that is told nothing goes on with a download it has begun; its reports update its version only.

Source: api-contract 11.1.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.task import CANCELLED_BY_DEVICE_WORDS, TaskStatus, moved
from whimbrel.errors import (
    DeviceNotFoundError,
    FirmwareNotFoundError,
    JobNotFoundError,
    OtaInvalidParameterError,
    ProductNotFoundError,
    TooManyDevicesError,
)
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.firmware.lookup import refer_to_firmware
from whimbrel.operations.ids import ID_LENGTH_MAX
from whimbrel.operations.job.delivery import unique
from whimbrel.operations.job.lookup import find_job, known_devices
from whimbrel.operations.product.lookup import refer_to_product

DEVICES_MAX = 200


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The devices' product.", length_max=64, error=ProductNotFoundError)]
    firmware_id: Annotated[str, Field("The firmware.", length_max=ID_LENGTH_MAX, error=FirmwareNotFoundError)]
    device_name: Annotated[
        tuple[str, ...],
        Field("The devices.", items_max=DEVICES_MAX, length_max=64, items_error=TooManyDevicesError),
    ]
    job_id: Annotated[
        str | None, Field("Only tasks of this job.", length_max=ID_LENGTH_MAX, error=JobNotFoundError)
    ] = None


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "FirmwareId": "1001", "DeviceName.1": "lamp-0001"}, response=EmptyResponse()
)


@operation(
    action="CancelOTATaskByDevice",
    permission=Permission.JOB_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        FirmwareNotFoundError,
        JobNotFoundError,
        DeviceNotFoundError,
        TooManyDevicesError,
        OtaInvalidParameterError,
    ),
    manner=Manner(idempotent=True, halts=True),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    names = unique(request.device_name, "DeviceName")
    product = await refer_to_product(context, request.product_key)
    firmware = await refer_to_firmware(context, request.firmware_id, request.product_key)
    job_id = None if request.job_id is None else (await find_job(context, request.job_id)).id
    known = await known_devices(context, product, names)
    if not known:
        raise DeviceNotFoundError(f"the product {request.product_key} has none of the named devices")
    for device_id in known.values():
        while not await _cancel(context, device_id, firmware.id, job_id):
            pass  # a report moved a task meanwhile; it is looked at again, and ends at some time
    return EmptyResponse()


async def _cancel(context: Context, device_id: int, firmware_id: int, job_id: int | None) -> bool:
    """Whether the device has no such open task any more."""
    for task, job in await context.store.tasks.open_of_device(device_id):
        if job.firmware_id != firmware_id or job_id not in (None, job.id):
            continue
        cancelled = moved(task, TaskStatus.CANCELED, CANCELLED_BY_DEVICE_WORDS)
        assert cancelled is not None, "the table lets every open task be cancelled"
        if not await context.store.tasks.change(task, cancelled, context.now_ms):
            return False
    return True
