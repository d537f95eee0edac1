"""Creates a group that devices are put into.

1. GroupName: 4 to 30 letters, digits, underscores or CJK characters (a CJK one counts 2), unique in the account.
2. SuperGroupId names the static group it stands below, at most five deep. A device of a group is not thereby in the
   groups above it.
3. An account has at most 10,000 groups.

Source: api-contract 13.3. Depth and number are ours (the vendor says nothing of depth, and allows 1,000).
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import (
    DESCRIPTION_LENGTH_MAX,
    GROUP_ID_LENGTH,
    NAME_LENGTH_MAX,
    NESTING_MAX,
    GroupDraft,
    GroupType,
    is_valid_name,
)
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import (
    GroupCountExceededError,
    GroupNameTakenError,
    GroupNestingExceededError,
    GroupNotFoundError,
    GroupTypeError,
    InvalidFormattedGroupNameError,
    LongGroupDescError,
)
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.group.info import require_room
from whimbrel.operations.group.lookup import find_static_group
from whimbrel.operations.rights import require_whole_account


class Request(msgspec.Struct, frozen=True, kw_only=True):
    group_name: Annotated[
        str, Field("The group's name.", length_max=NAME_LENGTH_MAX, error=InvalidFormattedGroupNameError)
    ]
    group_desc: Annotated[
        str, Field("What the group is for.", length_max=DESCRIPTION_LENGTH_MAX, error=LongGroupDescError)
    ] = ""
    super_group_id: Annotated[
        str | None, Field("The group above it; absent for the first level.", error=GroupNotFoundError)
    ] = None


class GroupData(msgspec.Struct, frozen=True, kw_only=True):
    group_id: Annotated[str, Field("The new group's id.")]
    group_name: Annotated[str, Field("As given.")]
    group_desc: Annotated[str, Field("As given.")]
    utc_create: Annotated[str, Field("Creation.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[GroupData, Field("The new group.")]


EXAMPLE = Example(
    request={"GroupName": "north_hall"},
    response=Response(
        data=GroupData(
            group_id="HtMLECKbdJQL7xBz",
            group_name="north_hall",
            group_desc="",
            utc_create="2025-01-02T03:04:05.678Z",
        )
    ),
)


@operation(
    action="CreateDeviceGroup",
    permission=Permission.GROUP_WRITE,
    example=EXAMPLE,
    errors=(
        InvalidFormattedGroupNameError,
        GroupNameTakenError,
        LongGroupDescError,
        GroupNotFoundError,
        GroupTypeError,
        GroupNestingExceededError,
        GroupCountExceededError,
    ),
    manner=Manner(creates=True, qps=500),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    if not is_valid_name(request.group_name):
        raise InvalidFormattedGroupNameError
    await _check_depth(context, request.super_group_id)
    await require_room(context)
    draft = GroupDraft(
        account_id=context.caller.account_id,
        group_id=context.services.randomness.text(GROUP_ID_LENGTH),
        name=request.group_name,
        description=request.group_desc,
        super_group_id=request.super_group_id or "",
        group_type=GroupType.STATIC,
        created_ms=context.now_ms,
    )
    await context.store.groups.add(draft)
    return Response(
        data=GroupData(
            group_id=draft.group_id,
            group_name=draft.name,
            group_desc=draft.description,
            utc_create=utc_text(draft.created_ms),
        )
    )


async def _check_depth(context: Context, super_group_id: str | None) -> None:
    depth = 1
    while super_group_id:
        above = await find_static_group(context, super_group_id)
        super_group_id = above.super_group_id
        depth += 1
        if depth > NESTING_MAX:
            raise GroupNestingExceededError
