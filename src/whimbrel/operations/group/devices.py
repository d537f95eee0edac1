"""How groups and tags show devices, and how requests name devices by the hundred."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec

from whimbrel.domain.device import DEVICE_NAME
from whimbrel.domain.product import PRODUCT_KEY
from whimbrel.operations.fields import Field
from whimbrel.ports.store import DeviceIdentity


class DeviceParameter(msgspec.Struct, frozen=True, kw_only=True):
    product_key: Annotated[str, Field("The device's product.", length_max=64)]
    device_name: Annotated[str, Field("Its name in the product.", length_max=64)]


class SimpleDeviceInfo(msgspec.Struct, frozen=True, kw_only=True):
    device_name: Annotated[str, Field("Its name in the product.")]
    iot_id: Annotated[str, Field("Its id over all products.")]
    product_key: Annotated[str, Field("Its product.")]
    product_name: Annotated[str, Field("Its product's name.")]


class DeviceList(msgspec.Struct, frozen=True, kw_only=True):
    simple_device_info: Annotated[list[SimpleDeviceInfo], Field("The page's rows.")]


EXAMPLE_DEVICES = DeviceList(
    simple_device_info=[
        SimpleDeviceInfo(
            device_name="lamp-0001",
            iot_id="6fb1c0de0a9b4c2d8e3f0123",
            product_key="kabcdefgh01",
            product_name="lamp",
        )
    ]
)


def device_list(rows: Sequence[DeviceIdentity]) -> DeviceList:
    return DeviceList(simple_device_info=[SimpleDeviceInfo(**row._asdict()) for row in rows])


def possible_names(devices: tuple[DeviceParameter, ...]) -> set[tuple[str, str]]:
    """(ProductKey, DeviceName) of those that can exist, each once."""
    return {
        (device.product_key, device.device_name)
        for device in devices
        if PRODUCT_KEY.fullmatch(device.product_key) and DEVICE_NAME.fullmatch(device.device_name)
    }
