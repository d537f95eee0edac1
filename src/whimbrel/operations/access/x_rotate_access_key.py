"""Gives an AccessKey a new secret at once; the old one signs nothing from then on.

1. Only a key with all rights may do so. The new secret is in this answer and nowhere else.
2. Without a pause: make a second key, let clients change to it, delete the first.
3. The account's last active key with all rights is not rotated (LastRootKey): were the answer lost, nobody could sign.
4. A key that the server's settings give is set back to their secret when the server starts.

Source: ours; threat-model A05.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import ACCESS_KEY_SECRET_LENGTH, Permission
from whimbrel.errors import AccessKeyNotFoundError, LastRootKeyError
from whimbrel.operations.access.keys import (
    EXAMPLE_KEY_ID,
    EXAMPLE_NEW_KEY,
    NewKeyData,
    find_key,
    new_key_data,
    require_another_root,
    require_root,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field


class Request(msgspec.Struct, frozen=True, kw_only=True):
    user_access_key_id: Annotated[str, Field("The key's id.", length_max=64, error=AccessKeyNotFoundError)]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[NewKeyData, Field("The key with its new secret.")]


EXAMPLE = Example(request={"UserAccessKeyId": EXAMPLE_KEY_ID}, response=Response(data=EXAMPLE_NEW_KEY))


@operation(
    action="XRotateAccessKey",
    permission=Permission.ACCESS_WRITE,
    example=EXAMPLE,
    errors=(AccessKeyNotFoundError, LastRootKeyError),
    manner=Manner(creates=True),
)
async def handle(request: Request, context: Context) -> Response:
    await require_root(context)
    key = await find_key(context, request.user_access_key_id)
    await require_another_root(context, key)
    secret = context.services.randomness.text(ACCESS_KEY_SECRET_LENGTH)
    rotated = key._replace(secret=secret, modified_ms=context.now_ms)
    await context.store.keys.put(rotated, context.now_ms)
    return Response(data=new_key_data(rotated))
