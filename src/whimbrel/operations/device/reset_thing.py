"""Resets a device's dynamic registration, so that it may fetch its DeviceSecret once more.

1. A device that has neither registered dynamically nor connected is open already: nothing changes. One that connected
   with a secret from the factory may register dynamically from now on.
2. Its status, its secret and what it reported stay. A token works until the device has registered for another one.
3. The vendor's JobId stands for the topology of a gateway with over 2,000 sub-devices, which this server does not keep:
   it is left out.

Source: api-contract 13.2.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import NAMING_ERRORS, find_named_device
from whimbrel.operations.device.named import DeviceRequest
from whimbrel.operations.fields import Field


class Request(DeviceRequest, msgspec.Struct, frozen=True, kw_only=True):
    """The device."""


class Response(msgspec.Struct, frozen=True, kw_only=True):
    job_id: Annotated[str | None, Field("Left out: a reset is done when it is answered.")] = None


EXAMPLE = Example(request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"}, response=Response())


@operation(
    action="ResetThing",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=NAMING_ERRORS,
    manner=Manner(idempotent=True, qps=500),
)
async def handle(request: Request, context: Context) -> Response:
    device = await find_named_device(context, request)
    await context.store.device_changes.reset_enrolment(device, context.now_ms)
    return Response()
