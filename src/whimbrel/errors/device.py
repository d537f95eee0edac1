"""Refusals about devices (api-contract 5.2)."""

from __future__ import annotations

from whimbrel.errors.business import BusinessError


class NullDeviceNameError(BusinessError):
    code = "iot.device.NullDeviceName"
    default_message = "name the device, by IotId or by ProductKey and DeviceName"


class InvalidFormattedDeviceNameError(BusinessError):
    code = "iot.device.InvalidFormattedDeviceName"
    default_message = "a device name has 4 to 32 letters, digits or any of - _ @ . and colon"


class DeviceNameTakenError(BusinessError):
    code = "iot.device.AlreadyExistedDeviceName"
    default_message = "the product has a device of this name"


class DeviceNotFoundError(BusinessError):
    code = "iot.device.NotExistedDevice"
    default_message = "the device does not exist"


class InvalidIotIdError(BusinessError):
    code = "iot.device.InvalidIoTId"
    default_message = "no device has this IotId"
