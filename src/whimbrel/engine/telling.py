"""Tells devices of this process what was claimed for them a moment ago, and never what was claimed long ago.

Between a claim and its notices a process may stand still. What leaves then was counted too long ago (I5), and may have
been cancelled meanwhile (I8). So what is not fresh does not leave: it becomes orders to the node that holds the device,
which is usually this one, and they are looked at again before they are carried out (`orders.py`).
"""

from __future__ import annotations

import asyncio
import logging

from whimbrel.domain.job import Job
from whimbrel.domain.notice import LinkMaker, make_notice
from whimbrel.domain.task import Task
from whimbrel.errors import WhimbrelError
from whimbrel.ports.clock import Clock
from whimbrel.ports.device_channel import DeviceChannel
from whimbrel.ports.store import Store

log = logging.getLogger(__name__)

FRESH_SECONDS = 0.5  # what was read longer ago is read again before anything leaves by it (I8)
NOTICES_PER_TURN = 50  # some 50 us each: then other work of the loop gets its turn
FAULT_PAUSE_SECONDS = 1.0


class Telling:
    """`store` is no leader's: to tell what was claimed decides nothing, and who lost the lease owes it still."""

    def __init__(self, store: Store, channel: DeviceChannel, clock: Clock, links: LinkMaker) -> None:
        self._store = store
        self._channel = channel
        self._clock = clock
        self._links = links
        self._late: set[asyncio.Task[None]] = set()

    def is_fresh(self, read_s: float) -> bool:
        """Whether what was read then, by the monotonic clock, may be acted upon without looking again."""
        return self._clock.monotonic_s() - read_s <= FRESH_SECONDS

    async def tell(self, task: Task, job: Job) -> None:
        await self._channel.send(make_notice(task, job, self._links, self._clock.now_ms()))

    async def tell_claimed(self, tasks: list[Task], job: Job, claimed_s: float) -> None:
        """Tell the devices of tasks that were claimed no earlier than `claimed_s` of the monotonic clock."""
        for number, task in enumerate(tasks):
            if not self.is_fresh(claimed_s):
                await self._order_surely(tasks[number:], job)
                return
            await self.tell(task, job)
            if number % NOTICES_PER_TURN == NOTICES_PER_TURN - 1:
                await asyncio.sleep(0)

    async def _order_surely(self, tasks: list[Task], job: Job) -> None:
        """Cancelling the one who claimed must not forget what was claimed."""
        late = asyncio.get_running_loop().create_task(self._order(tasks, job))
        self._late.add(late)
        late.add_done_callback(self._late.discard)
        await asyncio.shield(late)

    async def _order(self, tasks: list[Task], job: Job) -> None:
        log.warning("%d devices are told late, because this process stood still; they are looked at again", len(tasks))
        while True:
            try:
                async with self._store.transaction() as store:
                    if job.maximum_per_minute is not None:
                        await store.pacing.count(job.id, len(tasks), self._clock.now_ms())
                    await store.orders.notices([task.id for task in tasks], here="")
                return
            except WhimbrelError as error:
                log.warning("devices that are told late wait: %s", error)
                await asyncio.sleep(FAULT_PAUSE_SECONDS)
