"""Pages over a device's DDI actions, newest first, each with the newest words of the device.

1. An action is one attempt of one task, under the number that the device knows it by. It begins when the device is told
   of it, so a task that no poll has offered yet has none.
2. State is what the device has made of it; what became of the task stands in the task. OPEN: it has not closed it.
   REFUSED: it was told to stop and will not.
3. PageSize 1 to 20. Of each action up to 10 messages are shown, newest first; up to 100 are kept of the newest actions,
   and MessageCount counts those too that are kept no more.

Source: ours; ddi-protocol 5, 6.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.ddi_feedback import Message
from whimbrel.domain.paging import Page, page_count
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import InvalidPageParamsError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import NAMING_ERRORS, find_named_device
from whimbrel.operations.device.named import DeviceRequest
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX
from whimbrel.ports.store import ActionEntry

PAGE_SIZE_MAX = 20
MESSAGES_SHOWN = 10  # with a full page 200 of up to 1 KiB, as much as one answer should hold


class Request(DeviceRequest, frozen=True, kw_only=True):
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ] = 1
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        10
    )


class MessageInfo(msgspec.Struct, frozen=True, kw_only=True):
    utc_time: Annotated[str, Field("When it came.")]
    execution: Annotated[str, Field("The device's word for where it is, such as `proceeding` or `closed`.")]
    details: Annotated[str, Field("What it said.")]


class MessageList(msgspec.Struct, frozen=True, kw_only=True):
    message: Annotated[list[MessageInfo], Field("Newest first, up to 10.")]


class ActionInfo(msgspec.Struct, frozen=True, kw_only=True):
    number: Annotated[int, Field("The id that the device knows the action by.")]
    task_id: Annotated[str, Field("Its task.")]
    job_id: Annotated[str, Field("The task's job.")]
    attempt: Annotated[int, Field("Which attempt of the task, from 1.")]
    state: Annotated[str, Field("OPEN, SUCCEEDED, FAILED, CANCELED or REFUSED.")]
    utc_create: Annotated[str, Field("When the device was told of it.")]
    utc_modified: Annotated[str, Field("The last change or message.")]
    message_count: Annotated[int, Field("How many messages came.")]
    messages: Annotated[MessageList, Field("Wrapper.")]


class ActionList(msgspec.Struct, frozen=True, kw_only=True):
    action: Annotated[list[ActionInfo], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of actions over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("As asked.")]
    current_page: Annotated[int, Field("As asked.")]
    data: Annotated[ActionList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001"},
    response=Response(
        total=1,
        page_count=1,
        page_size=10,
        current_page=1,
        data=ActionList(
            action=[
                ActionInfo(
                    number=1,
                    task_id="9001",
                    job_id="502",
                    attempt=1,
                    state="OPEN",
                    utc_create="2025-01-02T03:04:05.678Z",
                    utc_modified="2025-01-02T03:04:35.000Z",
                    message_count=1,
                    messages=MessageList(
                        message=[
                            MessageInfo(
                                utc_time="2025-01-02T03:04:35.000Z", execution="proceeding", details="writing slot B"
                            )
                        ]
                    ),
                )
            ]
        ),
    ),
)


@operation(
    action="XListDdiActions",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(*NAMING_ERRORS, InvalidPageParamsError),
    manner=Manner(idempotent=True, qps=50),
)
async def handle(request: Request, context: Context) -> Response:
    device = await find_named_device(context, request)
    page = Page(request.current_page, request.page_size)
    listing = await context.store.ddi_history.actions(device.id, page)
    rows = []
    for entry in listing.rows:
        messages = await context.store.ddi_actions.history(device.id, entry.number, MESSAGES_SHOWN)
        rows.append(_answer(entry, messages))
    return Response(
        total=listing.total,
        page_count=page_count(listing.total, page.size),
        page_size=page.size,
        current_page=page.number,
        data=ActionList(action=rows),
    )


def _answer(entry: ActionEntry, messages: list[Message]) -> ActionInfo:
    shown = [
        MessageInfo(utc_time=utc_text(message.at_ms), execution=message.execution, details=message.words)
        for message in messages
    ]
    return ActionInfo(
        number=entry.number,
        task_id=str(entry.task_id),
        job_id=str(entry.job_id),
        attempt=entry.attempt,
        state=entry.state.name,
        utc_create=utc_text(entry.created_ms),
        utc_modified=utc_text(entry.modified_ms),
        message_count=entry.messages,
        messages=MessageList(message=shown),
    )
