"""Registers the devices of applies, some hundreds a transaction, with the apply's progress in the same transaction: a
kill anywhere loses nothing and registers nothing twice.
"""

from __future__ import annotations

import asyncio

from whimbrel.crash_points import crash_here
from whimbrel.domain.device import DEVICE_SECRET_LENGTH, IOT_ID_LENGTH, RANDOM_NAME_LENGTH, DeviceDraft
from whimbrel.domain.device_apply import Apply, AskedName, NameFault, status_after_step
from whimbrel.errors import DeviceNameTakenError
from whimbrel.ports.clock import Clock
from whimbrel.ports.randomness import Randomness
from whimbrel.ports.store import Store, Transaction

DEVICES_PER_STEP = 500
DEVICES_PER_SLICE = 25  # some 140 us each, half of it for the secret: then other work of the loop gets its turn


class Registering:
    def __init__(self, store: Store, clock: Clock, randomness: Randomness) -> None:
        self._store = store
        self._clock = clock
        self._randomness = randomness

    async def step(self) -> bool:
        async with self._store.snapshot() as store:
            if await store.applies.next_running() is None:
                return False
        async with self._store.transaction() as store:
            await store.hold("registering")
            apply = await store.applies.next_running()
            if apply is not None:
                await self._register(store, apply)
        crash_here("registering.committed")
        return True

    async def _register(self, store: Transaction, apply: Apply) -> None:
        now_ms = self._clock.now_ms()
        names = await self._names(store, apply)
        failed = apply.failed
        for number, name in enumerate(names, apply.done_number + 1):
            if not await self._add(store, self._draft(apply, name, now_ms)):
                failed += 1
                await store.apply_names.blame(apply.id, number, NameFault.TAKEN)
            if number % DEVICES_PER_SLICE == 0:
                await asyncio.sleep(0)
        done_number = apply.done_number + len(names)
        status = status_after_step(apply, done_number, failed)
        await store.applies.move(apply, apply._replace(status=status, done_number=done_number, failed=failed), now_ms)
        crash_here("registering.stepped")

    async def _names(self, store: Transaction, apply: Apply) -> list[AskedName]:
        if not apply.is_random:
            return await store.apply_names.after(apply.id, apply.done_number, DEVICES_PER_STEP)
        count = min(DEVICES_PER_STEP, apply.names - apply.done_number)
        return [AskedName(self._randomness.text(RANDOM_NAME_LENGTH), "") for _ in range(count)]

    def _draft(self, apply: Apply, name: AskedName, now_ms: int) -> DeviceDraft:
        return DeviceDraft(
            account_id=apply.account_id,
            product_id=apply.product_id,
            device_name=name.device_name,
            iot_id=self._randomness.hex(IOT_ID_LENGTH),
            device_secret=self._randomness.text(DEVICE_SECRET_LENGTH),
            nickname=name.nickname,
            created_ms=now_ms,
            apply_id=apply.id,
        )

    async def _add(self, store: Transaction, draft: DeviceDraft) -> bool:
        """False when somebody took the name since it was checked."""
        try:
            await store.devices.add(draft)
        except DeviceNameTakenError:
            return False
        return True
