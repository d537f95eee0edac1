"""Refusals about accounts, AccessKeys, users of the console and the audit trail.

Whimbrel's own operations, so Whimbrel's own codes.
"""

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


class ConsoleUserNotFoundError(BusinessError):
    code = "whimbrel.access.ConsoleUserNotFound"
    default_message = "the account has no such user of the console"


class ConsoleUserNameTakenError(BusinessError):
    code = "whimbrel.access.ConsoleUserAlreadyExist"
    default_message = "the account has a user of this name"


class ConsoleUserCountExceededError(BusinessError):
    code = "whimbrel.access.ConsoleUserCountExceedMax"
    default_message = "the account has as many users of the console as it may have; delete one"


class ConsoleUserDisabledError(BusinessError):
    code = "whimbrel.access.ConsoleUserDisabled"
    default_message = "this user is disabled; make it ACTIVE first"


class LastAdminError(BusinessError):
    code = "whimbrel.access.LastAdmin"
    default_message = "this is the account's last admin who can sign in; an AccessKey with all rights may do this"


class ConsoleSessionNotFoundError(BusinessError):
    code = "whimbrel.access.ConsoleSessionNotFound"
    default_message = "the account has no such session of the console"
