"""Pages over the browsers that are signed in to the console, newest sign-in first: of one user, or of all.

1. PageSize 1 to 100; a page beyond the end is empty. Sessions that are over are not listed.
2. A key that is limited to some products or groups may not list sessions.

Source: ours; threat-model A10, A21.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.paging import Page, page_count
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import ConsoleUserNotFoundError, InvalidPageParamsError
from whimbrel.operations.console.users import EXAMPLE_NAME, find_user
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.rights import require_whole_account
from whimbrel.ports.store import NamedSession

PAGE_SIZE_MAX = 100


class Request(msgspec.Struct, frozen=True, kw_only=True):
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ]
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)]
    user_name: Annotated[
        str | None, Field("Only this user's sessions.", length_max=64, error=ConsoleUserNotFoundError)
    ] = None


class SessionData(msgspec.Struct, frozen=True, kw_only=True):
    session_id: Annotated[str, Field("The session's number, for XRevokeConsoleSession.")]
    user_name: Annotated[str, Field("Whose session it is.")]
    utc_create: Annotated[str, Field("The sign-in.")]
    utc_seen: Annotated[str, Field("The last use, to the minute.")]
    utc_end: Annotated[str, Field("When it ends unless it is used before.")]
    address: Annotated[str, Field("From where the user signed in.")]
    agent: Annotated[str, Field("What the browser called itself.")]


class SessionList(msgspec.Struct, frozen=True, kw_only=True):
    console_session: Annotated[list[SessionData], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of sessions over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("As asked.")]
    current_page: Annotated[int, Field("As asked.")]
    data: Annotated[SessionList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"CurrentPage": "1", "PageSize": "10", "UserName": EXAMPLE_NAME},
    response=Response(
        total=1,
        page_count=1,
        page_size=10,
        current_page=1,
        data=SessionList(
            console_session=[
                SessionData(
                    session_id="7",
                    user_name=EXAMPLE_NAME,
                    utc_create="2025-01-02T03:04:05.678Z",
                    utc_seen="2025-01-02T03:04:05.678Z",
                    utc_end="2025-01-02T04:04:05.678Z",
                    address="192.0.2.7",
                    agent="Mozilla/5.0",
                )
            ]
        ),
    ),
)


@operation(
    action="XListConsoleSessions",
    permission=Permission.ACCESS_READ,
    example=EXAMPLE,
    errors=(ConsoleUserNotFoundError, InvalidPageParamsError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    user_id = None if request.user_name is None else (await find_user(context, request.user_name)).id
    page = Page(request.current_page, request.page_size)
    listing = await context.store.console_sessions.page(context.caller.account_id, user_id, context.now_ms, page)
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        data=SessionList(console_session=[session_data(row) for row in listing.rows]),
    )


def session_data(row: NamedSession) -> SessionData:
    """The session as answers show it."""
    session = row.session
    return SessionData(
        session_id=str(session.id),
        user_name=row.user_name,
        utc_create=utc_text(session.created_ms),
        utc_seen=utc_text(session.seen_ms),
        utc_end=utc_text(session.ends_ms),
        address=session.address,
        agent=session.agent,
    )
