"""Answers the status of up to 50 devices.

1. IotId.N, or ProductKey with DeviceName.N; IotId.N wins when both are given.
2. Devices that do not exist are left out; the others keep the order in which they were named.

Source: api-contract 13.2.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import Device
from whimbrel.domain.wire_time import plain_text
from whimbrel.errors import NullDeviceNameError, OtaInvalidParameterError, ProductNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import may_touch
from whimbrel.operations.device.named import NAME_LENGTH_MAX
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import refer_to_product

DEVICES_MAX = 50


class Request(msgspec.Struct, frozen=True, kw_only=True):
    iot_id: Annotated[
        tuple[str, ...],
        Field("The devices, by their ids over all products.", items_max=DEVICES_MAX, length_max=NAME_LENGTH_MAX),
    ] = ()
    product_key: Annotated[
        str | None, Field("The devices' product, with DeviceName.N.", length_max=NAME_LENGTH_MAX)
    ] = None
    device_name: Annotated[
        tuple[str, ...],
        Field("The devices' names, with ProductKey.", items_max=DEVICES_MAX, length_max=NAME_LENGTH_MAX),
    ] = ()


class DeviceState(msgspec.Struct, frozen=True, kw_only=True):
    device_id: Annotated[str, Field("The IotId once more, for old clients.")]
    device_name: Annotated[str, Field("Its name in the product.")]
    iot_id: Annotated[str, Field("Its id over all products.")]
    status: Annotated[str, Field("ONLINE, OFFLINE, UNACTIVE or DISABLE.")]
    as_address: Annotated[str, Field("Where it last connected from; empty before.")]
    last_online_time: Annotated[str, Field("Its last connection, like `2020-01-17 16:19:11`; empty before.")]
    timestamp: Annotated[int, Field("Since when it has this status, epoch milliseconds.")]


class DeviceStates(msgspec.Struct, frozen=True, kw_only=True):
    device_status: Annotated[list[DeviceState], Field("The devices that exist.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    device_status_list: Annotated[DeviceStates, Field("Wrapper.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName.1": "lamp-0001", "DeviceName.2": "lamp-0002"},
    response=Response(
        device_status_list=DeviceStates(
            device_status=[
                DeviceState(
                    device_id="6fb1c0de0a9b4c2d8e3f0123",
                    device_name="lamp-0001",
                    iot_id="6fb1c0de0a9b4c2d8e3f0123",
                    status="ONLINE",
                    as_address="192.0.2.7",
                    last_online_time="2025-01-02 03:10:00",
                    timestamp=1735787400000,
                )
            ]
        )
    ),
)


@operation(
    action="BatchGetDeviceState",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(NullDeviceNameError, ProductNotFoundError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    found = [device for device in await _find(request, context) if device and await may_touch(context, device)]
    return Response(device_status_list=DeviceStates(device_status=[_answer(device) for device in found]))


async def _find(request: Request, context: Context) -> list[Device | None]:
    devices, account_id = context.store.devices, context.caller.account_id
    if request.iot_id:
        return [await devices.by_iot_id(account_id, iot_id) for iot_id in request.iot_id]
    if not (request.product_key and request.device_name):
        raise NullDeviceNameError("name the devices, by IotId.N or by ProductKey and DeviceName.N")
    await refer_to_product(context, request.product_key)
    return [await devices.by_name(account_id, request.product_key, name) for name in request.device_name]


def _answer(device: Device) -> DeviceState:
    return DeviceState(
        device_id=device.iot_id,
        device_name=device.device_name,
        iot_id=device.iot_id,
        status=device.status.name,
        as_address=device.ip_address,
        last_online_time="" if device.last_online_ms is None else plain_text(device.last_online_ms),
        timestamp=device.status_ms,
    )
