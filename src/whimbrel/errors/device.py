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


class NoDeviceNameError(BusinessError):
    code = "iot.device.NoneDeviceNameElement"
    default_message = "no device is named"


class DeviceCountExceededError(BusinessError):
    code = "iot.device.DeviceCountExceeded"
    default_message = "the product would have more devices than it may have"


class InvalidFormattedApplyIdError(BusinessError):
    code = "iot.device.InvalidFormattedApplyId"
    default_message = "an ApplyId is a whole number from 1"


class ApplyNotFoundError(BusinessError):
    code = "iot.device.DeviceApplyIsNotFound"
    default_message = "the apply does not exist"


class ApplyOfAnotherProductError(BusinessError):
    code = "iot.device.IncorrentDeviceApplyInfo"  # the vendor's spelling
    default_message = "the apply is for another product"


class ApplyIsRunningError(BusinessError):
    code = "iot.device.CreateDeviceTaskIsRunning"
    default_message = "the devices of the apply are being registered"


class ApplyFailedError(BusinessError):
    code = "iot.device.ApplyManyDevicesFailed"
    default_message = "the apply cannot be registered"


class EnrolmentFullError(BusinessError):
    code = "whimbrel.device.EnrolmentFull"
    default_message = "no more devices of the product may make themselves; raise SelfMadeMax or register the device"
