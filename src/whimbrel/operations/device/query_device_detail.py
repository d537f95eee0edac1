"""Answers one device in full: presence, times, address, and the version of its default module.

Source: api-contract 13.2. The Gmt fields are UTC here (the vendor's were its data centre's local time).
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import Device
from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.domain.wire_time import plain_text, utc_text
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


class DeviceData(msgspec.Struct, frozen=True, kw_only=True):
    device_name: Annotated[str, Field("Its name in the product.")]
    device_secret: Annotated[str, Field("Its secret.", is_secret=True)]
    firmware_version: Annotated[str, Field("What it last reported for the module `default`; empty before.")]
    gmt_active: Annotated[str, Field("First connection, like `2018-08-06 10:47:50`; empty before.")]
    gmt_create: Annotated[str, Field("Creation.")]
    gmt_online: Annotated[str, Field("Last connection; empty before the first.")]
    utc_active: Annotated[str, Field("First connection; empty before.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_online: Annotated[str, Field("Last connection; empty before the first.")]
    iot_id: Annotated[str, Field("Its id over all products.")]
    ip_address: Annotated[str, Field("Where it last connected from.")]
    nickname: Annotated[str, Field("A name for people.")]
    node_type: Annotated[int, Field("Its product's node type.")]
    owner: Annotated[bool, Field("Always true: devices are not shared.")]
    product_key: Annotated[str, Field("Its product.")]
    product_name: Annotated[str, Field("Its product's name.")]
    region: Annotated[str, Field("Always empty: there is one server.")]
    status: Annotated[str, Field("ONLINE, OFFLINE, UNACTIVE or DISABLE.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[DeviceData, Field("The device.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"},
    response=Response(
        data=DeviceData(
            device_name="lamp-0001",
            device_secret="0123456789abcdefghijklmnopqrstuv",  # noqa: S106  an example
            firmware_version="1.0.0",
            gmt_active="2025-01-02 03:10:00",
            gmt_create="2025-01-02 03:04:05",
            gmt_online="2025-01-02 03:10:00",
            utc_active="2025-01-02T03:10:00.000Z",
            utc_create="2025-01-02T03:04:05.678Z",
            utc_online="2025-01-02T03:10:00.000Z",
            iot_id="6fb1c0de0a9b4c2d8e3f0123",
            ip_address="192.0.2.7",
            nickname="",
            node_type=0,
            owner=True,
            product_key="kabcdefgh01",
            product_name="lamp",
            region="",
            status="ONLINE",
        )
    ),
)


@operation(
    action="QueryDeviceDetail",
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
    version = await context.store.module_versions.get(device.id, DEFAULT_MODULE)
    return Response(data=_answer(device, version or ""))


def _answer(device: Device, version: str) -> DeviceData:
    active_ms, online_ms = device.activated_ms, device.last_online_ms
    return DeviceData(
        device_name=device.device_name,
        device_secret=device.device_secret,
        firmware_version=version,
        gmt_active="" if active_ms is None else plain_text(active_ms),
        gmt_create=plain_text(device.created_ms),
        gmt_online="" if online_ms is None else plain_text(online_ms),
        utc_active="" if active_ms is None else utc_text(active_ms),
        utc_create=utc_text(device.created_ms),
        utc_online="" if online_ms is None else utc_text(online_ms),
        iot_id=device.iot_id,
        ip_address=device.ip_address,
        nickname=device.nickname,
        node_type=device.node_type,
        owner=True,
        product_key=device.product_key,
        product_name=device.product_name,
        region="",
        status=device.status.name,
    )
