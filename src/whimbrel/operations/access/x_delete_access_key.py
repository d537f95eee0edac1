"""Deletes an AccessKey for good: calls signed with it are refused from then on.

1. Only a key with all rights may do so.
2. The account's last active key with all rights stays (LastRootKey).
3. What the key did stays in the audit trail.

Source: ours; threat-model A06.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.errors import AccessKeyNotFoundError, LastRootKeyError
from whimbrel.operations.access.keys import EXAMPLE_KEY_ID, find_key, require_another_root, require_root
from whimbrel.operations.declaration import Context, EmptyResponse, Example, operation
from whimbrel.operations.fields import Field


class Request(msgspec.Struct, frozen=True, kw_only=True):
    user_access_key_id: Annotated[str, Field("The key's id.", length_max=64, error=AccessKeyNotFoundError)]


EXAMPLE = Example(request={"UserAccessKeyId": EXAMPLE_KEY_ID}, response=EmptyResponse())


@operation(
    action="XDeleteAccessKey",
    permission=Permission.ACCESS_WRITE,
    example=EXAMPLE,
    errors=(AccessKeyNotFoundError, LastRootKeyError),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    await require_root(context)
    key = await find_key(context, request.user_access_key_id)
    await require_another_root(context, key)
    await context.store.keys.delete(key.account_id, key.access_key_id)
    return EmptyResponse()
