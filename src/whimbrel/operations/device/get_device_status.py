"""Answers a device's status and since when it has it.

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


class StatusData(msgspec.Struct, frozen=True, kw_only=True):
    status: Annotated[str, Field("ONLINE, OFFLINE, UNACTIVE or DISABLE.")]
    timestamp: Annotated[int, Field("When it became so, epoch milliseconds.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[StatusData, Field("The status.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"},
    response=Response(data=StatusData(status="ONLINE", timestamp=1735787400000)),
)


@operation(
    action="GetDeviceStatus",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=NAMING_ERRORS,
    manner=Manner(idempotent=True, qps=500),
)
async def handle(request: Request, context: Context) -> Response:
    device = await find_named_device(context, request)
    return Response(data=StatusData(status=device.status.name, timestamp=device.status_ms))
