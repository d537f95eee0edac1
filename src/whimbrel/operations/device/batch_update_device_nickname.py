"""Gives up to 100 devices other nicknames, all of them or none.

1. Each entry names a device by IotId, or by ProductKey and DeviceName, and its Nickname: 4 to 64 letters, digits, `_`
   and CJK characters (a CJK one counts 2). Without a Nickname the device has none any more.
2. Of a device that is named twice the last entry counts.

Source: api-contract 13.2; the most entries of a call are our choice.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import NICKNAME_LENGTH_MAX, is_valid_nickname
from whimbrel.errors import NoDeviceNameError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.device.lookup import NAMING_ERRORS, find_named_device
from whimbrel.operations.device.named import DeviceRequest
from whimbrel.operations.fields import Field

DEVICES_MAX = 100


class DeviceNickname(DeviceRequest, msgspec.Struct, frozen=True, kw_only=True):
    nickname: Annotated[str, Field("A name for people.", length_max=NICKNAME_LENGTH_MAX)] = ""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    device_nickname_info: Annotated[
        tuple[DeviceNickname, ...], Field("The devices and their nicknames.", items_max=DEVICES_MAX)
    ] = ()


EXAMPLE = Example(
    request={
        "DeviceNicknameInfo.1.ProductKey": "kabcdefgh01",
        "DeviceNicknameInfo.1.DeviceName": "lamp-0001",
        "DeviceNicknameInfo.1.Nickname": "kitchen",
    },
    response=EmptyResponse(),
)


@operation(
    action="BatchUpdateDeviceNickname",
    permission=Permission.DEVICE_WRITE,
    example=EXAMPLE,
    errors=(NoDeviceNameError, *NAMING_ERRORS),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    if not request.device_nickname_info:
        raise NoDeviceNameError("DeviceNicknameInfo.N names no device")
    for info in request.device_nickname_info:
        if info.nickname and not is_valid_nickname(info.nickname):
            raise OtaInvalidParameterError("Nickname has 4 to 64 letters, digits, underscores or CJK characters")
        device = await find_named_device(context, info)
        await context.store.device_changes.rename(device, info.nickname, context.now_ms)
    return EmptyResponse()
