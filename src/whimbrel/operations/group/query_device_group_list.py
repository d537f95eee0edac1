"""Pages over groups, newest first.

1. PageSize 1 to 200, default 10; CurrentPage default 1.
2. Static groups only, unless GroupTypes says otherwise.
3. GroupName finds names that contain it, in any case; SuperGroupId the groups right below that one. A filter that
   matches nothing is no error.

Source: api-contract 13.3; the default of GroupTypes is the vendor's.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import GROUP_ID_LENGTH_MAX, NAME_LENGTH_MAX, GroupFilter, GroupType
from whimbrel.domain.paging import Page, page_count
from whimbrel.errors import InvalidPageParamsError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.group.info import EXAMPLE_INFO, GroupInfo, group_info
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.rights import require_whole_account

PAGE_SIZE_MAX = 200


class Request(msgspec.Struct, frozen=True, kw_only=True):
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ] = 1
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        10
    )
    group_name: Annotated[str | None, Field("Only with this in their names.", length_max=NAME_LENGTH_MAX)] = None
    super_group_id: Annotated[str | None, Field("Only right below this.", length_max=GROUP_ID_LENGTH_MAX)] = None
    group_types: Annotated[
        tuple[GroupType, ...], Field("LINK_PLATFORM, LINK_PLATFORM_DYNAMIC or both.", items_max=len(GroupType))
    ] = ()


class ListedGroup(GroupInfo, frozen=True, kw_only=True):
    x_device_count: Annotated[int | None, Field("Its devices; absent of a dynamic group.")]


class GroupList(msgspec.Struct, frozen=True, kw_only=True):
    group_info: Annotated[list[ListedGroup], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[GroupList, Field("Wrapper.")]
    current_page: Annotated[int, Field("As asked.")]
    page_size: Annotated[int, Field("As asked.")]
    page_count: Annotated[int, Field("Number of pages.")]
    total: Annotated[int, Field("Number of groups over all pages.")]


def _listed(group: GroupInfo, device_count: int | None) -> ListedGroup:
    return ListedGroup(**msgspec.structs.asdict(group), x_device_count=device_count)


EXAMPLE = Example(
    request={"CurrentPage": "1", "PageSize": "10", "GroupName": "hall"},
    response=Response(
        data=GroupList(group_info=[_listed(EXAMPLE_INFO, 200)]), current_page=1, page_size=10, page_count=1, total=1
    ),
)


@operation(
    action="QueryDeviceGroupList",
    permission=Permission.GROUP_READ,
    example=EXAMPLE,
    errors=(InvalidPageParamsError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=100),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context, "name one of its groups with QueryDeviceGroupInfo")
    page = Page(request.current_page, request.page_size)
    group_filter = GroupFilter(
        types=frozenset(request.group_types or (GroupType.STATIC,)),
        super_group_id=request.super_group_id,
        name_part=request.group_name,
    )
    listing = await context.store.groups.page(context.caller.account_id, group_filter, page)
    sizes = await context.store.group_members.sizes(listing.rows)
    return Response(
        data=GroupList(group_info=[_listed(group_info(group), sizes.get(group.group_id)) for group in listing.rows]),
        current_page=page.number,
        page_size=page.size,
        page_count=page_count(listing.total, page.size),
        total=listing.total,
    )
