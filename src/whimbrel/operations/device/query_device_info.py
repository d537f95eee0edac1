"""Answers a device's names and secret.

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


class DeviceData(msgspec.Struct, frozen=True, kw_only=True):
    device_name: Annotated[str, Field("Its name in the product.")]
    device_secret: Annotated[str, Field("Its secret.", is_secret=True)]
    iot_id: Annotated[str, Field("Its id over all products.")]
    nickname: Annotated[str, Field("A name for people.")]
    product_key: Annotated[str, Field("Its product.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[DeviceData, Field("The device.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"},
    response=Response(
        data=DeviceData(
            device_name="lamp-0001",
            device_secret="0123456789abcdefghijklmnopqrstuv",  # noqa: S106  an example
            iot_id="6fb1c0de0a9b4c2d8e3f0123",
            nickname="",
            product_key="kabcdefgh01",
        )
    ),
)


@operation(
    action="QueryDeviceInfo",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=NAMING_ERRORS,
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    device = await find_named_device(context, request)
    return Response(
        data=DeviceData(
            device_name=device.device_name,
            device_secret=device.device_secret,
            iot_id=device.iot_id,
            nickname=device.nickname,
            product_key=device.product_key,
        )
    )
