"""Ends one session of the console, or all of a user: the browser's next call finds nobody signed in.

1. Only an AccessKey with all rights or an admin may do so; users end their own in the console.
2. Exactly one of SessionId and UserName. All of a user who has none is a success.

Source: ours; threat-model A10, A21.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.errors import ConsoleSessionNotFoundError, ConsoleUserNotFoundError, OtaInvalidParameterError
from whimbrel.operations.console.users import EXAMPLE_NAME, find_user, require_user_admin
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.ids import ID_LENGTH_MAX, row_id


class Request(msgspec.Struct, frozen=True, kw_only=True):
    session_id: Annotated[
        str | None,
        Field("One session's number.", length_max=ID_LENGTH_MAX, error=ConsoleSessionNotFoundError),
    ] = None
    user_name: Annotated[
        str | None, Field("All sessions of this user.", length_max=64, error=ConsoleUserNotFoundError)
    ] = None


EXAMPLE = Example(request={"UserName": EXAMPLE_NAME}, response=EmptyResponse())


@operation(
    action="XRevokeConsoleSession",
    permission=Permission.ACCESS_WRITE,
    example=EXAMPLE,
    errors=(ConsoleSessionNotFoundError, ConsoleUserNotFoundError, OtaInvalidParameterError),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    await require_user_admin(context)
    if (request.session_id is None) == (request.user_name is None):
        raise OtaInvalidParameterError("give SessionId or UserName, one of them")
    if request.user_name is not None:
        user = await find_user(context, request.user_name)
        await context.store.console_sessions.end_all(user.account_id, user.id)
        return EmptyResponse()
    number = row_id(request.session_id or "")
    if number is None or not await context.store.console_sessions.end(context.caller.account_id, number):
        raise ConsoleSessionNotFoundError
    return EmptyResponse()
