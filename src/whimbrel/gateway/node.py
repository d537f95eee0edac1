"""This process among those that accept devices: its life in the store, and its sessions when it loses that.

A life is a row. While it is there, what devices say here is taken in; whoever takes this process for dead deletes it,
and from that commit on nothing of this life is written (I18). The process notices when it beats or writes next, says
goodbye to the sessions of that life, and begins another: its devices come back, here or elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from whimbrel.errors import NodeEndedError, StoreUnavailableError, WhimbrelError
from whimbrel.ports.clock import Clock
from whimbrel.ports.store import Store, Transaction

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0  # a lease is 15 s (engine/node_watch.py): several may be lost
SILENT_SECONDS_MAX = 10.0


class Node:
    """`name` is random and of this start alone; each life of it has a number."""

    def __init__(self, store: Store, clock: Clock, name: str) -> None:
        self._store = store
        self._clock = clock
        self._name = name
        self._life = 1
        self._has_ended = asyncio.Event()
        self._beat_s = clock.monotonic_s()

    @property
    def id(self) -> str:
        """The node id of the present life."""
        return f"{self._name}.{self._life}"

    async def begin(self) -> None:
        """Raises StoreUnavailableError."""
        async with self._store.transaction() as store:
            await store.nodes.begin(self.id, self._clock.now_ms())

    async def hold(self, store: Transaction) -> str:
        """The id of the life that lasts at least as long as this transaction. Raises NodeEndedError (I18)."""
        node_id = self.id
        if not await store.nodes.hold(node_id):
            self._has_ended.set()
            raise NodeEndedError("this process was taken for dead, and its devices for gone; it begins anew")
        return node_id

    async def run(self, drop_others: Callable[[str], Awaitable[None]]) -> None:
        """Beat until cancelled. `drop_others` ends all sessions that are not of the given life."""
        while True:
            try:
                if not await self.beat():
                    await drop_others(self.id)
            except WhimbrelError as error:
                log.warning("this process cannot say that it lives: %s", error)
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._has_ended.wait()
            except TimeoutError:
                continue

    async def beat(self) -> bool:
        """Say that the process lives; False when it had lost its life and has begun another. Raises WhimbrelError."""
        async with self._store.transaction() as store:
            lives = await store.nodes.beat(self.id)
            if not lives:
                await store.nodes.begin(f"{self._name}.{self._life + 1}", self._clock.now_ms())
        self._beat_s = self._clock.monotonic_s()
        if lives:
            return True
        log.warning("this process was taken for dead; it begins anew, and its devices come back")
        self._life += 1
        self._has_ended.clear()
        return False

    async def ping(self) -> None:
        """Raises StoreUnavailableError when others may take this process for dead."""
        silent_s = self._clock.monotonic_s() - self._beat_s
        if silent_s > SILENT_SECONDS_MAX:
            raise StoreUnavailableError(f"this process could not say for {silent_s:.0f} s that it lives")

    async def leave(self) -> None:
        """The process ends and holds no device any more. What the store cannot take now, others notice later."""
        try:
            async with self._store.transaction() as store:
                await store.nodes.leave(self.id)
        except WhimbrelError as error:
            log.warning("this process cannot say that it ends: %s", error)
