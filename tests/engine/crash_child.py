"""A process that settles the jobs of a store and prints each device it tells: `python -m … FOLDER`; with `--orders`
through orders, as if another process had claimed.

It is killed at the crash point that WHIMBREL_CRASH_AT names.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.engine.world import LINKS, NODE, RecordingChannel, SteeredClock, open_store
from whimbrel import crash_points
from whimbrel.adapters.device_channel.bus import BusChannel
from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.engine.execute import Engine
from whimbrel.engine.orders import OrderDelivery


class PrintingChannel(RecordingChannel):
    async def send(self, notice: UpgradeNotice) -> bool:
        print(notice.device_id, flush=True)
        return True


async def main() -> None:
    store, clock = open_store(Path(sys.argv[1])), SteeredClock()
    if "--orders" in sys.argv:
        bus = BusChannel(SessionChannel(), lambda: "")
        await Engine(store, bus, InProcessWakeup(), clock, LINKS).settle()
        delivery = OrderDelivery(store, PrintingChannel(), clock, LINKS, lambda: NODE)
        while await delivery.step():
            pass
    else:
        await Engine(store, PrintingChannel(), InProcessWakeup(), clock, LINKS).settle()
    await store.close()


if __name__ == "__main__":
    crash_points.arm(os.environ.get("WHIMBREL_CRASH_AT"))
    asyncio.run(main())
