"""Ends the sessions of devices that were disabled or deleted: the operation asks in its transaction, this says it after
the commit, so a refused change ends no session and a kill in between only delays.
"""

from __future__ import annotations

from whimbrel.ports.device_channel import DeviceChannel
from whimbrel.ports.store import Store

ENDS_PER_STEP = 100


class SessionEnding:
    def __init__(self, store: Store, channel: DeviceChannel) -> None:
        self._store = store
        self._channel = channel

    async def step(self) -> bool:
        async with self._store.snapshot() as store:
            ends = await store.session_ends.waiting(ENDS_PER_STEP)
        if not ends:
            return False
        for end in ends:
            # Without a session there is nothing to end: the device's next login is refused.
            await self._channel.end(end.device_id)
        async with self._store.transaction() as store:
            for end in ends:
                await store.session_ends.forget(end)
        return True
