"""Deletes a group; its devices stay.

1. A group with groups below it is refused.
2. Its devices leave it at once for every operation; a large group's rows are cleared behind the answer.

Source: api-contract 13.3. Also dynamic groups are deleted by this.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import GroupFilter
from whimbrel.errors import GroupHasSubgroupsError, GroupNotFoundError
from whimbrel.operations.declaration import Context, EmptyResponse, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.group.info import ALL_TYPES, count_groups
from whimbrel.operations.group.lookup import find_group

FIRST_PURGE_MEMBERS = 500  # what one step of the engine may change without holding up the others


class Request(msgspec.Struct, frozen=True, kw_only=True):
    group_id: Annotated[str, Field("The group.", error=GroupNotFoundError)]


EXAMPLE = Example(request={"GroupId": "HtMLECKbdJQL7xBz"}, response=EmptyResponse())


@operation(
    action="DeleteDeviceGroup",
    permission=Permission.GROUP_WRITE,
    example=EXAMPLE,
    errors=(GroupNotFoundError, GroupHasSubgroupsError),
    manner=Manner(qps=500),
)
async def handle(request: Request, context: Context) -> EmptyResponse:
    group = await find_group(context, request.group_id)
    below = await count_groups(context, GroupFilter(ALL_TYPES, super_group_id=group.group_id))
    if below:
        raise GroupHasSubgroupsError(f"the group {group.group_id} has {below} groups below it; delete them first")
    await context.store.groups.delete(group, context.now_ms)
    await context.store.group_members.purge(FIRST_PURGE_MEMBERS)
    return EmptyResponse()
