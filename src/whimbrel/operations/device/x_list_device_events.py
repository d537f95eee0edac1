"""Pages over what happened to a device, newest first: when it was online, its versions, and its tasks.

1. Kind: ONLINE and OFFLINE, a device that came back within a minute has not left, and Connections counts how often it
   came; VERSION, a module reports another version, with the task that succeeded by it; TASK, a task moved, with the
   attempt, the progress and what the device said. Progress alone is no event.
2. Kept are the newest 10 times online and the newest 50 changes of versions and tasks. How tasks began and where they
   are is read off the tasks in the newest 50 jobs of the product.
3. A DDI device is online from one poll to the next; a device that only calls over HTTPS is never online.
4. What happens to a device that is deleted is forgotten.
5. SrcVersion and DestVersion of TASK are from what to what the task is to bring the device; absent when it is not in
   one of the newest 50 jobs of the product.

Source: ours; ADR 0058.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from whimbrel.domain.access import Permission
from whimbrel.domain.device_story import DeviceEvent, EventKind, story
from whimbrel.domain.paging import Page, page_count
from whimbrel.domain.wire_time import utc_text
from whimbrel.errors import InvalidPageParamsError
from whimbrel.operations.declaration import Context, Example, Manner, operation
from whimbrel.operations.device.lookup import NAMING_ERRORS, find_named_device
from whimbrel.operations.device.named import DeviceRequest
from whimbrel.operations.fields import Field
from whimbrel.operations.paging import PAGE_NUMBER_MAX

PAGE_SIZE_MAX = 100

#: The kinds by their words on the wire, derived from the one list of them.
KindWord = StrEnum("KindWord", {kind.name: kind.name for kind in EventKind})  # type: ignore[misc]


class Request(DeviceRequest, frozen=True, kw_only=True):
    kind: Annotated[KindWord | None, Field("Only events of this kind.")] = None
    current_page: Annotated[
        int, Field("Page number from 1.", minimum=1, maximum=PAGE_NUMBER_MAX, error=InvalidPageParamsError)
    ] = 1
    page_size: Annotated[int, Field("Rows a page.", minimum=1, maximum=PAGE_SIZE_MAX, error=InvalidPageParamsError)] = (
        20
    )


class EventInfo(msgspec.Struct, frozen=True, kw_only=True):
    utc_time: Annotated[str, Field("When.")]
    kind: Annotated[str, Field("ONLINE, OFFLINE, VERSION or TASK.")]
    connections: Annotated[int | None, Field("How often it came while it was online; of OFFLINE.")] = None
    module_name: Annotated[str | None, Field("The module; of VERSION and TASK.")] = None
    src_version: Annotated[
        str | None, Field("The version before, absent when it is the first; of VERSION and TASK.")
    ] = None
    dest_version: Annotated[str | None, Field("The version from now on; of VERSION, and of TASK when it succeeds.")] = (
        None
    )
    task_id: Annotated[str | None, Field("The task; of TASK, and of VERSION when it succeeded by it.")] = None
    job_id: Annotated[str | None, Field("The task's job.")] = None
    attempt: Annotated[int | None, Field("Which attempt of the task, from 1; of TASK.")] = None
    task_status: Annotated[str | None, Field("The task's status from now on; of TASK.")] = None
    progress: Annotated[int | None, Field("Percent; of TASK.")] = None
    words: Annotated[str | None, Field("Why, or what the device said, up to 200 characters; of TASK.")] = None


class EventList(msgspec.Struct, frozen=True, kw_only=True):
    event: Annotated[list[EventInfo], Field("The page's rows.")]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    total: Annotated[int, Field("Number of events over all pages.")]
    page_count: Annotated[int, Field("Number of pages.")]
    page_size: Annotated[int, Field("Rows a page.")]
    current_page: Annotated[int, Field("The page number.")]
    data: Annotated[EventList, Field("Wrapper.")]


EXAMPLE = Example(
    request={"ProductKey": "kabcdefgh01", "DeviceName": "lamp-0001", "CurrentPage": "1", "PageSize": "20"},
    response=Response(
        total=2,
        page_count=1,
        page_size=20,
        current_page=1,
        data=EventList(
            event=[
                EventInfo(
                    utc_time="2025-01-02T03:05:00.000Z",
                    kind="TASK",
                    module_name="default",
                    src_version="1.0.0",
                    dest_version="2.0.0",
                    task_id="9001",
                    job_id="502",
                    attempt=1,
                    task_status="FAILED",
                    progress=55,
                    words="step -2: HTTP 503 from 192.0.2.7",
                ),
                EventInfo(utc_time="2025-01-02T03:04:05.678Z", kind="ONLINE"),
            ]
        ),
    ),
)


@operation(
    action="XListDeviceEvents",
    permission=Permission.JOB_READ,
    example=EXAMPLE,
    errors=(*NAMING_ERRORS, InvalidPageParamsError),
    manner=Manner(idempotent=True),
)
async def handle(request: Request, context: Context) -> Response:
    device = await find_named_device(context, request)
    page = Page(request.current_page, request.page_size)
    events = story(await context.store.device_stories.of_device(device.id))
    if request.kind is not None:
        events = [event for event in events if event.kind.name == request.kind.name]
    return Response(
        total=len(events),
        page_count=page_count(len(events), page.size),
        page_size=page.size,
        current_page=page.number,
        data=EventList(event=[_answer(event) for event in events[page.offset : page.offset + page.size]]),
    )


def _answer(event: DeviceEvent) -> EventInfo:
    return EventInfo(
        utc_time=utc_text(event.at_ms),
        kind=event.kind.value,
        connections=event.connections,
        module_name=event.module_name,
        src_version=event.before,
        dest_version=event.after,
        task_id=None if event.task_id is None else str(event.task_id),
        job_id=None if event.job_id is None else str(event.job_id),
        attempt=event.attempt,
        task_status=None if event.status is None else event.status.name,
        progress=event.progress,
        words=None if event.status is None else event.words,
    )
