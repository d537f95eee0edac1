"""Enables a disabled device: it may connect again, and is shown OFFLINE, or UNACTIVE if it never was connected.

Enabling a device that is not disabled changes nothing.

Source: api-contract 13.2.
"""

from __future__ import annotations

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import DeviceStatus
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.device.lookup import NAMING_ERRORS, find_named_device
from whimbrel.operations.device.named import DeviceRequest


class Request(DeviceRequest, msgspec.Struct, frozen=True, kw_only=True):
    """The device."""


EXAMPLE = Example(request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"}, response=EmptyResponse())


@operation(
    action="EnableThing",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=NAMING_ERRORS,
    manner=Manner(idempotent=True, qps=500),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    device = await find_named_device(context, request)
    if device.status is DeviceStatus.DISABLE:
        await context.store.device_changes.enable(device, context.now_ms)
    return EmptyResponse()
