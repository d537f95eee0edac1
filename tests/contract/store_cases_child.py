"""A process that works on a store until it is killed, and says what was acknowledged: `python -m … WORK PLACE`.

Each line of its output is the number of a device whose transaction has been left.
"""

from __future__ import annotations

import asyncio
import itertools
import sys

from tests.contract.store_cases_rig import open_at
from tests.engine.world import Place, add_place, device_draft
from whimbrel.ports.store import Store

SIDE_BY_SIDE = 8


async def add_devices(store: Store) -> None:
    """Devices by transactions that run side by side, each acknowledged as soon as it is left."""
    place = await add_place(store)
    numbers = itertools.count()

    async def work() -> None:
        for number in numbers:
            async with store.transaction() as transaction:
                await transaction.devices.add(device_draft(place, f"dev-{number}"))
            print(number, flush=True)

    await asyncio.gather(*(work() for _ in range(SIDE_BY_SIDE)))


async def stop_inside(store: Store) -> None:
    """A device whose transaction is never left."""
    place = await add_place(store)
    async with store.transaction() as transaction:
        await add(transaction, place)
        print(0, flush=True)
        await asyncio.Event().wait()


async def add(transaction: object, place: Place) -> None:
    await transaction.devices.add(device_draft(place, "dev-0"))  # type: ignore[attr-defined]


async def main() -> None:
    work = {"add_devices": add_devices, "stop_inside": stop_inside}[sys.argv[1]]
    await work(open_at(sys.argv[2]))


if __name__ == "__main__":
    asyncio.run(main())
