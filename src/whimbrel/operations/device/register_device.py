"""Registers one device and answers its secret.

1. DeviceName: 4 to 32 of letters, digits, `-`, `_`, `@`, `.`, colon; unique in the product; random when absent.
2. Nickname: 4 to 64 of letters, digits, `_` and CJK characters (a CJK one counts 2).
3. DevEui, JoinEui, AppKey, PinCode, LoraNodeType belong to LoRaWAN products and are ignored.

Source: api-contract 13.2.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import (
    DEVICE_NAME,
    DEVICE_SECRET_LENGTH,
    IOT_ID_LENGTH,
    NICKNAME_LENGTH_MAX,
    RANDOM_NAME_LENGTH,
    DeviceDraft,
    is_valid_nickname,
)
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.errors import (
    DeviceCountExceededError,
    DeviceNameTakenError,
    InvalidFormattedDeviceNameError,
    InvalidFormattedProductKeyError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.room import require_room
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import find_product


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    device_name: Annotated[
        str | None, Field("Its name in the product.", pattern=DEVICE_NAME, error=InvalidFormattedDeviceNameError)
    ] = None
    nickname: Annotated[str, Field("A name for people.", length_max=NICKNAME_LENGTH_MAX)] = ""


class DeviceData(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("As given.")]
    device_name: Annotated[str, Field("As given, or the random one.")]
    device_secret: Annotated[str, Field("The device's own secret: 32 letters and digits.", is_secret=True)]
    iot_id: Annotated[str, Field("The device's id over all products.")]
    nickname: Annotated[str | None, Field("As given.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[DeviceData, Field("The new device.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"},
    response=Response(
        data=DeviceData(
            product_key="kabcdefgh01",
            device_name="lamp-0001",
            device_secret="0123456789abcdefghijklmnopqrstuv",  # noqa: S106  an example
            iot_id="6fb1c0de0a9b4c2d8e3f0123",
            nickname=None,
        )
    ),
)


@operation(
    action="RegisterDevice",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=(
        ProductNotFoundError,
        InvalidFormattedProductKeyError,
        InvalidFormattedDeviceNameError,
        DeviceNameTakenError,
        DeviceCountExceededError,
        OtaInvalidParameterError,
    ),
    manner=Manner(creates=True, qps=30),
)
async def handle(request: Request, context: Context) -> Response:
    if request.nickname and not is_valid_nickname(request.nickname):
        raise OtaInvalidParameterError("Nickname has 4 to 64 letters, digits, underscores or CJK characters")
    product = await find_product(context, request.product_key)
    await require_room(context, product, 1)
    random = context.services.randomness
    draft = DeviceDraft(
        account_id=context.caller.account_id,
        product_id=product.id,
        device_name=request.device_name or random.text(RANDOM_NAME_LENGTH),
        iot_id=random.hex(IOT_ID_LENGTH),
        device_secret=random.text(DEVICE_SECRET_LENGTH),
        nickname=request.nickname,
        created_ms=context.now_ms,
    )
    await context.store.devices.add(draft)
    return Response(
        data=DeviceData(
            product_key=product.product_key,
            device_name=draft.device_name,
            device_secret=draft.device_secret,
            iot_id=draft.iot_id,
            nickname=draft.nickname or None,
        )
    )
