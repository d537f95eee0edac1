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
     │   ├─ access:   AccessKeyNotFoundError, ... (Whimbrel's own operations)
     │   └─ ota:      FirmwareNotFoundError, JobNotFoundError, TaskNotFoundError, ...
     ├─ ConsoleError            nobody signs in to the console by this call
     │   ├─ SignInRefusedError, TooManyAttemptsError, LinkOverError, NotSignedInError, ForeignPageError
     │   └─ PasswordRefusedError, UserNameRefusedError
     ├─ ReportError             a device's message cannot be understood; it is dropped and counted
     └─ UploadError             a form upload was refused (api-contract 12); the code is the object store's

A message names the fact, what was given and what to do. It must not hold a colon where api-contract 5.4 forbids it.
"""

from __future__ import annotations

from whimbrel.errors.access import *
from whimbrel.errors.business import *
from whimbrel.errors.console import *
from whimbrel.errors.device import *
from whimbrel.errors.gateway import *
from whimbrel.errors.group import *
from whimbrel.errors.ota import *
from whimbrel.errors.other import *
from whimbrel.errors.product import *
from whimbrel.errors.root import *
