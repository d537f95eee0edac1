"""Refusals about firmware, modules, jobs and tasks (api-contract 5.2, 5.3)."""

from __future__ import annotations

from whimbrel.errors.business import BusinessError


class OtaInvalidParameterError(BusinessError):
    code = "iot.ota.InvalidParameter"
    default_message = "a parameter is outside its documented set or range"


class OtaMissingParameterError(BusinessError):
    code = "iot.ota.MissingParameter"
    default_message = "a parameter that this combination needs is missing"


class FirmwareNotFoundError(BusinessError):
    code = "iot.ota.FirmwareNotFound"
    default_message = "the firmware does not exist"


class FirmwareExistsError(BusinessError):
    code = "iot.ota.FirmwareAlreadyExist"
    default_message = "the name is taken, or the product has this version for the module already"


class FirmwareCountError(BusinessError):
    code = "iot.ota.FirmwareCountExceedMax"
    default_message = "the account has as much firmware as it may have; delete some first"


class FirmwareFileNotFoundError(BusinessError):
    code = "iot.ota.FirmwareFileNotFound"
    default_message = "FirmwareUrl names no uploaded file; upload one with GenerateOTAUploadURL within the last hour"


class FirmwareSignMismatchError(BusinessError):
    code = "iot.ota.FirmwareSignMismatch"
    default_message = "the given sign or size differs from the uploaded file"


class FirmwareNotVerifiedError(BusinessError):
    code = "iot.ota.FirmwareNotVerified"
    default_message = "the firmware needs a successful verification first (CreateOTAVerifyJob)"


class FirmwareVerifyingError(BusinessError):
    code = "iot.ota.FirmwareVerifying"
    default_message = "a verification of the firmware is running"


class FirmwareAlreadyVerifiedError(BusinessError):
    code = "iot.ota.FirmwareAlreadyVerified"
    default_message = "the firmware is verified, or was created as needing no verification"


class FirmwareInUseError(BusinessError):
    code = "iot.ota.FirmwareInUse"
    default_message = "a job of the firmware is planned or running; cancel it first"


class OtaModuleNotFoundError(BusinessError):
    code = "iot.ota.ModuleNotFound"
    default_message = "the product has no such module"


class OtaModuleExistsError(BusinessError):
    code = "iot.ota.ModuleAlreadyExist"
    default_message = "the product has a module of this name; case makes no difference"


class OtaModuleCountError(BusinessError):
    code = "iot.ota.ModuleCountExceedMax"
    default_message = "the product has as many modules as it may have"


class OtaModuleInUseError(BusinessError):
    code = "iot.ota.ModuleInUse"
    default_message = "the module has firmware; delete that first"


class DefaultModuleError(BusinessError):
    code = "iot.ota.DefaultModuleNotAllowed"
    default_message = "the module default is every product's own; it cannot be created, changed or deleted"


class JobNotFoundError(BusinessError):
    code = "iot.ota.JobNotFound"
    default_message = "the job does not exist"


class JobStatusError(BusinessError):
    code = "iot.ota.JobStatusError"
    default_message = "the job's status does not allow this"


class OwnApprovalError(BusinessError):
    code = "iot.ota.XApprovalByAnother"
    default_message = "whoever made the job cannot do this; it takes another user or AccessKey"


class ApprovedJobError(BusinessError):
    code = "iot.ota.XApprovedJob"
    default_message = "what was approved is what goes out; make another job"


class TaskNotFoundError(BusinessError):
    code = "iot.ota.TaskNotFound"
    default_message = "a task does not exist"


class TaskStatusError(BusinessError):
    code = "iot.ota.TaskStatusError"
    default_message = "a task's status does not allow this; nothing was changed"


class NoTargetDeviceError(BusinessError):
    code = "iot.ota.NoTargetDevice"
    default_message = "no device is left to upgrade"


class TooManyDevicesError(BusinessError):
    code = "iot.ota.TooManyDevices"
    default_message = "more devices were named than the operation takes"


class DeviceListFileError(BusinessError):
    code = "iot.ota.DeviceListFileError"
    default_message = "DnListFileUrl names no list of devices that GenerateDeviceNameListURL took within the last hour"


class DynamicJobConflictError(BusinessError):
    code = "iot.ota.DynamicJobConflict"
    default_message = "the firmware has a running dynamic job for the version or group already"
