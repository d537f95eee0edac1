"""What the gate refuses (api-contract 5.1)."""

from __future__ import annotations

from whimbrel.errors.root import WhimbrelError


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


class IdempotentParameterMismatchError(GatewayError):
    code = "IdempotentParameterMismatch"
    default_message = "this ClientToken was used with other parameters; use a new one for a new call"


class ThrottlingError(GatewayError):
    code = "Throttling.User"
    default_message = "the account calls this action too often; repeat the request after a pause"


class ForbiddenError(GatewayError):
    code = "Forbidden.RAM"
    default_message = "this AccessKey has no permission for the action"


class ServiceUnavailableError(GatewayError):
    code = "ServiceUnavailable"
    default_message = "the server cannot serve this now; repeat the request later"


class StorageFullError(GatewayError):
    code = "InsufficientStorage"
    default_message = "the server's disk is full; nothing was changed; free space and repeat the request"
