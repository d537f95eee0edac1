"""Pages over the account's users of the console, newest first.

1. PageSize 1 to 100; a page beyond the end is empty.
2. A key that is limited to some products or groups may not list users.

Source: ours; threat-model A05, A06.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.paging import Page, page_count
from whimbrel.errors import InvalidPageParamsError
from whimbrel.operations.console.users import EXAMPLE_USER, UserData, user_data
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


class UserList(msgspec.Struct, frozen=True, kw_only=True):
    console_user: Annotated[list[UserData], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of users over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("As asked.")]
    current_page: Annotated[int, Field("As asked.")]
    data: Annotated[UserList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"CurrentPage": "1", "PageSize": "10"},
    response=Response(total=1, page_count=1, page_size=10, current_page=1, data=UserList(console_user=[EXAMPLE_USER])),
)


@operation(
    action="XListConsoleUsers",
    permission=Permission.ACCESS_READ,
    example=EXAMPLE,
    errors=(InvalidPageParamsError,),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    page = Page(request.current_page, request.page_size)
    listing = await context.store.console_users.page(context.caller.account_id, page)
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        data=UserList(console_user=[user_data(user) for user in listing.rows]),
    )
