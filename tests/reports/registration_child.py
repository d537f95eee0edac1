"""A process that registers `dev-0000` and prints its secret: `python -m … FOLDER PRODUCT_ID PRODUCT_KEY RANDOM`.

It is killed at the crash point that WHIMBREL_CRASH_AT names.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from tests.engine.world import Place, SteeredClock, open_store
from tests.reports.enrolling import claim_of, sign_of
from whimbrel import crash_points
from whimbrel.adapters.randomness import SystemRandomness
from whimbrel.reports.registration import Registered, Registrar


async def main() -> None:
    store = open_store(Path(sys.argv[1]))
    claim = claim_of(Place(0, int(sys.argv[2]), sys.argv[3]), random=sys.argv[4])
    found = await Registrar(store, SteeredClock(), SystemRandomness()).register(claim, sign_of(claim))
    print(found.device_secret if isinstance(found, Registered) else found.name, flush=True)
    await store.close()


if __name__ == "__main__":
    crash_points.arm(os.environ.get("WHIMBREL_CRASH_AT"))
    asyncio.run(main())
