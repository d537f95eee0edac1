"""Carries out the orders of a gateway process: tells devices of tasks that were claimed elsewhere, ends their sessions.

Orders are read, carried out, then forgotten: a crash in between repeats some, and a repeat is the same command (I12).
What has changed since an order was written is seen when it is read: a task that was cancelled does not leave (I8). An
order may be missed by the ear, so the node looks for itself twice a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from whimbrel.crash_points import crash_here
from whimbrel.domain.job import Job
from whimbrel.domain.notice import LinkMaker, is_told_again_later, may_deliver
from whimbrel.domain.task import Task, TaskStatus
from whimbrel.engine.telling import Telling
from whimbrel.errors import NodeEndedError, StoreUnavailableError, WhimbrelError
from whimbrel.ports.clock import Clock
from whimbrel.ports.device_channel import DeviceChannel, SessionEnd
from whimbrel.ports.store import Order, OrderKind, Store
from whimbrel.ports.wakeup import Wakeup

log = logging.getLogger(__name__)

ORDERS_PER_STEP = 500  # as many rows as a step of a job changes
ORDERS_PER_TURN = 50  # some 50 us each: then other work of the loop gets its turn
LOOK_SECONDS = 0.5  # a session whose order was not heard of ends within a second all the same (A21)
LATE_SECONDS = 2.0  # with FRESH_SECONDS of what tells below the pace window's MARGIN_SECONDS
FAULT_PAUSE_SECONDS = 1.0
BEHIND_SECONDS_MAX = 5.0  # then a balancer had better send new devices elsewhere


class OrderDelivery:
    """Of one process. `here` says which node it is now. A chore of the engine, or a loop of its own by `run`."""

    def __init__(
        self, store: Store, channel: DeviceChannel, clock: Clock, links: LinkMaker, here: Callable[[], str]
    ) -> None:
        self._store = store
        self._channel = channel
        self._clock = clock
        self._telling = Telling(store, channel, clock, links)
        self._here = here
        self._clear_s = clock.monotonic_s()

    async def run(self, wakeup: Wakeup) -> None:
        """Until cancelled. A fault of the store pauses it; when the fault ends, it goes on by itself (I19)."""
        while True:
            try:
                while await self.step():
                    pass
                await wakeup.wait(LOOK_SECONDS)
            except WhimbrelError as error:
                log.warning("orders of other processes wait: %s", error)
                await asyncio.sleep(FAULT_PAUSE_SECONDS)

    async def ping(self) -> None:
        """Raises StoreUnavailableError when orders wait for too long."""
        behind_s = self._clock.monotonic_s() - self._clear_s
        if behind_s > BEHIND_SECONDS_MAX:
            raise StoreUnavailableError(f"orders of other processes wait, for up to {behind_s:.0f} s")

    async def step(self) -> bool:
        """Carry out the next orders; whether there were any."""
        read_s = self._clock.monotonic_s()
        async with self._store.snapshot() as store:
            orders = await store.orders.waiting(self._here(), ORDERS_PER_STEP)
            places = {(order.account_id, order.task.job_id) for order in orders if order.task and order.account_id}
            jobs = {job_id: await store.jobs.by_id(account_id, job_id) for account_id, job_id in places if account_id}
        if not orders:
            self._clear_s = read_s
            return False
        ready = [order for order in orders if self._is_in_force(order, jobs)]
        if read_s - self._clear_s > LATE_SECONDS:
            await self._count_late(ready, jobs)
        undone = await self._carry_out(ready, jobs, read_s)
        crash_here("orders.told")
        async with self._store.transaction() as transaction:
            for task in sorted(self._held_back(orders, jobs)):  # in one order for all, so that nobody deadlocks
                await transaction.rollouts.tell_again(task)
            await transaction.orders.forget([order for order in orders if order.id not in undone])
        if not undone and len(orders) < ORDERS_PER_STEP:
            self._clear_s = read_s
        return True

    def _is_in_force(self, order: Order, jobs: dict[int, Job | None]) -> bool:
        """Whether the order still holds: the claimed attempt waits for its device, and may be told (I8, I9)."""
        if order.kind is not OrderKind.NOTICE:
            return True
        task = order.task
        job = jobs.get(task.job_id) if task else None
        if task is None or job is None or task.attempt != order.attempt or task.status is not TaskStatus.NOTIFIED:
            return False
        return may_deliver(task, job, order.reported, self._clock.now_ms())

    def _held_back(self, orders: list[Order], jobs: dict[int, Job | None]) -> list[Task]:
        """The tasks whose jobs were held after the orders were given: their devices are told when those go on (F05)."""
        now_ms = self._clock.now_ms()
        held = []
        for task in (order.task for order in orders if order.task and order.task.attempt == order.attempt):
            job = jobs.get(task.job_id)
            if job is not None and is_told_again_later(task, job, now_ms):
                held.append(task)
        return held

    async def _count_late(self, orders: list[Order], jobs: dict[int, Job | None]) -> None:
        """This process stood still, so what it tells now was claimed and counted longer ago than the pace window allows
        for: it counts once more, from now, before it leaves (I5). A job then rather pauses.

        Raises NodeEndedError when it stood still for so long that it was taken for dead: the first count may be
        forgotten by now, and the devices come back and are told then.
        """
        late = Counter(order.task.job_id for order in orders if order.task)
        now_ms = self._clock.now_ms()
        async with self._store.transaction() as transaction:
            if not await transaction.nodes.hold(self._here()):
                raise NodeEndedError("this process was taken for dead, and tells nothing of that time")
            for job_id, n in sorted(late.items()):
                job = jobs[job_id]
                if job is not None and job.maximum_per_minute is not None:
                    await transaction.pacing.count(job_id, n, now_ms)

    async def _carry_out(self, orders: list[Order], jobs: dict[int, Job | None], read_s: float) -> set[int]:
        """The ids of those that were not carried out, because what was read of them is too old now (I8)."""
        for number, order in enumerate(orders):
            if not self._telling.is_fresh(read_s):
                return {late.id for late in orders[number:]}
            await self._tell(order, jobs)
            if number % ORDERS_PER_TURN == ORDERS_PER_TURN - 1:
                await asyncio.sleep(0)
        return set()

    async def _tell(self, order: Order, jobs: dict[int, Job | None]) -> None:
        if order.kind is not OrderKind.NOTICE:
            assert order.session_id is not None, "an order to end a session names it"
            await self._channel.end(
                SessionEnd(order.device_id, order.session_id, is_revoked=order.kind is OrderKind.REVOKE)
            )
            return
        job = jobs[order.task.job_id] if order.task else None
        if order.task is not None and job is not None:
            await self._telling.tell(order.task, job)
