"""Notices which gateway processes live no more, and takes their devices offline in bounded steps (I19).

No clock is compared with another: a node is dead when its beat, seen again and again by this process, has not grown for
`LEASE_SECONDS` of this process's monotonic clock (F16, F17). A watcher that could not look for a while has seen nothing
in that time: after a fault of the database, which keeps every node from beating, it gives all of them the time to beat.
"""

from __future__ import annotations

import asyncio
import logging

from whimbrel.errors import WhimbrelError
from whimbrel.ports.clock import Clock
from whimbrel.ports.store import NodeBeat, Store

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LEASE_SECONDS = 15.0  # a node beats every 2 s: some may be lost, or the database be slow
GAP_SECONDS = 5.0  # between two looks: more means that the watcher was away itself
DEVICES_PER_STEP = 500  # as many rows as a step of a job changes
ORDERS_PER_STEP = 500
SWEEP_EVERY_SECONDS = 60.0


class NodeWatch:
    """One for all nodes, in the process that has the engine."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._seen_s: dict[NodeBeat, float] = {}
        self._looked_s = clock.monotonic_s()
        self._swept_s = self._looked_s

    async def run(self) -> None:
        """Until cancelled. A fault of the store delays it (I19)."""
        while True:
            try:
                await self.look()
                while await self.clear():
                    await self.look()
                if self._clock.monotonic_s() - self._swept_s >= SWEEP_EVERY_SECONDS:
                    await self.sweep()
            except WhimbrelError as error:
                log.warning("gateway processes cannot be watched now: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """End the nodes that live no more; how many."""
        async with self._store.snapshot() as store:
            alive = await store.nodes.alive()
        now_s = self._clock.monotonic_s()
        if now_s - self._looked_s > GAP_SECONDS:
            self._seen_s.clear()
        self._looked_s = now_s
        self._seen_s = {seen: self._seen_s.get(seen, now_s) for seen in alive}
        dead = [seen for seen, since_s in self._seen_s.items() if now_s - since_s >= LEASE_SECONDS]
        return await self.end(dead)

    async def end(self, nodes: list[NodeBeat]) -> int:
        """End these lives, unless they have beaten since; how many."""
        ended = 0
        for seen in nodes:
            async with self._store.transaction() as store:
                has_ended = await store.nodes.end(seen)
            if has_ended:
                log.warning("the gateway process %s lives no more; its devices go offline", seen.node_id)
                ended += 1
        return ended

    async def end_others(self, node_id: str) -> None:
        """Where there can be one process only: whatever else the store knows has ended, and its devices are offline."""
        async with self._store.snapshot() as store:
            alive = await store.nodes.alive()
        await self.end([seen for seen in alive if seen.node_id != node_id])
        while await self.clear():
            pass
        await self.sweep()

    async def clear(self) -> bool:
        """One bounded step; False when nothing is left that can be done now."""
        async with self._store.transaction() as store:
            return await store.nodes.clear(DEVICES_PER_STEP, self._clock.now_ms())

    async def sweep(self) -> None:
        """Forget orders to nodes that ended before they read them: their devices were told when they came back."""
        forgotten = ORDERS_PER_STEP
        while forgotten == ORDERS_PER_STEP:
            async with self._store.transaction() as store:
                forgotten = await store.orders.forget_of_nobody(ORDERS_PER_STEP)
        self._swept_s = self._clock.monotonic_s()
