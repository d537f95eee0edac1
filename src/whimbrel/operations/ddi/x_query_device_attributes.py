"""Answers what a device said of itself over DDI (configData), in the order of the names.

1. ReportedTime is absent until the device has said something; then it is when it did so last.
2. Requested: the device is asked again at its next poll. It is asked at its first contact and after each success by
   itself, and when XRequestDeviceAttributes says so.
3. These are the device's own words. Tags, which people give (QueryDeviceProp), are apart from them.

Source: ours; ddi-protocol 9.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.wire_time import utc_text
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import NAMING_ERRORS, find_named_device
from whimbrel.operations.device.named import DeviceRequest
from whimbrel.operations.fields import Field


class Request(DeviceRequest, frozen=True, kw_only=True):
    """The device."""


class AttributeInfo(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Field("The attribute's name.")]
    content: Annotated[str, Field("What the device said.")]


class AttributeList(msgspec.Struct, frozen=True, kw_only=True):
    attribute: Annotated[list[AttributeInfo], Field("At most 100.")]


class AttributesData(msgspec.Struct, frozen=True, kw_only=True):
    attributes: Annotated[AttributeList, Field("Wrapper.")]
    reported_time: Annotated[str | None, Field("When the device said so last.")]
    requested: Annotated[bool, Field("Whether the device is asked at its next poll.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[AttributesData, Field("The attributes.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"},
    response=Response(
        data=AttributesData(
            attributes=AttributeList(attribute=[AttributeInfo(name="hw_revision", content="1.3")]),
            reported_time="2025-01-02T03:04:05.678Z",
            requested=False,
        )
    ),
)


@operation(
    action="XQueryDeviceAttributes",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=NAMING_ERRORS,
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    device = await find_named_device(context, request)
    report = await context.store.ddi_access.attributes(device.id)
    found = [AttributeInfo(name=name, content=content) for name, content in report.attributes.items()]
    return Response(
        data=AttributesData(
            attributes=AttributeList(attribute=found),
            reported_time=None if report.reported_ms is None else utc_text(report.reported_ms),
            requested=report.is_asked,
        )
    )
