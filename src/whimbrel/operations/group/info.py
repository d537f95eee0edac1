"""How lists show a group, and what creating one needs."""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.group import GROUPS_PER_ACCOUNT_MAX, Group, GroupFilter, GroupType
from whimbrel.domain.paging import Page
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import GroupCountExceededError
from whimbrel.operations.declaration import Context
from whimbrel.operations.fields import Field

ALL_TYPES = frozenset(GroupType)


class GroupInfo(msgspec.Struct, frozen=True, kw_only=True):
    group_id: Annotated[str, Field("Its id.")]
    group_name: Annotated[str, Field("Its name.")]
    group_desc: Annotated[str, Field("What it is for.")]
    group_type: Annotated[str, Field("LINK_PLATFORM, or LINK_PLATFORM_DYNAMIC.")]
    utc_create: Annotated[str, Field("Creation.")]


EXAMPLE_INFO = GroupInfo(
    group_id="HtMLECKbdJQL7xBz",
    group_name="north_hall",
    group_desc="",
    group_type=GroupType.STATIC,
    utc_create="2025-01-02T03:04:05.678Z",
)


def group_info(group: Group) -> GroupInfo:
    return GroupInfo(
        group_id=group.group_id,
        group_name=group.name,
        group_desc=group.description,
        group_type=group.group_type,
        utc_create=utc_text(group.created_ms),
    )


async def count_groups(context: Context, group_filter: GroupFilter) -> int:
    """How many groups of the account a list would show."""
    return (await context.store.groups.page(context.caller.account_id, group_filter, Page(1, 1))).total


async def require_room(context: Context) -> None:
    """Raises GroupCountExceededError when the account has as many groups as it may have."""
    if await count_groups(context, GroupFilter(ALL_TYPES)) >= GROUPS_PER_ACCOUNT_MAX:
        raise GroupCountExceededError(f"the account has {GROUPS_PER_ACCOUNT_MAX} groups, which is the most")
