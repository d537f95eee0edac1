"""Takes a DDI device's words to the ingest, and answers once they are durable (I1)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from whimbrel.errors import StoreUnavailableError
from whimbrel.gateway.ingest import Ingest, Item
from whimbrel.reports.declaration import Outcome, ReportContext

Answered = TypeVar("Answered")


class Submission(Generic[Answered]):
    """One report. What is answered is what its last try answered: a batch in another's way is taken in again."""

    def __init__(self, report: Callable[[ReportContext], Awaitable[Answered]]) -> None:
        self._report = report
        self._answers: list[Answered] = []
        self._done: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()

    async def apply(self, context: ReportContext) -> Outcome:
        self._answers = [await self._report(context)]
        return Outcome()

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        if not self._done.done():
            self._done.set_result(self._answers[-1])

    def failed(self) -> None:
        if not self._done.done():
            self._done.set_exception(StoreUnavailableError("what the device said cannot be stored now"))

    async def wait(self) -> Answered:
        return await self._done


async def submit(
    ingest: Ingest, name: str, device_id: int, report: Callable[[ReportContext], Awaitable[Answered]]
) -> Answered:
    """What the report answered, durable. Raises StoreUnavailableError, with nothing stored."""
    if ingest.is_full:
        raise StoreUnavailableError("more reports wait than can be taken now")
    submission = Submission(report)
    ingest.submit(Item(name, device_id, submission.apply, submission))
    return await submission.wait()
