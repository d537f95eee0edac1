"""Tells transfers under way that their task was cancelled (I8): one look for all of them, twice a second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from whimbrel.errors import WhimbrelError

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5  # with the look itself a cancel is heard within a second
TASKS_PER_LOOK = 200

#: Those of the tasks that are cancelled.
CancelledOf = Callable[[Sequence[int]], Awaitable[set[int]]]


class CancelWatch:
    """One for a process; `run` it. What it holds is bounded by the transfers under way."""

    def __init__(self, cancelled_of: CancelledOf) -> None:
        self._cancelled_of = cancelled_of
        self._watched: dict[int, set[asyncio.Event]] = {}

    @property
    def watched(self) -> int:
        """How many tasks have a transfer under way."""
        return len(self._watched)

    @contextmanager
    def of(self, task_id: int | None) -> Iterator[asyncio.Event]:
        """Set once the task is cancelled; never for what is of no task."""
        cancelled = asyncio.Event()
        if task_id is None:
            yield cancelled
            return
        self._watched.setdefault(task_id, set()).add(cancelled)
        try:
            yield cancelled
        finally:
            of_task = self._watched[task_id]
            of_task.discard(cancelled)
            if not of_task:
                del self._watched[task_id]

    async def run(self) -> None:
        """Until cancelled. While the store cannot be asked, transfers go on."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except WhimbrelError as error:
                log.warning("who downloads is not told of cancels now: %s", error)

    async def look(self) -> None:
        """Raises what the question raises."""
        task_ids = list(self._watched)
        for start in range(0, len(task_ids), TASKS_PER_LOOK):
            for task_id in await self._cancelled_of(task_ids[start : start + TASKS_PER_LOOK]):
                for event in self._watched.get(task_id, ()):
                    event.set()
