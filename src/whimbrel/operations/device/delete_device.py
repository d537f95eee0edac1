"""Deletes a device: its credentials are invalid at once and its session is ended.

1. It leaves every list, group and tag, and its name may be given again; another device never gets its IotId.
2. Its open tasks are cancelled. Those that ended stay in the lists of their jobs, under its name.

Source: api-contract 13.2.
"""

from __future__ import annotations

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.task import TaskStatus, moved
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.device.lookup import NAMING_ERRORS, find_named_device
from whimbrel.operations.device.named import DeviceRequest

WORDS = "the device was deleted"


class Request(DeviceRequest, msgspec.Struct, frozen=True, kw_only=True):
    """The device."""


EXAMPLE = Example(request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"}, response=EmptyResponse())


@operation(
    action="DeleteDevice",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=NAMING_ERRORS,
    manner=Manner(qps=50),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    device = await find_named_device(context, request)
    await context.store.device_changes.delete(device, context.now_ms)
    await context.store.groups.forget_device(device.id)
    await context.store.tags.forget_device(device.account_id, device.id)
    for task, _ in await context.store.tasks.open_of_device(device.id):
        cancelled = moved(task, TaskStatus.CANCELED, WORDS)
        assert cancelled is not None, "the table lets every open task be cancelled"
        await context.store.tasks.change(task, cancelled, context.now_ms)
    return EmptyResponse()
