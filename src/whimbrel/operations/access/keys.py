"""What the operations on AccessKeys share: finding one, the rules of handing out rights, and how answers show a key.

1. Only a key with all rights, or an admin of the console, hands out or changes rights: nobody can make himself or
   another more than he is.
2. An account is never without an active key with all rights (LastRootKeyError).
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import (
    ACCESS_KEY_ID_LENGTH,
    ACCESS_KEY_SECRET_LENGTH,
    ACCESS_KEYS_MAX,
    EVERYTHING,
    AccessKey,
    Policy,
)
from whimbrel.domain.console_user import ConsoleUser, user_of_actor
from whimbrel.domain.paging import Page
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import AccessKeyNotFoundError, ForbiddenError, LastRootKeyError
from whimbrel.operations.access.statements import StatementList, shown
from whimbrel.operations.declaration import Context
from whimbrel.operations.fields import Field
from whimbrel.operations.rights import require_whole_account

EXAMPLE_KEY_ID = "n3Xy7QbW0kTfLr5JcVhPs2Ga"
EXAMPLE_SECRET = "Zk4tQ9mB1xWv7Lr0NcYp3HsJf6GdTa2U"  # noqa: S105  an example


class KeyData(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it may be shown at any time: without its secret."""

    access_key_id: Annotated[str, Field("The key's public id.")]
    name: Annotated[str, Field("As given.")]
    status: Annotated[str, Field("`Active` or `Inactive`.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("The last change.")]
    statements: Annotated[StatementList, Field("Its policy.")]


class NewKeyData(msgspec.Struct, frozen=True, kw_only=True):
    """A key with its secret, which no other answer shows."""

    access_key_id: Annotated[str, Field("The key's public id.")]
    access_key_secret: Annotated[str, Field("Its secret. Keep it: it is shown this once.", is_secret=True)]
    name: Annotated[str, Field("As given.")]
    status: Annotated[str, Field("`Active` or `Inactive`.")]
    utc_create: Annotated[str, Field("Creation.")]
    statements: Annotated[StatementList, Field("Its policy.")]


EXAMPLE_NEW_KEY = NewKeyData(
    access_key_id=EXAMPLE_KEY_ID,
    access_key_secret=EXAMPLE_SECRET,
    name="build server",
    status="Active",
    utc_create="2025-01-02T03:04:05.678Z",
    statements=shown(EVERYTHING),
)
EXAMPLE_KEY_DATA = KeyData(
    access_key_id=EXAMPLE_KEY_ID,
    name="build server",
    status="Active",
    utc_create="2025-01-02T03:04:05.678Z",
    utc_modified="2025-01-02T03:04:05.678Z",
    statements=shown(EVERYTHING),
)


async def require_root(context: Context) -> None:
    """Raises ForbiddenError unless the caller may do everything, now that it is the call's turn (F25)."""
    caller = context.caller
    user_name = user_of_actor(caller.access_key_id)
    holder: AccessKey | ConsoleUser | None
    if user_name is None:
        holder = await context.store.keys.by_id(caller.access_key_id)
    else:
        holder = await context.store.console_users.by_name(caller.account_id, user_name)
    if holder is None or holder.account_id != caller.account_id or not holder.is_root:
        raise ForbiddenError("only an AccessKey with all rights may hand out or change rights")


async def find_key(context: Context, access_key_id: str) -> AccessKey:
    """The caller's account's key. Raises AccessKeyNotFoundError, also for another account's (I15).

    Raises ForbiddenError when the caller is limited to some products or groups: keys belong to the whole account.
    """
    require_whole_account(context)
    key = await context.store.keys.by_id(access_key_id)
    if key is None or key.account_id != context.caller.account_id:
        raise AccessKeyNotFoundError(f"the account has no AccessKey {access_key_id}")
    return key


async def require_another_root(context: Context, key: AccessKey) -> None:
    """Raises LastRootKeyError when the account would be locked out without this key."""
    # Only an operator can have put in more keys than one page holds; beyond it too much is refused, never too little.
    listing = await context.store.keys.page(key.account_id, Page(1, ACCESS_KEYS_MAX))
    if key.is_root and not any(other.is_root for other in listing.rows if other.access_key_id != key.access_key_id):
        raise LastRootKeyError


def new_key(context: Context, account_id: int, name: str, policy: Policy) -> AccessKey:
    """An active key with a random id and secret, not stored yet."""
    random = context.services.randomness
    return AccessKey(
        account_id,
        random.text(ACCESS_KEY_ID_LENGTH),
        random.text(ACCESS_KEY_SECRET_LENGTH),
        True,
        policy,
        name,
        context.now_ms,
        context.now_ms,
    )


def key_data(key: AccessKey) -> KeyData:
    """The key without its secret."""
    return KeyData(
        access_key_id=key.access_key_id,
        name=key.name,
        status=key.status.value,
        utc_create=utc_text(key.created_ms),
        utc_modified=utc_text(key.modified_ms),
        statements=shown(key.policy),
    )


def new_key_data(key: AccessKey) -> NewKeyData:
    """The key with its secret: for the answer of the call that made it."""
    return NewKeyData(
        access_key_id=key.access_key_id,
        access_key_secret=key.secret,
        name=key.name,
        status=key.status.value,
        utc_create=utc_text(key.created_ms),
        statements=shown(key.policy),
    )
