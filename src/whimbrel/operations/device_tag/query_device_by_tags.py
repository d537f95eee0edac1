"""Pages over the devices that have all the given tags, newest first.

1. Tag.N: 1 to 10. PageSize 1 to 50, default 10; CurrentPage default 1. The page number is answered as Page.
2. With one tag any number of devices is paged, each page at the same cost.
3. With several tags the devices of the rarest one are looked at, at most 10,000 divided by the number of further tags.
   More are refused rather than answered in part: ask for one tag, or for a rarer one.
4. A key that no tag can have is on no device.

Source: api-contract 13.4; rule 3 is ours.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device_tag import KEY_LENGTH_MAX, QUERY_TAGS_MAX, VALUE_LENGTH_MAX, DeviceTag, is_valid_key
from whimbrel.domain.paging import Listing, Page, page_count
from whimbrel.errors import InvalidPageParamsError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.group.devices import EXAMPLE_DEVICES, DeviceList, device_list
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.rights import require_whole_account
from whimbrel.ports.store import DeviceIdentity

PAGE_SIZE_MAX = 50


class TagParameter(msgspec.Struct, frozen=True, kw_only=True):
    tag_key: Annotated[str, Field("The tag's key.", length_max=KEY_LENGTH_MAX)]
    tag_value: Annotated[str, Field("The tag's value.", length_max=VALUE_LENGTH_MAX)]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    tag: Annotated[tuple[TagParameter, ...], Field("The tags.", items_max=QUERY_TAGS_MAX)]
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
    request={"Tag.1.TagKey": "color", "Tag.1.TagValue": "red", "CurrentPage": "1", "PageSize": "10"},
    response=Response(data=EXAMPLE_DEVICES, page=1, page_size=10, page_count=1, total=1),
)


@operation(
    action="QueryDeviceByTags",
    permission=Permission.DEVICE_READ,
    example=EXAMPLE,
    errors=(InvalidPageParamsError, OtaInvalidParameterError),
    manner=Manner(idempotent=True, qps=5),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    tags = {DeviceTag(tag.tag_key, tag.tag_value) for tag in request.tag}
    page = Page(request.current_page, request.page_size)
    listing = await _listing(tags, page, context)
    if listing is None:
        raise OtaInvalidParameterError(
            "each of the tags is on too many devices to look for those that have all; add a rarer tag, or ask for one"
        )
    return Response(
        data=device_list(listing.rows),
        page=page.number,
        page_size=page.size,
        page_count=page_count(listing.total, page.size),
        total=listing.total,
    )


async def _listing(tags: set[DeviceTag], page: Page, context: Context) -> Listing[DeviceIdentity] | None:
    # Keys have no colon, values may: in names of lists, `a:b` would be the key `a` with a value that begins with `b`.
    if not all(is_valid_key(tag.key) for tag in tags):
        return Listing((), 0)
    return await context.store.tags.page(context.caller.account_id, tags, page)
