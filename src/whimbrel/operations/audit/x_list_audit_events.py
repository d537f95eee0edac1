"""Pages over the account's audit trail, newest first: who changed what, and who tried what he has no right to.

1. PageSize 1 to 100; a page beyond the end is empty.
2. One of EventAccessKeyId, EventName and EventBefore narrows the list; AccessKeyId and Action are those of this call
   itself.
3. A key that is limited to some products or groups may not read the trail.
4. Entries of an account are numbered without gaps, and each Hash covers the one before; `whimbrel audit verify` proves
   it. Secrets are never entered.

Source: ours; threat-model I16, A05, A30.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import ACTION_NAME, USER_PREFIX, Permission
from whimbrel.domain.audit import AuditEntry
from whimbrel.domain.console_user import USER_NAME_LENGTH_MAX
from whimbrel.domain.paging import Page, page_count
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import InvalidPageParamsError, OtaInvalidParameterError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.operations.rights import require_whole_account
from whimbrel.ports.store import AuditFilter

PAGE_SIZE_MAX = 100
ACTOR_LENGTH_MAX = len(USER_PREFIX) + USER_NAME_LENGTH_MAX  # an AccessKeyId is shorter
TIME_MS_MAX = 253_402_300_799_999  # the last year of four digits


class Request(msgspec.Struct, frozen=True, kw_only=True):
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ]
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)]
    event_access_key_id: Annotated[
        str | None,
        Field("Only what this AccessKey or `user:NAME` called.", length_max=ACTOR_LENGTH_MAX),
    ] = None
    event_name: Annotated[str | None, Field("Only calls of this Action.", pattern=ACTION_NAME)] = None
    event_before: Annotated[
        int | None, Field("Only what was entered before, epoch milliseconds.", minimum=0, maximum=TIME_MS_MAX)
    ] = None


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    number: Annotated[int, Field("Its place in the account's chain, from 1.")]
    utc_time: Annotated[str, Field("When it was entered.")]
    access_key_id: Annotated[str, Field("Which AccessKey called, or `user:NAME` of the console.")]
    action: Annotated[str, Field("What was called.")]
    call_request_id: Annotated[str, Field("That call's RequestId.")]
    outcome: Annotated[str, Field("`ACCEPTED`: done; `REFUSED`: the key has no right to it, nothing was done.")]
    parameters: Annotated[str, Field("What the call said, as JSON; secrets are hidden.")]
    objects: Annotated[str, Field("Ids in the call's answer, as JSON.")]
    hash: Annotated[str, Field("Over the entry and the hash before it.")]


class AuditEventList(msgspec.Struct, frozen=True, kw_only=True):
    audit_event: Annotated[list[AuditEvent], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of entries over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("As asked.")]
    current_page: Annotated[int, Field("As asked.")]
    data: Annotated[AuditEventList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"CurrentPage": "1", "PageSize": "10"},
    response=Response(
        total=1,
        page_count=1,
        page_size=10,
        current_page=1,
        data=AuditEventList(
            audit_event=[
                AuditEvent(
                    number=1,
                    utc_time="2025-01-02T03:04:05.678Z",
                    access_key_id="n3Xy7QbW0kTfLr5JcVhPs2Ga",
                    action="CreateProduct",
                    call_request_id="5F0C1D1E-9A0B-4C2D-8E3F-0123456789AB",
                    outcome="ACCEPTED",
                    parameters='{"NodeType":"0","ProductName":"lamp"}',
                    objects='{"ProductKey":"kabcdefgh01"}',
                    hash="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                )
            ]
        ),
    ),
)


@operation(
    action="XListAuditEvents",
    permission=Permission.AUDIT_READ,
    example=EXAMPLE,
    errors=(InvalidPageParamsError, OtaInvalidParameterError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    require_whole_account(context)
    narrowed = AuditFilter(request.event_access_key_id, request.event_name, request.event_before)
    if sum(one is not None for one in narrowed) > 1:
        raise OtaInvalidParameterError("give one of EventAccessKeyId, EventName and EventBefore")
    page = Page(request.current_page, request.page_size)
    listing = await context.store.audit.page(context.caller.account_id, narrowed, page)
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        data=AuditEventList(audit_event=[_answer(entry) for entry in listing.rows]),
    )


def _answer(entry: AuditEntry) -> AuditEvent:
    return AuditEvent(
        number=entry.number,
        utc_time=utc_text(entry.at_ms),
        access_key_id=entry.access_key_id,
        action=entry.action,
        call_request_id=entry.request_id,
        outcome=entry.outcome.value,
        parameters=entry.parameters,
        objects=entry.objects,
        hash=entry.hash,
    )
