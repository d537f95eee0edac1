"""Renames an AccessKey, switches it off or on, or replaces its policy.

1. Only a key with all rights may do so. What is not given stays.
2. Statements replace the whole policy. The next call signed with the key is judged by them.
3. The account's last active key with all rights keeps them (LastRootKey).

Source: ours; threat-model A06.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import KEY_NAME, STATEMENTS_MAX, AccessKey, KeyStatus, Permission
from whimbrel.errors import (
    AccessKeyNotFoundError,
    InvalidPolicyError,
    LastRootKeyError,
    OtaInvalidParameterError,
)
from whimbrel.operations.access.keys import (
    EXAMPLE_KEY_DATA,
    EXAMPLE_KEY_ID,
    KeyData,
    find_key,
    key_data,
    require_another_root,
    require_root,
)
from whimbrel.operations.access.statements import StatementParameter, read_policy
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field


class Request(msgspec.Struct, frozen=True, kw_only=True):
    user_access_key_id: Annotated[str, Field("The key's id.", length_max=64, error=AccessKeyNotFoundError)]
    name: Annotated[
        str | None, Field("A new name: letters, digits, CJK characters, spaces, `_.@-`.", pattern=KEY_NAME)
    ] = None
    status: Annotated[KeyStatus | None, Field("`Inactive`: calls signed with the key are refused.")] = None
    statement: Annotated[
        tuple[StatementParameter, ...],
        Field(
            "What the key may do from now on.",
            items_max=STATEMENTS_MAX,
            error=InvalidPolicyError,
            items_error=InvalidPolicyError,
        ),
    ] = ()


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[KeyData, Field("The key as it is now.")]


EXAMPLE = Example(
    request={"UserAccessKeyId": EXAMPLE_KEY_ID, "Name": "build server", "Status": "Active"},
    response=Response(data=EXAMPLE_KEY_DATA),
)


@operation(
    action="XUpdateAccessKey",
    permission=Permission.ACCESS_WRITE,
    example=EXAMPLE,
    errors=(AccessKeyNotFoundError, InvalidPolicyError, LastRootKeyError, OtaInvalidParameterError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    await require_root(context)
    key = await find_key(context, request.user_access_key_id)
    changed = _changed(request, key, context)
    if not changed.is_root:
        await require_another_root(context, key)
    await context.store.keys.put(changed, context.now_ms)
    return Response(data=key_data(changed))


def _changed(request: Request, key: AccessKey, context: Context) -> AccessKey:
    if request.name is not None:
        key = key._replace(name=request.name)
    if request.status is not None:
        key = key._replace(is_active=request.status is KeyStatus.ACTIVE)
    if request.statement:
        key = key._replace(policy=read_policy(request.statement, context.services.actions))
    return key._replace(modified_ms=context.now_ms)
