"""A process that registers what the applies of a store ask for: `python -m … FOLDER`.

It is killed at the crash point that WHIMBREL_CRASH_AT names.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.engine.world import SteeredClock, open_store
from whimbrel import crash_points
from whimbrel.adapters.randomness import SystemRandomness
from whimbrel.engine.registering import Registering


async def main() -> None:
    store = open_store(Path(sys.argv[1]))
    registering = Registering(store, SteeredClock(), SystemRandomness())
    while await registering.step():
        pass
    await store.close()


if __name__ == "__main__":
    crash_points.arm(os.environ.get("WHIMBREL_CRASH_AT"))
    asyncio.run(main())
