"""What PostgreSQL alone can be asked: the engine and a batch of reports want the same, and neither waits for the other
for ever (I19). Whoever broke a ring would have to begin again, a second later.
"""

from __future__ import annotations

import asyncio

from tests.contract.store_cases_together import LONG_S, Two, until_somebody_waits
from tests.engine.world import NOW_MS, SEALER, add_devices, add_job, add_place, fill, tasks_of
from tests.postgresql import shared_server
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.store.repositories.device_lists import device_turn
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store.ddi import Seen


class TestRings:
    async def test_I19_silent_devices_and_a_batch(self, two: Two, database: str) -> None:
        """The engine that takes silent devices offline takes their turns in the order in which a batch takes them."""
        place = await add_place(two[0])
        ids = await add_devices(two[0], place, 2)
        async with two[0].transaction() as store:
            for device_id in ids:
                assert await store.ddi_devices.came(Seen(device_id, NOW_MS), "192.0.2.7", NOW_MS)
        key = "hashtextextended('device:' || {}, 0)"
        (row,) = shared_server().execute(f"SELECT {key.format(ids[0])} < {key.format(ids[1])}", database)
        first = ids[0] if row[0] else ids[1]
        other = PostgresqlStore(database, SEALER)

        async def batch() -> None:
            async with two[0].transaction() as store:
                await store.read_ahead(ids, ids)

        async def leave() -> int:
            async with two[1].transaction() as store:
                return await store.ddi_devices.leave_overdue(NOW_MS + 1, 10)

        try:
            async with asyncio.timeout(LONG_S):
                async with other.transaction() as third:
                    await third.hold(device_turn(first))
                    taking = asyncio.create_task(batch())
                    await until_somebody_waits(database)
                    leaving = asyncio.create_task(leave())
                    await until_somebody_waits(database, 2)
                await taking
                assert await leaving == 2
        finally:
            await other.close()

    async def test_I19_what_is_overdue_and_a_batch(self, two: Two, database: str) -> None:
        """The engine moves overdue tasks in the order in which a batch holds them, not in that of their due times."""
        place = await add_place(two[0])
        ids = await add_devices(two[0], place, 2)
        job = await fill(two[0], await add_job(two[0], place, timeout_minutes=5))
        first, second = (await tasks_of(two[0], job)).values()
        running = TaskStatus.IN_PROGRESS
        async with two[0].transaction() as store:
            for task, due_ms in ((first, NOW_MS), (second, NOW_MS - 1)):
                assert await store.tasks.change(task, task._replace(status=running, due_ms=due_ms), NOW_MS)
        first = (await tasks_of(two[0], job))[ids[0]]
        other = PostgresqlStore(database, SEALER)

        async def batch() -> None:
            async with two[0].transaction() as store:
                await store.read_ahead(ids, [])

        async def time_out() -> int:
            async with two[1].transaction() as store:
                return await store.fleet.time_out(10, NOW_MS)

        try:
            async with asyncio.timeout(LONG_S):
                async with other.transaction() as third:
                    assert await third.tasks.change(first, first._replace(progress=1), NOW_MS)
                    taking = asyncio.create_task(batch())
                    await until_somebody_waits(database)
                    timing_out = asyncio.create_task(time_out())
                    await until_somebody_waits(database, 2)
                await taking
                assert await timing_out == 2
        finally:
            await other.close()
