"""Changes a user's role, or disables or enables a user of the console.

1. Only an AccessKey with all rights or an admin may do so. What is not given stays.
2. A new role holds from the user's next call on. Disabling ends the user's sessions and open invitation at once.
3. A user of the console cannot take the account its last admin who can sign in (LastAdmin).

Source: ours; threat-model A06, A21.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.console_user import ConsoleUser, Role, UserStatus
from whimbrel.errors import ConsoleUserNotFoundError, LastAdminError, OtaInvalidParameterError
from whimbrel.operations.console.users import (
    EXAMPLE_NAME,
    EXAMPLE_USER,
    UserData,
    find_user,
    require_another_admin,
    require_user_admin,
    user_data,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field


class Request(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Field("The user's name.", length_max=64, error=ConsoleUserNotFoundError)]
    role: Annotated[Role | None, Field("What the user is for: `VIEWER`, `RELEASER` or `ADMIN`.")] = None
    status: Annotated[UserStatus | None, Field("`DISABLED`: may not sign in, and is signed out.")] = None


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[UserData, Field("The user as it is now.")]


EXAMPLE = Example(
    request={"Name": EXAMPLE_NAME, "Role": "RELEASER", "Status": "ACTIVE"}, response=Response(data=EXAMPLE_USER)
)


@operation(
    action="XUpdateConsoleUser",
    permission=Permission.ACCESS_WRITE,
    example=EXAMPLE,
    errors=(ConsoleUserNotFoundError, LastAdminError, OtaInvalidParameterError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    await require_user_admin(context)
    user = await find_user(context, request.name)
    changed = _changed(request, user, context.now_ms)
    if not changed.is_root:
        await require_another_admin(context, user)
    if not changed.is_active:
        await context.store.console_sessions.end_all(user.account_id, user.id)
        await context.store.console_invitations.end(user.account_id, user.id)
    await context.store.console_users.put(changed)
    return Response(data=user_data(changed))


def _changed(request: Request, user: ConsoleUser, now_ms: int) -> ConsoleUser:
    if request.role is not None:
        user = user._replace(role=request.role)
    if request.status is not None:
        user = user._replace(status=request.status)
    return user._replace(modified_ms=now_ms)
