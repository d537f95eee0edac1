"""How operations find the device that a request names (api-contract 13: IotId, or ProductKey and DeviceName)."""

from __future__ import annotations

from whimbrel.domain.device import Device
from whimbrel.errors import DeviceNotFoundError, InvalidIotIdError, NullDeviceNameError
from whimbrel.operations.declaration import Context
from whimbrel.operations.product.lookup import find_product


async def find_device(context: Context, iot_id: str | None, product_key: str | None, device_name: str | None) -> Device:
    """The caller's device; IotId wins when both forms are given.

    Raises NullDeviceNameError, InvalidIotIdError, ProductNotFoundError, DeviceNotFoundError.
    """
    if iot_id:
        device = await context.store.devices.by_iot_id(context.caller.account_id, iot_id)
        if device is None:
            raise InvalidIotIdError(f"no device has the IotId {iot_id}")
        return device
    if not (product_key and device_name):
        raise NullDeviceNameError
    device = await context.store.devices.by_name(context.caller.account_id, product_key, device_name)
    if device is None:
        await find_product(context, product_key)
        raise DeviceNotFoundError(f"the product {product_key} has no device {device_name}")
    return device
