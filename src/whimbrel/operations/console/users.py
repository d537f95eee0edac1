"""What the operations on users of the console share: finding one, the last admin, and how answers show a user.

1. Only an AccessKey with all rights or an admin changes users: nobody makes himself or another more than he is.
2. No user takes an account its last admin who can sign in (LastAdminError); an AccessKey with all rights may.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.console_user import ConsoleUser, Role, user_of_actor
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import ConsoleUserNotFoundError, LastAdminError
from whimbrel.operations.access.keys import require_root
from whimbrel.operations.declaration import Context
from whimbrel.operations.fields import Field
from whimbrel.operations.rights import require_whole_account

EXAMPLE_NAME = "ann@example.org"
NAME_MEANING = "1 to 64 letters, digits and `_.@+-`, beginning with a letter or digit; its case does not matter."


class UserData(msgspec.Struct, frozen=True, kw_only=True):
    """A user, without what only the user knows."""

    name: Annotated[str, Field("The user's name.")]
    role: Annotated[str, Field("`VIEWER`, `RELEASER` or `ADMIN`.")]
    status: Annotated[str, Field("`ACTIVE` or `DISABLED`.")]
    has_password: Annotated[bool, Field("False until the first invitation is followed.")]
    utc_create: Annotated[str, Field("Creation.")]
    utc_modified: Annotated[str, Field("The last change.")]
    utc_last_sign_in: Annotated[str, Field("The last sign-in; empty when there was none.")]


EXAMPLE_USER = UserData(
    name=EXAMPLE_NAME,
    role="RELEASER",
    status="ACTIVE",
    has_password=True,
    utc_create="2025-01-02T03:04:05.678Z",
    utc_modified="2025-01-02T03:04:05.678Z",
    utc_last_sign_in="2025-01-02T03:04:05.678Z",
)


async def require_user_admin(context: Context) -> None:
    """Raises ForbiddenError unless the caller may change users."""
    require_whole_account(context)
    await require_root(context)


async def find_user(context: Context, name: str) -> ConsoleUser:
    """The caller's account's user. Raises ConsoleUserNotFoundError, also for another account's (I15)."""
    user = await context.store.console_users.by_name(context.caller.account_id, name)
    if user is None:
        raise ConsoleUserNotFoundError(f"the account has no user {name[:64]} of the console")
    return user


async def require_another_admin(context: Context, user: ConsoleUser) -> None:
    """Raises LastAdminError when a user of the console would take the account its last admin who can sign in."""
    if user_of_actor(context.caller.access_key_id) is None or user.role is not Role.ADMIN or not user.may_sign_in:
        return
    if not await context.store.console_users.count_admins(user.account_id, user.id):
        raise LastAdminError


def user_data(user: ConsoleUser) -> UserData:
    """The user as answers show it."""
    return UserData(
        name=user.name,
        role=user.role.value,
        status=user.status.value,
        has_password=user.password_hash != "",
        utc_create=utc_text(user.created_ms),
        utc_modified=utc_text(user.modified_ms),
        utc_last_sign_in="" if user.last_sign_in_ms is None else utc_text(user.last_sign_in_ms),
    )
