"""Pages over all accounts of this server, newest first.

1. Only a key with all rights of the account `default`, the operator's, may list them.
2. PageSize 1 to 100; a page beyond the end is empty.

Source: ours; threat-model I15, A07.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Account, Permission
from whimbrel.domain.paging import Page, page_count
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import InvalidPageParamsError
from whimbrel.operations.account.rights import require_operator
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX

PAGE_SIZE_MAX = 100


class Request(msgspec.Struct, frozen=True, kw_only=True):
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ]
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)]


class AccountInfo(msgspec.Struct, frozen=True, kw_only=True):
    account_id: Annotated[str, Field("The account's id.")]
    name: Annotated[str, Field("Its name.")]
    utc_create: Annotated[str, Field("Creation.")]


class AccountList(msgspec.Struct, frozen=True, kw_only=True):
    account: Annotated[list[AccountInfo], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of accounts over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("As asked.")]
    current_page: Annotated[int, Field("As asked.")]
    data: Annotated[AccountList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"CurrentPage": "1", "PageSize": "10"},
    response=Response(
        total=1,
        page_count=1,
        page_size=10,
        current_page=1,
        data=AccountList(
            account=[AccountInfo(account_id="1", name="default", utc_create="2025-01-02T03:04:05.678Z")],
        ),
    ),
)


@operation(
    action="XListAccounts",
    permission=Permission.ACCOUNT_READ,
    example=EXAMPLE,
    errors=(InvalidPageParamsError,),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    await require_operator(context)
    page = Page(request.current_page, request.page_size)
    listing = await context.store.accounts.page(page)
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        data=AccountList(account=[_answer(account) for account in listing.rows]),
    )


def _answer(account: Account) -> AccountInfo:
    return AccountInfo(account_id=str(account.id), name=account.name, utc_create=utc_text(account.created_ms))
