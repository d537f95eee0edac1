"""Pages over a group's devices, the newest device first.

1. PageSize 1 to 200, default 10; CurrentPage default 1. The page number is answered as Page.
2. A dynamic group of more than 10,000 devices is refused: its devices are found by looking, not kept in a list.
3. A key that is limited to some products may not list a group of devices of any; a dynamic group has one product's.

Source: api-contract 13.3; the largest page is ours.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.group import MATCHED_DEVICES_MAX
from whimbrel.domain.paging import Page, page_count
from whimbrel.errors import ForbiddenError, GroupNotFoundError, InvalidPageParamsError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.group.devices import EXAMPLE_DEVICES, DeviceList, device_list
from whimbrel.operations.group.lookup import find_group
from whimbrel.operations.paging import PAGE_NUMBER_MAX

PAGE_SIZE_MAX = 200


class Request(msgspec.Struct, frozen=True, kw_only=True):
    group_id: Annotated[str, Field("The group.", error=GroupNotFoundError)]
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ] = 1
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        10
    )


class Response(msgspec.Struct, frozen=True, kw_only=True):
    data: Annotated[DeviceList, Field("Wrapper.")]
    page: Annotated[int, Field("The page number.")]
    page_size: Annotated[int, Field("Rows a page.")]
    page_count: Annotated[int, Field("Number of pages.")]
    total: Annotated[int, Field("Number of devices.")]


EXAMPLE = Example(
    request={"GroupId": "HtMLECKbdJQL7xBz", "CurrentPage": "1", "PageSize": "10"},
    response=Response(data=EXAMPLE_DEVICES, page=1, page_size=10, page_count=1, total=1),
)


@operation(
    action="QueryDeviceListByDeviceGroup",
    permission=Permission.GROUP_READ,
    example=EXAMPLE,
    errors=(GroupNotFoundError, InvalidPageParamsError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=5),
)
async def handle(request: Request, context: Context) -> Response:
    group = await find_group(context, request.group_id)
    if not context.caller.scope.covers_members(group.group_id, group.rule.product_key or None):
        raise ForbiddenError("the group may hold devices of products that this AccessKey may not touch")
    page = Page(request.current_page, request.page_size)
    listing = await context.store.group_members.page(group, page)
    if listing is None:
        raise OtaInvalidParameterError(
            f"the dynamic group has more than {MATCHED_DEVICES_MAX} devices and cannot be listed; list its product's"
        )
    return Response(
        data=device_list(listing.rows),
        page=page.number,
        page_size=page.size,
        page_count=page_count(listing.total, page.size),
        total=listing.total,
    )
