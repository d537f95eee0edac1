"""Asks a device for its attributes (configData): over DDI it is told so at its next poll, and until it has answered.

What it said before stays until then. XQueryDeviceAttributes shows when the answer came.

Source: ours; ddi-protocol 3, 9.
"""

from __future__ import annotations

from whimbrel.domain.access import Permission
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.device.lookup import NAMING_ERRORS, find_named_device
from whimbrel.operations.device.named import DeviceRequest


class Request(DeviceRequest, frozen=True, kw_only=True):
    """The device."""


EXAMPLE = Example(request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"}, response=EmptyResponse())


@operation(
    action="XRequestDeviceAttributes",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=NAMING_ERRORS,
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    device = await find_named_device(context, request)
    await context.store.ddi_access.ask_attributes(device.id)
    return EmptyResponse()
