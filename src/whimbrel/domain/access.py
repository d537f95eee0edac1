"""Who may do what: accounts, AccessKeys, and the statements of their policies (threat-model A06, A07).

Deny by default: a key does what one of its statements names and nothing else. A statement joins actions with the
products and groups they may touch, and is used as a whole: rights of two statements are never mixed (A06).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from whimbrel.domain.characters import CJK

STATEMENTS_MAX = 20
STATEMENT_ITEMS_MAX = 100  # actions, products or groups of one statement
POLICY_TEXT_LENGTH_MAX = 16_384
ACCOUNT_NAME_LENGTH_MAX = 64
KEY_NAME_LENGTH_MAX = 64
ACCESS_KEYS_MAX = 100  # of an account
ACCESS_KEY_ID_LENGTH, ACCESS_KEY_SECRET_LENGTH = 24, 32  # letters and digits: 142 and 190 random bits (A05)
OPERATOR_ACCOUNT = "default"  # the first start makes it; only its keys with all rights make and list accounts
CLIENT_TOKEN_KEPT_MS = 24 * 3_600_000  # ours: how long a repeated call is known again (I14)
ANY = "*"
USER_PREFIX = "user:"  # before a person's name, where else an AccessKeyId stands: no AccessKeyId has a colon

ACCOUNT_NAME = re.compile(f"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{ACCOUNT_NAME_LENGTH_MAX - 1}}}")
KEY_NAME = re.compile(f"[A-Za-z0-9{CJK}_.@-][A-Za-z0-9{CJK}_.@ -]{{0,{KEY_NAME_LENGTH_MAX - 1}}}")
ACTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}\*?")  # with the star: all that begin so
GROUP_ID = re.compile("[A-Za-z0-9_-]{1,64}")


class Permission(StrEnum):
    """What an operation asks of its caller. Operations with a `read` permission run in a read-only snapshot."""

    PRODUCT_READ = "product:read"
    PRODUCT_WRITE = "product:write"
    DEVICE_READ = "device:read"
    DEVICE_WRITE = "device:write"
    GROUP_READ = "group:read"
    GROUP_WRITE = "group:write"
    FIRMWARE_READ = "firmware:read"
    FIRMWARE_WRITE = "firmware:write"
    JOB_READ = "job:read"
    JOB_WRITE = "job:write"
    ACCESS_READ = "access:read"
    ACCESS_WRITE = "access:write"
    AUDIT_READ = "audit:read"
    AUDIT_WRITE = "audit:write"
    ACCOUNT_READ = "account:read"
    ACCOUNT_WRITE = "account:write"
    ROLLOUT_READ = "rollout:read"
    ROLLOUT_WRITE = "rollout:write"
    OVERVIEW_READ = "overview:read"

    @property
    def is_read(self) -> bool:
        return self.value.endswith(":read")


class Access(StrEnum):
    """How far a statement goes: WRITE includes reading."""

    READ = "read"
    WRITE = "write"


class Grant(NamedTuple):
    """Objects that a statement opens: None means all of the account's."""

    products: frozenset[str] | None
    groups: frozenset[str] | None


class Scope(NamedTuple):
    """What the caller's key may touch with the action it calls: one grant per statement that names the action."""

    grants: tuple[Grant, ...]
    is_read: bool

    @property
    def is_whole_account(self) -> bool:
        return any(grant.products is None and grant.groups is None for grant in self.grants)

    def covers_product(self, product_key: str) -> bool:
        """The product itself, its modules and firmware. A statement for groups alone lets them be read, not changed."""
        return any(
            _has(grant.products, product_key) and (grant.groups is None or self.is_read) for grant in self.grants
        )

    def may_name_product(self, product_key: str) -> bool:
        """Whether a statement opens anything of the product, be it some of its devices."""
        return any(_has(grant.products, product_key) for grant in self.grants)

    def covers_all_devices_of(self, product_key: str) -> bool:
        """Whether the product's devices need no look at their groups."""
        return any(_has(grant.products, product_key) and grant.groups is None for grant in self.grants)

    def covers_device(self, product_key: str, group_ids: Collection[str]) -> bool:
        return any(
            _has(grant.products, product_key) and (grant.groups is None or not grant.groups.isdisjoint(group_ids))
            for grant in self.grants
        )

    def covers_job(self, product_key: str, group_id: str | None) -> bool:
        """A job of the product; with a statement for groups only one that targets such a group."""
        return any(
            _has(grant.products, product_key) and (grant.groups is None or group_id in grant.groups)
            for grant in self.grants
        )

    def covers_group(self, group_id: str) -> bool:
        """A group may hold devices of any product, so a statement for some products must name the group too."""
        return any(
            (grant.products is None if grant.groups is None else group_id in grant.groups) for grant in self.grants
        )

    def covers_members(self, group_id: str, product_key: str | None) -> bool:
        """Every device that the group may hold: those of one product when it is dynamic, else of any."""
        return any(
            (grant.products is None or product_key in grant.products)
            and (group_id in grant.groups if grant.groups is not None else grant.products is None)
            for grant in self.grants
        )


NOTHING = Scope((), is_read=True)


class Statement(NamedTuple):
    """Actions and the objects they may touch.

    `actions` are names of Actions, names that end in `*` for all that begin so, `noun:read` or `noun:write`, or `*`.
    None for `products` or `groups` means all.
    """

    actions: frozenset[str]
    access: Access
    products: frozenset[str] | None = None
    groups: frozenset[str] | None = None

    def names(self, action: str, permission: Permission) -> bool:
        if self.access is Access.READ and not permission.is_read:
            return False
        if ANY in self.actions or action in self.actions or permission.value in self.actions:
            return True
        return any(name.endswith(ANY) and action.startswith(name[:-1]) for name in self.actions)


class Policy(NamedTuple):
    """The statements of a key."""

    statements: tuple[Statement, ...]

    def scope_of(self, action: str, permission: Permission) -> Scope | None:
        """What the action may touch, or None when no statement names it."""
        grants = tuple(
            Grant(statement.products, statement.groups)
            for statement in self.statements
            if statement.names(action, permission)
        )
        return Scope(grants, permission.is_read) if grants else None

    @property
    def is_everything(self) -> bool:
        """Whether the key may do all: only such keys hand out rights."""
        return any(
            ANY in statement.actions
            and statement.access is Access.WRITE
            and statement.products is None
            and statement.groups is None
            for statement in self.statements
        )

    def to_text(self) -> str:
        """The stored form: `*` for everything of this and later releases, else JSON."""
        if self.statements == EVERYTHING.statements:
            return ANY
        return json.dumps([_to_members(statement) for statement in self.statements], separators=(",", ":"))

    @staticmethod
    def from_text(text: str) -> Policy:
        """Reads `to_text`, and the first release's permissions joined by commas; what it cannot read gives no right."""
        return _read(text)

    @staticmethod
    def of_permissions(permissions: Collection[Permission]) -> Policy:
        """Whole-account rights for these permissions."""
        names = frozenset(permission.value for permission in permissions)
        return Policy((Statement(names, Access.WRITE),)) if names else Policy(())


EVERYTHING = Policy((Statement(frozenset({ANY}), Access.WRITE),))


class KeyStatus(StrEnum):
    """Whether calls signed with a key are served. Each may follow the other at any time."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"


class AccessKey(NamedTuple):
    """A signing key of one account. `secret` is the plain text, which only the gate may see."""

    account_id: int
    access_key_id: str
    secret: str
    is_active: bool
    policy: Policy
    name: str = ""
    created_ms: int = 0
    modified_ms: int = 0

    @property
    def status(self) -> KeyStatus:
        return KeyStatus.ACTIVE if self.is_active else KeyStatus.INACTIVE

    @property
    def is_root(self) -> bool:
        """Whether it may hand out rights: an account must never be without such a key."""
        return self.is_active and self.policy.is_everything


class Account(NamedTuple):
    """A tenant. Nothing crosses from one to another (I15)."""

    id: int
    name: str
    created_ms: int


class Identity(NamedTuple):
    """Who calls, however the door found out: `actor` is an AccessKeyId, or `user:NAME` for a person.

    Without `sees_secrets` an answer's secrets are left out, whatever the policy lets the caller read.
    """

    account_id: int
    actor: str
    policy: Policy
    sees_secrets: bool = True

    @property
    def kind(self) -> str:
        """As sentences call the caller."""
        return "this user" if self.actor.startswith(USER_PREFIX) else "this AccessKey"


class Caller(NamedTuple):
    """Who calls, once the door knows, and what this call may touch. `access_key_id` is the Identity's actor."""

    account_id: int
    access_key_id: str
    policy: Policy
    scope: Scope


def _has(names: frozenset[str] | None, name: str) -> bool:
    return names is None or name in names


def _to_members(statement: Statement) -> dict[str, object]:
    members: dict[str, object] = {"actions": sorted(statement.actions), "access": statement.access.value}
    for name, values in (("products", statement.products), ("groups", statement.groups)):
        if values is not None:
            members[name] = sorted(values)
    return members


@lru_cache(maxsize=1024)  # the gate reads a policy at each call, and most calls are of few keys
def _read(text: str) -> Policy:
    if text == ANY:
        return EVERYTHING
    if not text.startswith("["):
        known = {permission.value: permission for permission in Permission}
        return Policy.of_permissions([known[name] for name in text.split(",") if name in known])
    return Policy(tuple(_statement(members) for members in json.loads(text)))


def _statement(members: dict[str, list[str]]) -> Statement:
    products, groups = members.get("products"), members.get("groups")
    return Statement(
        frozenset(members["actions"]),
        Access(str(members["access"])),
        None if products is None else frozenset(products),
        None if groups is None else frozenset(groups),
    )
