"""One request of a recognised DDI device, and what its handlers work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from whimbrel.asgi import Answer, Receive, Scope, Send
from whimbrel.domain.ddi import read_number
from whimbrel.domain.ddi_offer import DeviceView
from whimbrel.gateway.ddi.answers import DdiRefusedError, Media
from whimbrel.gateway.ddi.identity import Contact
from whimbrel.gateway.ddi.last_seen import LastSeen
from whimbrel.gateway.ddi.links import Hrefs
from whimbrel.gateway.ddi.submission import submit
from whimbrel.gateway.ingest import Ingest
from whimbrel.ports.clock import Clock
from whimbrel.ports.store import Store
from whimbrel.reports.declaration import ReportContext

Answered = TypeVar("Answered")


class ServedFile(NamedTuple):
    """A file that the device may download now."""

    sha256: str
    sha1: str
    size_bytes: int
    name: str
    task_id: int


Connection = tuple[Scope, Receive, Send]
Serve = Callable[[ServedFile, Connection], Awaitable[None]]


class Sha1s(Protocol):
    """The SHA-1 of stored objects."""

    async def of(self, sha256s: Sequence[str]) -> Mapping[str, str]:
        """Those that can be told; an object that is gone is left out."""
        ...


class Desk(NamedTuple):
    """What all handlers of a process use."""

    store: Store
    ingest: Ingest
    clock: Clock
    sha1s: Sha1s
    serve: Serve
    last_seen: LastSeen


class DdiRequest(NamedTuple):
    """`arguments`: what stands in the path for the route's stars. `view`: of a poll."""

    contact: Contact
    arguments: tuple[str, ...]
    query: Mapping[str, str]
    media: Media
    hrefs: Hrefs
    connection: Connection
    view: DeviceView | None
    body: bytes = b""
    is_cbor: bool = False

    @property
    def number(self) -> int:
        """The action of the path. Raises DdiRefusedError: 404 for what can be none."""
        number = read_number(self.arguments[0])
        if number is None:
            raise DdiRefusedError(404, "NotFound", "an action's id is a positive number")
        return number


#: None: the handler has answered by itself, as downloads do.
Handler = Callable[[DdiRequest, Desk], Awaitable[Answer | None]]


async def report(
    request: DdiRequest, desk: Desk, name: str, handle: Callable[[ReportContext], Awaitable[Answered]]
) -> Answered:
    """What the report answered, once it is durable (I1)."""
    return await submit(desk.ingest, name, request.contact.device_id, handle)
