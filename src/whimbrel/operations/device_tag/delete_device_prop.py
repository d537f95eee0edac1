"""Removes a tag of a device; a key that the device does not have is no error.

Source: api-contract 13.4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.errors import (
    DeviceNotFoundError,
    InvalidIotIdError,
    NullDeviceNameError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.device.lookup import find_device
from whimbrel.operations.fields import Field


class Request(msgspec.Struct, frozen=True, kw_only=True):
    prop_key: Annotated[str, Field("The tag's key.")]
    iot_id: Annotated[str | None, Field("The device, by its id over all products; wins.", length_max=64)] = None
    product_key: Annotated[str | None, Field("The device's product, with DeviceName.", length_max=64)] = None
    device_name: Annotated[str | None, Field("The device's name, with ProductKey.", length_max=64)] = None


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001", "PropKey": "color"}, response=EmptyResponse()
)


@operation(
    action="DeleteDeviceProp",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=(
        DeviceNotFoundError,
        InvalidIotIdError,
        NullDeviceNameError,
        ProductNotFoundError,
        OtaInvalidParameterError,
    ),
    manner=Manner(idempotent=True, qps=500),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    device = await find_device(context, request.iot_id, request.product_key, request.device_name)
    await context.store.tags.remove(device, request.prop_key)
    return EmptyResponse()
