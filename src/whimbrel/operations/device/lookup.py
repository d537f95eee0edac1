"""How operations find the device that a request names (api-contract 13: IotId, or ProductKey and DeviceName)."""

from __future__ import annotations

from whimbrel.domain.device import Device
from whimbrel.errors import (
    DeviceNotFoundError,
    InvalidIotIdError,
    NullDeviceNameError,
    OtaInvalidParameterError,
    ProductNotFoundError,
)
from whimbrel.operations.declaration import Context
from whimbrel.operations.device.named import DeviceRequest
from whimbrel.operations.product.lookup import refer_to_product

#: What `find_device` and the parameters that name a device raise.
NAMING_ERRORS = (
    DeviceNotFoundError,
    InvalidIotIdError,
    NullDeviceNameError,
    ProductNotFoundError,
    OtaInvalidParameterError,
)


async def find_named_device(context: Context, request: DeviceRequest) -> Device:
    """As `find_device`, by a request's own three parameters."""
    return await find_device(context, request.iot_id, request.product_key, request.device_name)


async def find_device(context: Context, iot_id: str | None, product_key: str | None, device_name: str | None) -> Device:
    """The caller's device; IotId wins when both forms are given. One that the key may not touch is not found (A06).

    Raises NullDeviceNameError, InvalidIotIdError, ProductNotFoundError, DeviceNotFoundError.
    """
    if iot_id:
        device = await context.store.devices.by_iot_id(context.caller.account_id, iot_id)
        if device is None or not await may_touch(context, device):
            raise InvalidIotIdError(f"no device has the IotId {iot_id}")
        return device
    if not (product_key and device_name):
        raise NullDeviceNameError
    device = await context.store.devices.by_name(context.caller.account_id, product_key, device_name)
    if device is None or not await may_touch(context, device):
        await refer_to_product(context, product_key)
        raise DeviceNotFoundError(f"the product {product_key} has no device {device_name}")
    return device


async def may_touch(context: Context, device: Device) -> bool:
    """Whether the AccessKey's statements for this action open the device, as its product's or as its groups' (A06)."""
    scope = context.caller.scope
    if scope.covers_all_devices_of(device.product_key):
        return True
    if not scope.may_name_product(device.product_key):
        return False
    return scope.covers_device(device.product_key, await context.store.groups.ids_of_device(device.id))
