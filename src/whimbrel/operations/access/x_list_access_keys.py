"""Pages over the account's AccessKeys, newest first, without their secrets.

1. PageSize 1 to 100; a page beyond the end is empty.
2. A key that is limited to some products or groups may not list keys.

Source: ours; threat-model A05, A06.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.paging import Page, page_count
from whimbrel.errors import InvalidPageParamsError
from whimbrel.operations.access.keys import EXAMPLE_KEY_DATA, KeyData, key_data
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.rights import require_whole_account

PAGE_SIZE_MAX = 100


class Request(msgspec.Struct, frozen=True, kw_only=True):
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ]
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)]


class KeyList(msgspec.Struct, frozen=True, kw_only=True):
    access_key: Annotated[list[KeyData], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of keys over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("As asked.")]
    current_page: Annotated[int, Field("As asked.")]
    data: Annotated[KeyList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"CurrentPage": "1", "PageSize": "10"},
    response=Response(total=1, page_count=1, page_size=10, current_page=1, data=KeyList(access_key=[EXAMPLE_KEY_DATA])),
)


@operation(
    action="XListAccessKeys",
    permission=Permission.ACCESS_READ,
    example=EXAMPLE,
    errors=(InvalidPageParamsError,),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    page = Page(request.current_page, request.page_size)
    listing = await context.store.keys.page(context.caller.account_id, page)
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        data=KeyList(access_key=[key_data(key) for key in listing.rows]),
    )
