"""Answers a device's tags as one JSON text, keys in order; `{}` without tags.

Source: api-contract 13.4.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device_tag import props_text
from whimbrel.errors import (
    DeviceNotFoundError,
    InvalidIotIdError,
    NullDeviceNameError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import find_device
from whimbrel.operations.fields import Field


class Request(msgspec.Struct, frozen=True, kw_only=True):
    iot_id: Annotated[str | None, Field("The device, by its id over all products; wins.", length_max=64)] = None
    product_key: Annotated[str | None, Field("The device's product, with DeviceName.", length_max=64)] = None
    device_name: Annotated[str | None, Field("The device's name, with ProductKey.", length_max=64)] = None


class Response(msgspec.Struct, frozen=True, kw_only=True):
    props: Annotated[str, Field("The tags, a JSON object of texts.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"},
    response=Response(props='{"color":"red"}'),
)


@operation(
    action="QueryDeviceProp",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(
        DeviceNotFoundError,
        InvalidIotIdError,
        NullDeviceNameError,
        ProductNotFoundError,
        OtaInvalidParameterError,
    ),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    device = await find_device(context, request.iot_id, request.product_key, request.device_name)
    return Response(props=props_text(await context.store.tags.of_device(device.id)))
