"""A process that leads the engine of a database until it has lost the lease, prints each device it tells, and then
`lost`: `python -m … URL`.

It stops at the crash point that WHIMBREL_CRASH_AT names.
"""

from __future__ import annotations

import asyncio
import os
import sys

from tests.engine.world import LINKS, SEALER, RecordingChannel
from whimbrel import crash_points
from whimbrel.adapters.clock import SystemClock
from whimbrel.adapters.randomness import SystemRandomness
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.engine.execute import Engine
from whimbrel.engine.fenced_store import FencedStore
from whimbrel.engine.lease import Lease
from whimbrel.engine.registering import Registering
from whimbrel.engine.silent_devices import SilentDevices
from whimbrel.engine.telling import Telling
from whimbrel.errors import LeaseLostError, WhimbrelError


class PrintingChannel(RecordingChannel):
    async def send(self, notice: UpgradeNotice) -> bool:
        print(notice.device_id, flush=True)
        return True


async def main() -> None:
    store, channel, clock = PostgresqlStore(sys.argv[1], SEALER), PrintingChannel(), SystemClock()
    term = await Lease(store, clock, "paused").look()
    assert term is not None
    fenced = FencedStore(store, term)
    engine = Engine(fenced, channel, InProcessWakeup(), clock, LINKS)
    engine.tell_by(Telling(store, channel, clock, LINKS))
    engine.take_on(Registering(fenced, clock, SystemRandomness()), SilentDevices(fenced, clock))
    while True:
        try:
            await engine.settle()
        except LeaseLostError:
            break
        except WhimbrelError as error:
            # The database ended the transaction in which this process stood still.
            print(f"# {error}", flush=True)
        await asyncio.sleep(0.02)
    print("lost", flush=True)
    await store.close()


if __name__ == "__main__":
    crash_points.arm(os.environ.get("WHIMBREL_CRASH_AT"))
    asyncio.run(main())
