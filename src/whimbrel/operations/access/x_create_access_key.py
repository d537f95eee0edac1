"""Makes an AccessKey for the caller's account; its secret is in this answer and nowhere else.

1. Only a key with all rights may make one.
2. A key does what one of its statements names, and nothing else: without statements it does nothing until
   XUpdateAccessKey gives it some. Each statement is used as a whole; products of one never meet actions of another.
3. Actions must name something that this server serves. Products and groups need not exist yet.
4. An account has at most 100 keys.

Source: ours; threat-model A05, A06.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import ACCESS_KEYS_MAX, KEY_NAME, STATEMENTS_MAX, Permission
from whimbrel.errors import AccessKeyCountExceededError, InvalidPolicyError, OtaInvalidParameterError
from whimbrel.operations.access.keys import EXAMPLE_NEW_KEY, NewKeyData, new_key, new_key_data, require_root
from whimbrel.operations.access.statements import StatementParameter, read_policy
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.rights import require_whole_account


class Request(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[
        str, Field("What the key is for: letters, digits, CJK characters, spaces, `_.@-`.", pattern=KEY_NAME)
    ] = ""
    statement: Annotated[
        tuple[StatementParameter, ...],
        Field(
            "What the key may do.", items_max=STATEMENTS_MAX, error=InvalidPolicyError, items_error=InvalidPolicyError
        ),
    ] = ()


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[NewKeyData, Field("The new key.")]


EXAMPLE = Example(
    request={"Name": "build server", "Statement.1.Actions": "*"},
    response=Response(data=EXAMPLE_NEW_KEY),
)


@operation(
    action="XCreateAccessKey",
    permission=Permission.ACCESS_WRITE,
    example=EXAMPLE,
    errors=(AccessKeyCountExceededError, InvalidPolicyError, OtaInvalidParameterError),
    manner=Manner(creates=True),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    await require_root(context)
    policy = read_policy(request.statement, context.services.actions)
    if await context.store.keys.count(context.caller.account_id) >= ACCESS_KEYS_MAX:
        raise AccessKeyCountExceededError
    key = new_key(context, context.caller.account_id, request.name, policy)
    await context.store.keys.put(key, context.now_ms)
    return Response(data=new_key_data(key))
