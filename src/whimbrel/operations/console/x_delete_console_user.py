"""Deletes a user of the console for good, with the user's sessions and open invitation.

1. Only an AccessKey with all rights or an admin may do so.
2. A user of the console cannot take the account its last admin who can sign in (LastAdmin).
3. What the user did stays in the audit trail. The name is free again: to keep it, disable the user instead.

Source: ours; threat-model A06, A21.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.errors import ConsoleUserNotFoundError, LastAdminError
from whimbrel.operations.console.users import EXAMPLE_NAME, find_user, require_another_admin, require_user_admin
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field


class Request(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Field("The user's name.", length_max=64, error=ConsoleUserNotFoundError)]


EXAMPLE = Example(request={"Name": EXAMPLE_NAME}, response=EmptyResponse())


@operation(
    action="XDeleteConsoleUser",
    permission=Permission.ACCESS_WRITE,
    example=EXAMPLE,
    errors=(ConsoleUserNotFoundError, LastAdminError),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    await require_user_admin(context)
    user = await find_user(context, request.name)
    await require_another_admin(context, user)
    await context.store.console_users.delete(user.account_id, user.id)
    return EmptyResponse()
