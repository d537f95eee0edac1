"""Who uses the console: users of an account with a role, the links that invite them, and how long a session lasts.

A role is a policy, so what a user may do is judged as for any AccessKey (A06). Only digests of links and sessions are
ever stored (A15).
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.access import EVERYTHING, USER_PREFIX, Permission, Policy

USER_NAME_LENGTH_MAX = 64
USERS_MAX = 1_000  # of an account; each has at most one open invitation, so this bounds those too (I17)
SESSIONS_MAX = 20  # of a user: the oldest ends when another begins
SESSION_MS_MAX = 12 * 3_600_000  # a working day: then the password is asked for again
SESSION_IDLE_MS_MAX = 60 * 60_000
SESSION_SEEN_EVERY_MS = 60_000  # a session's last use is written at most this often
INVITATION_MS_MAX = 24 * 3_600_000
TOKEN_LENGTH = 32  # letters and digits: 190 random bits (A15)
AGENT_LENGTH_MAX = 200  # what a browser calls itself, as far as it is kept
LANGUAGES = ("", "en", "zh")  # '': the browser's

#: E-mail addresses are names too; no colon and no blank, so that `user:NAME` is one word of the audit trail (A16).
USER_NAME = re.compile(f"[A-Za-z0-9][A-Za-z0-9_.@+-]{{0,{USER_NAME_LENGTH_MAX - 1}}}")


class Role(StrEnum):
    """What a user is for."""

    VIEWER = "VIEWER"  # reads, and is shown no secret
    RELEASER = "RELEASER"  # also firmware, jobs, devices and groups
    ADMIN = "ADMIN"  # all, other users and AccessKeys included


class UserStatus(StrEnum):
    """Whether a user may sign in. Each may follow the other at any time."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class ConsoleUser(NamedTuple):
    """A person. `password_hash` is '' until an invitation was followed, `last_sign_in_ms` None until the first."""

    id: int
    account_id: int
    name: str
    role: Role
    password_hash: str = ""
    status: UserStatus = UserStatus.ACTIVE
    language: str = ""
    created_ms: int = 0
    modified_ms: int = 0
    last_sign_in_ms: int | None = None

    @property
    def is_active(self) -> bool:
        return self.status is UserStatus.ACTIVE

    @property
    def may_sign_in(self) -> bool:
        return self.is_active and self.password_hash != ""

    @property
    def is_root(self) -> bool:
        """Whether the user may hand out rights, as an AccessKey with all rights may."""
        return self.is_active and policy_of(self.role).is_everything

    @property
    def actor(self) -> str:
        return actor_of(self.name)


class Purpose(StrEnum):
    """What an invitation is for."""

    USER = "USER"  # a user, new or known, chooses a password
    FIRST = "FIRST"  # an account without an admin gets its first one, who chooses a name too


class Invitation(NamedTuple):
    """A link that works once. `user_id` is None for FIRST; `created_by` is an AccessKeyId or `user:NAME`."""

    token_digest: str
    account_id: int
    user_id: int | None
    purpose: Purpose
    created_by: str
    created_ms: int
    expires_ms: int

    def is_open(self, now_ms: int) -> bool:
        return now_ms < self.expires_ms


class UserSession(NamedTuple):
    """A browser that signed in. `expires_ms` is its latest end, however busy it is."""

    id: int
    account_id: int
    user_id: int
    token_digest: str
    created_ms: int
    seen_ms: int
    expires_ms: int
    address: str = ""
    agent: str = ""

    @property
    def ends_ms(self) -> int:
        """When it ends unless it is used before."""
        return min(self.expires_ms, self.seen_ms + SESSION_IDLE_MS_MAX)

    def is_open(self, now_ms: int) -> bool:
        return now_ms < self.ends_ms

    def wants_seen(self, now_ms: int) -> bool:
        """Whether a use now is to be written."""
        return now_ms >= self.seen_ms + SESSION_SEEN_EVERY_MS


_VIEWED = (
    Permission.PRODUCT_READ,
    Permission.DEVICE_READ,
    Permission.GROUP_READ,
    Permission.FIRMWARE_READ,
    Permission.JOB_READ,
    Permission.ROLLOUT_READ,
    Permission.OVERVIEW_READ,
)
_RELEASED = (
    Permission.FIRMWARE_WRITE,
    Permission.JOB_WRITE,
    Permission.DEVICE_WRITE,
    Permission.GROUP_WRITE,
)
_POLICIES = {
    Role.VIEWER: Policy.of_permissions(_VIEWED),
    Role.RELEASER: Policy.of_permissions(_VIEWED + _RELEASED),
    Role.ADMIN: EVERYTHING,
}


def policy_of(role: Role) -> Policy:
    """What the role may do, in the whole account."""
    return _POLICIES[role]


def sees_secrets(role: Role) -> bool:
    """Whether answers show the role what their declarations call secret."""
    return role is not Role.VIEWER


def may_halt(role: Role) -> bool:
    """Whether the role may pause and cancel jobs."""
    return policy_of(role).scope_of("CancelOTATaskByJob", Permission.JOB_WRITE) is not None


def folded(name: str) -> str:
    """Names that differ in case only are the same name."""
    return name.lower()


def actor_of(name: str) -> str:
    """Who did it, as the audit trail says it."""
    return USER_PREFIX + name


def user_of_actor(actor: str) -> str | None:
    """The user's name, or None for an AccessKeyId."""
    return actor.removeprefix(USER_PREFIX) if actor.startswith(USER_PREFIX) else None


def token_digest(token: str) -> str:
    """What is stored of a link's or a session's token: its SHA-256, in hexadecimal. Random, so it needs no salt."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
