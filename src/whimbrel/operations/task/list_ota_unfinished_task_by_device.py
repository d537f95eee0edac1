"""The open tasks of one device, oldest first: at most one for each of its modules.

1. The device by IotId, or by ProductKey and DeviceName; IotId wins.
2. TaskStatusList, when given, is preferred to TaskStatus; both name open statuses only.
3. A ModuleName that the product does not have is refused, unless there is a task for it.

Source: api-contract 11.5.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.job import Job
from whimbrel.domain.task import TaskStatus
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import OtaModuleNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import NAMING_ERRORS, find_named_device
from whimbrel.operations.device.named import DeviceRequest
from whimbrel.operations.fields import Field
from whimbrel.operations.ota_module.lookup import require_module
from whimbrel.operations.product.lookup import refer_to_product
from whimbrel.ports.store import TaskRow

MODULE_NAME_LENGTH_MAX = 64

#: The open statuses by their words on the wire, derived from the one state table.
OpenStatusWord = StrEnum(  # type: ignore[misc]
    "OpenStatusWord", {status.name: status.name for status in TaskStatus if status.is_open}
)


class Request(DeviceRequest, msgspec.Struct, frozen=True, kw_only=True):
    module_name: Annotated[
        str | None,
        Field("Only tasks for this module.", length_max=MODULE_NAME_LENGTH_MAX, error=OtaModuleNotFoundError),
    ] = None
    task_status: Annotated[OpenStatusWord | None, Field("Only tasks in this status.")] = None
    task_status_list: Annotated[
        tuple[OpenStatusWord, ...], Field("Only tasks in these statuses.", items_max=len(OpenStatusWord))
    ] = ()


class UnfinishedTaskInfo(msgspec.Struct, frozen=True, kw_only=True):
    task_id: Annotated[str, Field("Its id.")]
    job_id: Annotated[str, Field("Its job.")]
    firmware_id: Annotated[str, Field("The firmware.")]
    product_key: Annotated[str, Field("The device's product.")]
    product_name: Annotated[str, Field("The product's name.")]
    device_name: Annotated[str, Field("The device.")]
    iot_id: Annotated[str, Field("The device's id over all products.")]
    module_name: Annotated[str, Field("The module.")]
    src_version: Annotated[str, Field("The module's version when the task was made; empty if never reported.")]
    dest_version: Annotated[str, Field("The version wanted.")]
    task_status: Annotated[str, Field("CONFIRM, QUEUED, NOTIFIED or IN_PROGRESS.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("Last change.")]


class TaskList(msgspec.Struct, frozen=True, kw_only=True):
    simple_ota_task_info: Annotated[
        list[UnfinishedTaskInfo],
        Field("The tasks.", wire="SimpleOTATaskInfo", camel=("simpleOTATaskInfo",)),
    ]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[TaskList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001", "TaskStatus": "NOTIFIED"},
    response=Response(
        data=TaskList(
            simple_ota_task_info=[
                UnfinishedTaskInfo(
                    task_id="9001",
                    job_id="502",
                    firmware_id="1001",
                    product_key="kabcdefgh01",
                    product_name="lamp",
                    device_name="lamp-0001",
                    iot_id="0123456789abcdef01234567",
                    module_name="default",
                    src_version="1.0.0",
                    dest_version="1.1.0",
                    task_status="NOTIFIED",
                    utc_create="2025-01-02T03:04:05.678Z",
                    utc_modified="2025-01-02T03:04:06.000Z",
                )
            ]
        )
    ),
)


@operation(
    action="ListOTAUnfinishedTaskByDevice",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(*NAMING_ERRORS, OtaModuleNotFoundError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    device = await find_named_device(context, request)
    wanted = request.task_status_list or ((request.task_status,) if request.task_status else tuple(OpenStatusWord))
    found = [
        (row, job)
        for row, job in await context.store.job_lists.open_of_device(device.id)
        if request.module_name in (None, job.module_name)
    ]
    if request.module_name is not None and not found:
        await require_module(context, await refer_to_product(context, device.product_key), request.module_name)
    rows = [_answer(row, job) for row, job in found if row.task.status.name in wanted]
    return Response(data=TaskList(simple_ota_task_info=rows))


def _answer(row: TaskRow, job: Job) -> UnfinishedTaskInfo:
    return UnfinishedTaskInfo(
        task_id=str(row.task.id),
        job_id=str(job.id),
        firmware_id=str(job.firmware_id),
        product_key=job.product_key,
        product_name=job.product_name,
        device_name=row.device_name,
        iot_id=row.iot_id,
        module_name=job.module_name,
        src_version=row.task.src_version,
        dest_version=job.dest_version,
        task_status=row.task.status.name,
        utc_create=utc_text(row.created_ms),
        utc_modified=utc_text(row.modified_ms),
    )
