"""Who may do what: accounts, AccessKeys and the permissions an operation declares (threat-model A06, A07).

Deny by default: a key does what its policy names and nothing else.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Permission(StrEnum):
    """What an operation asks of its caller. Operations with a `read` permission run in a read-only snapshot."""

    PRODUCT_READ = "product:read"
    PRODUCT_WRITE = "product:write"
    DEVICE_READ = "device:read"
    DEVICE_WRITE = "device:write"
    FIRMWARE_READ = "firmware:read"
    FIRMWARE_WRITE = "firmware:write"
    JOB_READ = "job:read"
    JOB_WRITE = "job:write"

    @property
    def is_read(self) -> bool:
        return self.value.endswith(":read")


class Policy(NamedTuple):
    """The permissions that a key holds."""

    permissions: frozenset[Permission]

    def allows(self, permission: Permission) -> bool:
        return permission in self.permissions

    def to_text(self) -> str:
        """The stored form: `*` for all permissions of this and later releases, else names joined by commas."""
        return "*" if self.permissions == EVERYTHING.permissions else ",".join(sorted(self.permissions))

    @staticmethod
    def from_text(text: str) -> Policy:
        """Reads `to_text`; a name this release does not know gives no right (deny by default)."""
        if text == "*":
            return EVERYTHING
        known = {permission.value: permission for permission in Permission}
        return Policy(frozenset(known[name] for name in text.split(",") if name in known))


EVERYTHING = Policy(frozenset(Permission))


class AccessKey(NamedTuple):
    """A signing key of one account. `secret` is the plain text, which only the gate may see."""

    account_id: int
    access_key_id: str
    secret: str
    is_active: bool
    policy: Policy


class Caller(NamedTuple):
    """Who calls, once the gate has checked the signature."""

    account_id: int
    access_key_id: str
    policy: Policy
