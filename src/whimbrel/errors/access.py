"""Refusals about accounts, AccessKeys and the audit trail: Whimbrel's own operations, so Whimbrel's own codes."""

from __future__ import annotations

from whimbrel.errors.business import BusinessError


class AccountNameTakenError(BusinessError):
    code = "whimbrel.access.AccountAlreadyExist"
    default_message = "there is an account of this name"


class AccessKeyNotFoundError(BusinessError):
    code = "whimbrel.access.AccessKeyNotFound"
    default_message = "the account has no such AccessKey"


class AccessKeyCountExceededError(BusinessError):
    code = "whimbrel.access.AccessKeyCountExceedMax"
    default_message = "the account has as many AccessKeys as it may have; delete one"


class InvalidPolicyError(BusinessError):
    code = "whimbrel.access.InvalidPolicy"
    default_message = "the policy's statements cannot be read"


class LastRootKeyError(BusinessError):
    code = "whimbrel.access.LastRootKey"
    default_message = "this is the account's last active AccessKey with all rights; make another one first"
