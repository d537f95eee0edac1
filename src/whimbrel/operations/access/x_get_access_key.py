"""Answers one AccessKey of the account with its policy, without its secret.

The parameter is UserAccessKeyId, because AccessKeyId names the key that signs the call.

Source: ours; threat-model A05, A06.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.errors import AccessKeyNotFoundError
from whimbrel.operations.access.keys import EXAMPLE_KEY_DATA, EXAMPLE_KEY_ID, KeyData, find_key, key_data
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field


class Request(msgspec.Struct, frozen=True, kw_only=True):
    user_access_key_id: Annotated[str, Field("The key's id.", length_max=64, error=AccessKeyNotFoundError)]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[KeyData, Field("The key.")]


EXAMPLE = Example(request={"UserAccessKeyId": EXAMPLE_KEY_ID}, response=Response(data=EXAMPLE_KEY_DATA))


@operation(
    action="XGetAccessKey",
    permission=Permission.ACCESS_READ,
    example=EXAMPLE,
    errors=(AccessKeyNotFoundError,),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    return Response(data=key_data(await find_key(context, request.user_access_key_id)))
