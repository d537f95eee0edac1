"""Refusals that belong to no noun (api-contract 5.2)."""

from __future__ import annotations

from whimbrel.errors.root import WhimbrelError


class BusinessError(WhimbrelError):
    """The operation was understood and refused; nothing was changed."""


class SystemExceptionError(BusinessError):
    code = "iot.system.SystemException"


class InvalidPageParamsError(BusinessError):
    code = "iot.common.InvalidPageParams"
    default_message = "the page number or the page size is out of range"
