"""Invites a user to the console, new or known, by a link that works once and within a day.

1. Only an AccessKey with all rights or an admin may do so.
2. Who follows the link chooses a password and is signed in; sessions that the user had before are over then. So it is
   also how a forgotten password is replaced: until then the old one goes on.
3. A new user is VIEWER unless Role says more. A known user's role becomes what Role says; without it, it stays.
4. A user has one open link: a new one voids the one before. The link is in this answer and nowhere else.
5. A disabled user is not invited (ConsoleUserDisabled). An account has at most 1,000 users.
6. A user of the console cannot take the account its last admin who can sign in (LastAdmin).

Source: ours; threat-model A10, A15.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.console_user import INVITATION_MS_MAX, USER_NAME, USERS_MAX, ConsoleUser, Role
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import (
    ConsoleUserCountExceededError,
    ConsoleUserDisabledError,
    LastAdminError,
    OtaInvalidParameterError,
)
from whimbrel.operations.console.links import WELCOME_PATH, LinkOrigin, make_link
from whimbrel.operations.console.users import (
    EXAMPLE_NAME,
    NAME_MEANING,
    require_another_admin,
    require_user_admin,
)
from whimbrel.operations.declaration import Context, Example, operation
from whimbrel.operations.fields import Field


class Request(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Field(NAME_MEANING, pattern=USER_NAME)]
    role: Annotated[Role | None, Field("What the user is for: `VIEWER`, `RELEASER` or `ADMIN`.")] = None


class InvitationData(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Field("The user's name.")]
    role: Annotated[str, Field("The user's role from now on.")]
    link: Annotated[str, Field("Where the user chooses a password. Give it to nobody else.", is_secret=True)]
    utc_expire: Annotated[str, Field("When the link ends, unless it was used before.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[InvitationData, Field("The invitation.")]


EXAMPLE = Example(
    request={"Name": EXAMPLE_NAME, "Role": "RELEASER"},
    response=Response(
        data=InvitationData(
            name=EXAMPLE_NAME,
            role="RELEASER",
            link=f"https://ota.example.org{WELCOME_PATH}Zk4tQ9mB1xWv7Lr0NcYp3HsJf6GdTa2U",
            utc_expire="2025-01-03T03:04:05.678Z",
        )
    ),
)


@operation(
    action="XInviteConsoleUser",
    permission=Permission.ACCESS_WRITE,
    example=EXAMPLE,
    errors=(ConsoleUserCountExceededError, ConsoleUserDisabledError, LastAdminError, OtaInvalidParameterError),
)
async def handle(request: Request, context: Context) -> Response:
    await require_user_admin(context)
    user = await _invited(request, context)
    caller, services = context.caller, context.services
    origin = LinkOrigin(caller.access_key_id, context.now_ms, services.public_url, services.randomness)
    link = await make_link(context.store, origin, caller.account_id, user.id)
    return Response(
        data=InvitationData(
            name=user.name,
            role=user.role.value,
            link=link,
            utc_expire=utc_text(context.now_ms + INVITATION_MS_MAX),
        )
    )


async def _invited(request: Request, context: Context) -> ConsoleUser:
    users, account_id = context.store.console_users, context.caller.account_id
    user = await users.by_name(account_id, request.name)
    if user is None:
        if await users.count(account_id) >= USERS_MAX:
            raise ConsoleUserCountExceededError
        role = request.role or Role.VIEWER
        made = ConsoleUser(0, account_id, request.name, role, created_ms=context.now_ms, modified_ms=context.now_ms)
        return await users.add(made)
    if not user.is_active:
        raise ConsoleUserDisabledError(f"the user {user.name} is disabled; make it ACTIVE first")
    if request.role is None or request.role is user.role:
        return user
    await require_another_admin(context, user)
    changed = user._replace(role=request.role, modified_ms=context.now_ms)
    await users.put(changed)
    return changed
