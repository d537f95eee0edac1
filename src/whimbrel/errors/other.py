"""What other doors and the adapters raise."""

from __future__ import annotations

from whimbrel.errors.root import WhimbrelError


class UploadError(WhimbrelError):
    """A form upload was refused. `code` is one of api-contract 12's table; nothing was stored."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class ReportError(WhimbrelError):
    """A device's message is not of the protocol's form. It has no effect and the session lives on (threat-model 4)."""

    code = "device.InvalidReport"


class StoreUnavailableError(WhimbrelError):
    """The store cannot answer now (locked, gone, too slow); nothing was committed."""

    code = "ServiceUnavailable"


class StoreConflictError(StoreUnavailableError):
    """Two transactions stood in each other's way and this one gave up; nothing was committed. Repeat it."""


class NodeEndedError(StoreUnavailableError):
    """This gateway process was taken for dead and its devices for gone, so it writes nothing; it begins anew (I18)."""


class LeaseLostError(StoreUnavailableError):
    """Another process leads the engine, so this one decides nothing and writes nothing; it stands by (I18)."""


class StoreFullError(WhimbrelError):
    """The disk is full; nothing was committed."""

    code = "InsufficientStorage"


class FirmwareObjectMissingError(WhimbrelError):
    """The firmware store has no object of this SHA-256."""

    code = "NoSuchKey"


class FirmwareObjectCorruptError(WhimbrelError):
    """The stored bytes do not hash to their record (I11): they must not be served."""

    code = "InternalError"
