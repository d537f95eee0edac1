"""How operations find the group that a request names."""

from __future__ import annotations

from whimbrel.domain.group import GROUP_ID_LENGTH_MAX, Group, GroupType
from whimbrel.errors import GroupNotFoundError, GroupTypeError
from whimbrel.operations.declaration import Context


async def find_group(context: Context, group_id: str, group_type: GroupType | None = None) -> Group:
    """The caller's group, of this type when one is given.

    Raises GroupNotFoundError, also for another account's (I15) and for one that the AccessKey may not touch (A06).
    """
    group = None
    if len(group_id) <= GROUP_ID_LENGTH_MAX and context.caller.scope.covers_group(group_id):
        group = await context.store.groups.by_group_id(context.caller.account_id, group_id)
    if group is None or group_type not in (None, group.group_type):
        raise GroupNotFoundError(f"the group {group_id[:GROUP_ID_LENGTH_MAX]} does not exist")
    return group


async def find_static_group(context: Context, group_id: str) -> Group:
    """A group that devices are put into. Raises GroupNotFoundError, GroupTypeError."""
    group = await find_group(context, group_id)
    if group.is_dynamic:
        raise GroupTypeError(f"the group {group_id} is dynamic; its expression alone says what it holds")
    return group
