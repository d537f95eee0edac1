"""A process that settles the jobs of a store and prints each device it tells: `python -m … FOLDER`.

It is killed at the crash point that WHIMBREL_CRASH_AT names.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.engine.world import LINKS, SteeredClock, open_store
from whimbrel import crash_points
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.engine.execute import Engine


class PrintingChannel:
    async def send(self, notice: UpgradeNotice) -> bool:
        print(notice.device_id, flush=True)
        return True

    async def end(self, device_id: int) -> bool:
        return False

    async def ping(self) -> None:
        return


async def main() -> None:
    store = open_store(Path(sys.argv[1]))
    await Engine(store, PrintingChannel(), InProcessWakeup(), SteeredClock(), LINKS).settle()
    await store.close()


if __name__ == "__main__":
    crash_points.arm(os.environ.get("WHIMBREL_CRASH_AT"))
    asyncio.run(main())
