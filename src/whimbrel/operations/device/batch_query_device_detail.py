"""Answers up to 100 devices of a product in detail.

Devices that do not exist are left out; the others keep the order in which they were named.

Source: api-contract 13.2. The Gmt fields are UTC here (the vendor's were its data centre's local time).
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device import Device
from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.domain.wire_time import plain_text, utc_text
from whimbrel.errors import InvalidFormattedProductKeyError, OtaInvalidParameterError, ProductNotFoundError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import may_touch
from whimbrel.operations.device.named import NAME_LENGTH_MAX
from whimbrel.operations.fields import Field
from whimbrel.operations.product.lookup import refer_to_product

DEVICES_MAX = 100


class Request(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The product.", pattern=PRODUCT_KEY, error=InvalidFormattedProductKeyError)]
    device_name: Annotated[
        tuple[str, ...], Field("The devices' names.", items_max=DEVICES_MAX, length_max=NAME_LENGTH_MAX)
    ]


class DeviceDetail(msgspec.Struct, frozen=True, kw_only=True):
    device_name: Annotated[str, Field("Its name in the product.")]
    device_secret: Annotated[str, Field("Its secret.", is_secret=True)]
    firmware_version: Annotated[str, Field("What it last reported for the module `default`; empty before.")]
    gmt_active: Annotated[str, Field("First connection, like `2018-08-06 10:47:50`; empty before.")]
    gmt_create: Annotated[str, Field("Creation.")]
    iot_id: Annotated[str, Field("Its id over all products.")]
    nickname: Annotated[str, Field("A name for people.")]
    node_type: Annotated[int, Field("Its product's node type.")]
    product_key: Annotated[str, Field("Its product.")]
    product_name: Annotated[str, Field("Its product's name.")]
    region: Annotated[str, Field("Always empty: there is one server.")]
    status: Annotated[str, Field("ONLINE, OFFLINE, UNACTIVE or DISABLE.")]
    utc_active: Annotated[str, Field("First connection; empty before.")]
    utc_create: Annotated[str, Field("Creation.")]


class Details(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[list[DeviceDetail], Field("The devices that exist.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[Details, Field("Wrapper.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName.1": "lamp-0001", "DeviceName.2": "lamp-0002"},
    response=Response(
        data=Details(
            data=[
                DeviceDetail(
                    device_name="lamp-0001",
                    device_secret="0123456789abcdefghijklmnopqrstuv",  # noqa: S106  an example
                    firmware_version="1.0.0",
                    gmt_active="2025-01-02 03:10:00",
                    gmt_create="2025-01-02 03:04:05",
                    iot_id="6fb1c0de0a9b4c2d8e3f0123",
                    nickname="",
                    node_type=0,
                    product_key="kabcdefgh01",
                    product_name="lamp",
                    region="",
                    status="ONLINE",
                    utc_active="2025-01-02T03:10:00.000Z",
                    utc_create="2025-01-02T03:04:05.678Z",
                )
            ]
        )
    ),
)


@operation(
    action="BatchQueryDeviceDetail",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(ProductNotFoundError, InvalidFormattedProductKeyError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=5),
)
async def handle(request: Request, context: Context) -> Response:
    await refer_to_product(context, request.product_key)
    answers = []
    for name in request.device_name:
        device = await context.store.devices.by_name(context.caller.account_id, request.product_key, name)
        if device is not None and await may_touch(context, device):
            version = await context.store.module_versions.get(device.id, DEFAULT_MODULE)
            answers.append(_answer(device, version or ""))
    return Response(data=Details(data=answers))


def _answer(device: Device, version: str) -> DeviceDetail:
    active_ms = device.activated_ms
    return DeviceDetail(
        device_name=device.device_name,
        device_secret=device.device_secret,
        firmware_version=version,
        gmt_active="" if active_ms is None else plain_text(active_ms),
        gmt_create=plain_text(device.created_ms),
        iot_id=device.iot_id,
        nickname=device.nickname,
        node_type=device.node_type,
        product_key=device.product_key,
        product_name=device.product_name,
        region="",
        status=device.status.name,
        utc_active="" if active_ms is None else utc_text(active_ms),
        utc_create=utc_text(device.created_ms),
    )
