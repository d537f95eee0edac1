"""The error tree, each with the code that clients rely on. No HTTP status here: `rpc/envelope.py` maps them.

    WhimbrelError
     ├─ GatewayError            refused before the operation ran (api-contract 5.1)
     │   ├─ MissingParameterError, InvalidParameterError
     │   ├─ IncompleteSignatureError, SignatureDoesNotMatchError, SignatureNonceUsedError, InvalidSignatureMethodError
     │   ├─ InvalidTimeStampFormatError, InvalidTimeStampExpiredError
     │   ├─ InvalidAccessKeyIdNotFoundError, InvalidAccessKeyIdInactiveError, InvalidSecurityTokenError
     │   ├─ InvalidActionError, InvalidVersionError, UnsupportedMethodError, RequestTooLargeError
     │   └─ ForbiddenError, ServiceUnavailableError, StorageFullError
     ├─ BusinessError           the operation said no (api-contract 5.2, 5.3); HTTP 200, Success=false
     │   ├─ common:   InvalidPageParamsError, SystemExceptionError
     │   ├─ products: ProductNotFoundError, ...
     │   ├─ devices:  DeviceNotFoundError, ...
     │   └─ ota:      FirmwareNotFoundError, JobNotFoundError, TaskNotFoundError, ...
     ├─ ReportError             a device's message cannot be understood; it is dropped and counted
     └─ UploadError             a form upload was refused (api-contract 12); the code is the object store's

A message names the fact, what was given and what to do. It must not hold a colon where api-contract 5.4 forbids it.
"""

from __future__ import annotations


class WhimbrelError(Exception):
    """The root. `code` is what clients match on; `message` is for a person."""

    code = "iot.system.SystemException"
    default_message = "the server failed; the request id tells the operator where"

    def __init__(self, message: str | None = None) -> None:
        self.message = message if message is not None else self.default_message
        super().__init__(f"{self.code}: {self.message}")


# ---- gateway errors -------------------------------------------------------------------------------------------------


class GatewayError(WhimbrelError):
    """Refused at the gate, before any operation ran and without any effect."""


class MissingParameterError(GatewayError):
    """A mandatory parameter is absent; the code carries its name (`MissingTimestamp`)."""

    def __init__(self, name: str) -> None:
        self.parameter = name
        self.code = f"Missing{name.replace('.', '')}" if name.replace(".", "").isalnum() else "MissingParameter"
        super().__init__(f"the mandatory parameter {name} is missing")


class InvalidParameterError(GatewayError):
    """A parameter cannot be read at gateway level. `name` is None when the request as a whole is unreadable."""

    def __init__(self, name: str | None, fact: str) -> None:
        self.parameter = name
        self.code = f"InvalidParameter.{name}" if name else "InvalidParameter"
        super().__init__(fact)


class IncompleteSignatureError(GatewayError):
    code = "IncompleteSignature"
    default_message = "the request lacks parts of a signature, or carries two signatures at once"


class InvalidSignatureMethodError(GatewayError):
    code = "InvalidSignatureMethod"
    default_message = "SignatureMethod must be HMAC-SHA1 and SignatureVersion, when given, 1.0"


class SignatureDoesNotMatchError(GatewayError):
    """Wrong signature. `string_to_sign` ends the message, because the SDKs read it there (api-contract 5.4)."""

    code = "SignatureDoesNotMatch"

    def __init__(self, string_to_sign: str) -> None:
        super().__init__(
            f"Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}"
        )


class SignatureNonceUsedError(GatewayError):
    code = "SignatureNonceUsed"
    default_message = "the nonce was used before; every request needs a new one"


class InvalidTimeStampFormatError(GatewayError):
    code = "InvalidTimeStamp.Format"
    default_message = "the time stamp must be UTC in the form YYYY-MM-DDThh:mm:ssZ (with colons)"


class InvalidTimeStampExpiredError(GatewayError):
    code = "InvalidTimeStamp.Expired"
    default_message = "the time stamp is more than 15 minutes away from the server's clock"


class InvalidAccessKeyIdNotFoundError(GatewayError):
    code = "InvalidAccessKeyId.NotFound"
    default_message = "the AccessKeyId does not exist"


class InvalidAccessKeyIdInactiveError(GatewayError):
    code = "InvalidAccessKeyId.Inactive"
    default_message = "the AccessKeyId is disabled"


class InvalidSecurityTokenError(GatewayError):
    code = "InvalidSecurityToken.Malformed"
    default_message = "this server issues no temporary credentials; send no SecurityToken"


class InvalidActionError(GatewayError):
    code = "InvalidAction.NotFound"
    default_message = "the Action does not exist; the reference documentation lists all actions"


class InvalidVersionError(GatewayError):
    code = "InvalidVersion"
    default_message = "Version must be 2018-01-20 or 2022-01-01, or be left out"


class UnsupportedMethodError(GatewayError):
    code = "UnsupportedHTTPMethod"
    default_message = "only GET without a body and POST are served here"


class RequestTooLargeError(GatewayError):
    code = "RequestTooLarge"
    default_message = "the request is larger than the server accepts"


class ForbiddenError(GatewayError):
    code = "Forbidden.RAM"
    default_message = "this AccessKey has no permission for the action"


class ServiceUnavailableError(GatewayError):
    code = "ServiceUnavailable"
    default_message = "the server cannot serve this now; repeat the request later"


class StorageFullError(GatewayError):
    code = "InsufficientStorage"
    default_message = "the server's disk is full; nothing was changed; free space and repeat the request"


# ---- business errors ------------------------------------------------------------------------------------------------


class BusinessError(WhimbrelError):
    """The operation was understood and refused; nothing was changed."""


class SystemExceptionError(BusinessError):
    code = "iot.system.SystemException"


class InvalidPageParamsError(BusinessError):
    code = "iot.common.InvalidPageParams"
    default_message = "the page number or the page size is out of range"


class InvalidFormattedProductKeyError(BusinessError):
    code = "iot.prod.InvalidFormattedProductkey"
    default_message = "a ProductKey has letters and digits only"


class InvalidFormattedProductNameError(BusinessError):
    code = "iot.prod.InvalidFormattedProductName"
    default_message = "a product name has 4 to 30 letters, digits, underscores or CJK characters, a CJK one counting 2"


class ProductNotFoundError(BusinessError):
    code = "iot.prod.NotExistedProduct"
    default_message = "the product does not exist"


class ProductNameTakenError(BusinessError):
    code = "iot.prod.AlreadyExistedProductName"
    default_message = "another product has this name"


class LongProductDescError(BusinessError):
    code = "iot.prod.LongProductDesc"
    default_message = "the description is longer than 100 characters"


class InvalidNodeTypeError(BusinessError):
    code = "iot.prod.InvalidNodeType"
    default_message = "NodeType must be 0 (device) or 1 (gateway)"


class InvalidCommodityCodeError(BusinessError):
    code = "iot.prod.InvalidAliyunCommodityCode"
    default_message = "AliyunCommodityCode must be iothub_senior, or be left out"


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


class JobNotFoundError(BusinessError):
    code = "iot.ota.JobNotFound"
    default_message = "the job does not exist"


class JobStatusError(BusinessError):
    code = "iot.ota.JobStatusError"
    default_message = "the job's status does not allow this"


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


# ---- upload errors --------------------------------------------------------------------------------------------------


class UploadError(WhimbrelError):
    """A form upload was refused. `code` is one of api-contract 12's table; nothing was stored."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


# ---- device reports -------------------------------------------------------------------------------------------------


class ReportError(WhimbrelError):
    """A device's message is not of the protocol's form. It has no effect and the session lives on (threat-model 4)."""

    code = "device.InvalidReport"


# ---- what adapters may raise ----------------------------------------------------------------------------------------


class StoreUnavailableError(WhimbrelError):
    """The store cannot answer now (locked, gone, too slow); nothing was committed."""

    code = "ServiceUnavailable"


class StoreFullError(WhimbrelError):
    """The disk is full; nothing was committed."""

    code = "InsufficientStorage"


class FirmwareObjectMissingError(WhimbrelError):
    """The firmware store has no object of this SHA-256."""

    code = "NoSuchKey"


class FirmwareObjectCorruptError(WhimbrelError):
    """The stored bytes do not hash to their record (I11): they must not be served."""

    code = "InternalError"
