"""A process that makes a job over all devices of a store's product, unless there is one, and settles it:
`python -m … PLACE`. It says `step` before each commit of the engine, and is killed at any moment.
"""

from __future__ import annotations

import asyncio
import sys

from tests.contract.store_cases_rig import open_at
from tests.engine.world import LINKS, NOW_MS, Place, SteeredClock, job_draft
from whimbrel.adapters.device_channel.bus import BusChannel
from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.rollout import GUARDED
from whimbrel.domain.task import Task
from whimbrel.engine.execute import Engine
from whimbrel.ports.store import Store, Transaction

PLACE = Place(1, 1, "a1product01")
FIRST_DEVICES = 500


class SayingChannel(BusChannel):
    """No device is connected to this process: who is online is so at a node that the test has made up."""

    async def post(self, store: Transaction, tasks: list[Task]) -> list[Task]:
        print("step", flush=True)
        return await super().post(store, tasks)


async def make_job(store: Store) -> None:
    """As the call does: the job, its frozen set and its first tasks, in one transaction."""
    async with store.transaction() as transaction:
        if await transaction.jobs.running(0, 1):
            return
        job_id = await transaction.jobs.add(job_draft(PLACE, 0, rollout=GUARDED, is_gathered=False))
        job = await transaction.jobs.by_id(PLACE.account_id, job_id)
        assert job is not None
        await transaction.targets.freeze(job)
        job = await transaction.jobs.by_id(PLACE.account_id, job_id)
        assert job is not None
        await transaction.fleet.fill(job, FIRST_DEVICES, NOW_MS)


async def main() -> None:
    store = open_at(sys.argv[1])
    await make_job(store)
    channel = SayingChannel(SessionChannel(), lambda: "")
    await Engine(store, channel, InProcessWakeup(), SteeredClock(), LINKS).settle()
    await store.close()


if __name__ == "__main__":
    asyncio.run(main())
