"""DDI devices that have not polled for a while are offline: nobody tells us that they left."""

from __future__ import annotations

from whimbrel.ports.clock import Clock
from whimbrel.ports.store import Store

DEVICES_PER_STEP = 200


class SilentDevices:
    """A chore of the engine."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def step(self) -> bool:
        async with self._store.transaction() as store:
            return await store.ddi_devices.leave_overdue(self._clock.now_ms(), DEVICES_PER_STEP) > 0
