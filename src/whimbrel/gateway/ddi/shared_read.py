"""Questions that come in one turn of the loop are asked together: a poll then costs a row, not a statement.

Nothing is kept: each question is answered from a snapshot that was begun after it came, so a cancel that was answered
before it is seen by it (I8).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar, cast

QUESTIONS_MAX = 256  # in one read; at some 20 us a device the loop is held for 5 ms at most
READS_AT_ONCE = 2  # while one waits for the database another is built; with more, each is smaller and costs more

Question = TypeVar("Question")
Reply = TypeVar("Reply")


class SharedRead(Generic[Question, Reply]):
    """`read` answers as many questions as it is given, in their order."""

    def __init__(self, read: Callable[[Sequence[Question]], Awaitable[Sequence[Reply]]]) -> None:
        self._read = read
        self._waiting: deque[tuple[Question, asyncio.Future[Reply]]] = deque()
        self._reading: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question) -> Reply:
        """Raises what the read raises."""
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[Reply] = loop.create_future()
        self._waiting.append((question, reply))
        if len(self._reading) < READS_AT_ONCE:
            self._reading.add(loop.create_task(self._run()))
        return await reply

    async def _run(self) -> None:
        try:
            await self._read_all()
        finally:
            # Not by a callback, which comes a turn later: who asks in that turn would count on a reader that has left.
            self._reading.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _read_all(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(QUESTIONS_MAX, len(self._waiting)))]
            try:
                replies = await self._read([question for question, _ in batch])
            except Exception as error:
                for _, reply in batch:
                    _fail(reply, error)
                continue
            for (_, reply), found in zip(batch, replies, strict=True):
                if not reply.done():
                    reply.set_result(found)


def _fail(reply: asyncio.Future[Reply], error: Exception) -> None:
    if not reply.done():
        reply.set_exception(error)
