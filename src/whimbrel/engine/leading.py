"""Leads the engine or stands by, for as long as the process lives (I18, I19).

What a leader does is made anew for each term, so nothing that one term knew (what has left the pace window, how the
clock goes, which nodes were seen alive) outlives it: a process that stood still begins as one that was just started.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from whimbrel.engine.lease import BEAT_SECONDS, LOOK_SECONDS, Lease, Term
from whimbrel.errors import WhimbrelError

log = logging.getLogger(__name__)

Work = Callable[[Term], Sequence[Coroutine[Any, Any, None]]]


class Leading:
    """`work` makes what is done while a term lasts: it runs until it is cancelled, on stores that the term fences."""

    def __init__(self, lease: Lease, work: Work) -> None:
        self._lease = lease
        self._work = work
        self._term: Term | None = None

    def leads(self) -> bool:
        """Whether this process leads, and can be sure of it."""
        return self._term is not None and self._lease.is_sure(self._term)

    async def run(self) -> None:
        """Until cancelled; then the lease is given back. A fault of the store delays it (I19)."""
        while True:
            term = await self._stand_by()
            self._term = term
            try:
                await self._lead(term)
            finally:
                self._term = None
                if not term.lost.is_set():
                    await self._give_back(term)
            log.warning("another process leads the engine; this one stands by")

    async def _stand_by(self) -> Term:
        while True:
            try:
                term = await self._lease.look()
                if term is not None:
                    return term
            except WhimbrelError as error:
                log.warning("who leads the engine cannot be seen now: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _lead(self, term: Term) -> None:
        """Until the term is lost. What ends by itself ends the process with it."""
        loop = asyncio.get_running_loop()
        parts = [loop.create_task(part) for part in self._work(term)]
        end = [loop.create_task(self._beat(term)), loop.create_task(term.lost.wait())]
        try:
            done, _ = await asyncio.wait([*parts, *end], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            assert term.lost.is_set(), "a part of the engine ended by itself"
        finally:
            for task in (*parts, *end):
                task.cancel()
            await asyncio.gather(*parts, *end, return_exceptions=True)

    async def _beat(self, term: Term) -> None:
        while not term.lost.is_set():
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self._lease.beat(term)
            except WhimbrelError as error:
                log.warning("the leader of the engine cannot say that it lives: %s", error)

    async def _give_back(self, term: Term) -> None:
        """What the store cannot take now, those who stand by notice later."""
        try:
            await self._lease.give_back(term)
        except WhimbrelError as error:
            log.warning("the lease of the engine cannot be given back: %s", error)
