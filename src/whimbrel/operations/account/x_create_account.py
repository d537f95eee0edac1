"""Makes an account, a tenant of its own, with a first AccessKey that has all rights in it.

1. Only a key with all rights of the account `default`, the operator's, may do so.
2. Name: 1 to 64 letters, digits, `_`, `.` and `-`, beginning with a letter or digit; unique on this server.
3. The secret is in this answer and nowhere else. Nothing crosses from one account to another.

Source: ours; threat-model I15, A05, A07.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import ACCOUNT_NAME, EVERYTHING, Permission
from whimbrel.errors import AccountNameTakenError, OtaInvalidParameterError
from whimbrel.operations.access.keys import EXAMPLE_KEY_ID, EXAMPLE_SECRET, new_key
from whimbrel.operations.account.rights import require_operator
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field

FIRST_KEY_NAME = "first"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Field("The account's name.", pattern=ACCOUNT_NAME)]


class AccountData(msgspec.Struct, frozen=True, kw_only=True):
    account_id: Annotated[str, Field("The new account's id.")]
    name: Annotated[str, Field("As given.")]
    access_key_id: Annotated[str, Field("Its first AccessKey, which has all rights.")]
    access_key_secret: Annotated[str, Field("That key's secret. Keep it: it is shown this once.", is_secret=True)]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[AccountData, Field("The new account.")]


EXAMPLE = Example(
    request={"Name": "workshop"},
    response=Response(
        data=AccountData(
            account_id="2", name="workshop", access_key_id=EXAMPLE_KEY_ID, access_key_secret=EXAMPLE_SECRET
        )
    ),
)


@operation(
    action="XCreateAccount",
    permission=Permission.ACCOUNT_WRITE,
    example=EXAMPLE,
    errors=(AccountNameTakenError, OtaInvalidParameterError),
    manner=Manner(creates=True),
)
async def handle(request: Request, context: Context) -> Response:
    await require_operator(context)
    account_id = await context.store.accounts.add(request.name, context.now_ms)
    key = new_key(context, account_id, FIRST_KEY_NAME, EVERYTHING)
    await context.store.keys.put(key, context.now_ms)
    return Response(
        data=AccountData(
            account_id=str(account_id),
            name=request.name,
            access_key_id=key.access_key_id,
            access_key_secret=key.secret,
        )
    )
