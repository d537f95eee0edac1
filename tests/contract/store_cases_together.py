"""What PostgreSQL alone can be asked: several processes on one database at once (I2, I3, I4).

Two stores are two processes here: each has connections of its own, and they share nothing but the database.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.engine.world import (
    LINKS,
    NOW_MS,
    SEALER,
    Place,
    RecordingChannel,
    SteeredClock,
    add_devices,
    add_job,
    add_place,
    connect,
    count_errors,
    device_draft,
    fill,
    must_find,
    presence,
    rows_of,
    tasks_of,
)
from tests.postgresql import shared_server
from whimbrel.adapters.store.consistency_postgresql import PostgresqlConsistencyCheck
from whimbrel.adapters.store.consistency_rules import Finding
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import Job
from whimbrel.domain.paging import Page
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.errors import DeviceNameTakenError
from whimbrel.ports.store import Store, Transaction, job_turn

LONG_S = 30.0
RULES = {"counters_count_their_rows", "one_open_task_per_device", "online_devices_have_a_session"}
Two = tuple[PostgresqlStore, PostgresqlStore]
# Not pg_locks: who waits for a row waits there for a transaction, which belongs to no database.
LOCK_WAITERS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.fixture
def database() -> Iterator[str]:
    made = shared_server().new_database()
    yield made
    shared_server().drop(made)


@pytest.fixture
async def two(database: str) -> AsyncIterator[Two]:
    """Two processes' stores on one database."""
    stores = PostgresqlStore(database, SEALER), PostgresqlStore(database, SEALER)
    yield stores
    for store in stores:
        await store.close()


async def names_of(store: Store, place: Place) -> list[str]:
    async with store.snapshot() as snapshot:
        listing = await snapshot.devices.page(place.account_id, place.product_id, Page(1, 100_000))
    assert listing.total == len(listing.rows)
    return [row.device_name for row in listing.rows]


async def broken_rules(store: PostgresqlStore) -> list[Finding]:
    """What `whimbrel check` finds of what these cases are about: they put tasks into any state."""
    check = await PostgresqlConsistencyCheck.open(store._url)
    try:
        found = [finding async for finding in check.findings() if not finding.holds]
    finally:
        await check.close()
    return [finding for finding in found if finding.rule.name in RULES]


async def until_somebody_waits(database: str, at_least: int = 1) -> None:
    """Until so many transactions wait for a lock that another one holds."""
    async with asyncio.timeout(LONG_S):
        # Nothing here can be told by the server, so it is asked.
        while shared_server().execute(f"{LOCK_WAITERS} AND datname = current_database()", database) < [(at_least,)]:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


class TestTogether:
    async def test_I4_counters_stay_exact(self, two: Two) -> None:
        """Of hundreds of transactions that two processes run at once, some of which fail, counts equal the rows."""
        place = await add_place(two[0])

        async def add(number: int) -> None:
            async with two[number % 2].transaction() as transaction:
                for name in (f"dev-{number}-a", f"dev-{number}-b"):
                    await transaction.devices.add(device_draft(place, name))
                if number % 5 == 0:
                    raise KeyError(number)

        results = await asyncio.gather(*(add(number) for number in range(300)), return_exceptions=True)
        assert {type(result) for result in results} == {type(None), KeyError}
        assert len(await names_of(two[0], place)) == 2 * 240

    async def test_a_name_is_taken_once(self, two: Two) -> None:
        """Of two processes that give the same name at once, exactly one succeeds, and the other is told so."""
        place = await add_place(two[0])
        drafts = [(store, f"dev-{number}") for number in range(50) for store in two]

        async def add(store: Store, name: str) -> bool:
            try:
                async with store.transaction() as transaction:
                    await transaction.devices.add(device_draft(place, name))
            except DeviceNameTakenError:
                return False
            return True

        taken = await asyncio.gather(*(add(*draft) for draft in drafts))
        assert [sum(pair) for pair in zip(taken[::2], taken[1::2], strict=True)] == [1] * 50
        assert len(await names_of(two[0], place)) == 50

    async def test_I3_fills_of_two_jobs(self, two: Two) -> None:
        """Two processes that fill two jobs of one product at once leave each device one open task."""
        place = await add_place(two[0])
        ids = await add_devices(two[0], place, 60)
        jobs = [await add_job(two[0], place) for _ in two]
        await asyncio.gather(*(fill(store, job, chunk=7) for store, job in zip(two, jobs, strict=True)))
        born = [await tasks_of(two[0], job) for job in jobs]
        for device_id in ids:
            assert {tasks[device_id].status for tasks in born} == {TaskStatus.QUEUED, TaskStatus.FAILED}
        assert await count_errors(two[0], jobs) == []

    async def test_two_engines_take_each_step_once(self, two: Two) -> None:
        """Engines of two processes move one job together: each device has one task and gets one notice."""
        place = await add_place(two[0])
        ids = await add_devices(two[0], place, 40)
        await connect(two[0], ids)
        job = await add_job(two[0], place)
        channels = [RecordingChannel() for _ in two]
        engines = [
            Engine(store, channel, InProcessWakeup(), SteeredClock(), LINKS)
            for store, channel in zip(two, channels, strict=True)
        ]
        await asyncio.gather(*(engine.settle() for engine in engines))
        notified = [notice.device_id for channel in channels for notice in channel.sent]
        assert sorted(notified) == ids
        assert len(await rows_of(two[0], job)) == len(ids)
        assert await count_errors(two[0], [job]) == []

    async def test_I2_a_device_being_added_is_no_gap(self, two: Two, database: str) -> None:
        """Who freezes a target set waits for the devices that are being added: ids below the newest are all there."""
        place = await add_place(two[0])
        async with asyncio.timeout(LONG_S):
            async with two[0].transaction() as transaction:
                slow = await transaction.devices.add(device_draft(place, "slow"))
                [fast] = await add_devices(two[1], place, 1, prefix="fast")
                making = asyncio.create_task(add_job(two[1], place))
                await until_somebody_waits(database)
                assert not making.done()
            job = await making
        assert slow < fast == job.fill_until
        assert list(await tasks_of(two[1], await fill(two[1], job))) == [slow, fast]

    async def test_I4_reports_of_one_device_to_two_gateways(self, two: Two) -> None:
        """Whatever a device says to two gateways at once, what they count of it equals its rows."""
        place = await add_place(two[0])
        ids = await add_devices(two[0], place, 3, "1.0.0")
        dice = random.Random(4)

        async def say(number: int) -> None:
            device_id, said = dice.choice(ids), presence(dice.choice(ids), number)
            async with two[number % 2].transaction() as transaction:
                match number % 3:
                    case 0:
                        await transaction.module_versions.put(device_id, "default", f"{number % 4}.0.0", NOW_MS)
                    case 1:
                        await transaction.presences.connected(said, NOW_MS)
                    case _:
                        await transaction.presences.disconnected(said._replace(session_id=number - 1), NOW_MS)

        await asyncio.gather(*(say(number) for number in range(240)))
        assert await broken_rules(two[0]) == []

    async def test_F05_a_task_that_is_confirmed_during_a_dispatch(self, two: Two) -> None:
        """A dispatch that did not see it yet does not leave it behind its cursor: it is told by the next one."""
        place = await add_place(two[0])
        ids = await add_devices(two[0], place, 2)
        await connect(two[0], ids)
        job = await fill(two[0], await add_job(two[0], place, need_confirm=True))
        task = (await tasks_of(two[0], job))[ids[0]]

        async def confirm() -> None:
            async with two[1].transaction() as transaction:
                await transaction.fleet.look_again_after(job.id, task.id - 1)
                assert await transaction.tasks.change(task, task._replace(status=TaskStatus.QUEUED), NOW_MS)

        async def dispatch(transaction: Transaction) -> list[int]:
            await transaction.hold(job_turn(job.id))
            seen = await must_find(transaction, place, job.id)
            return [told.id for told in await transaction.fleet.dispatch(seen, 10, NOW_MS)]

        async with asyncio.timeout(LONG_S):
            async with two[0].transaction() as transaction:
                assert await dispatch(transaction) == []
                confirming = asyncio.create_task(confirm())
                await asyncio.wait([confirming], timeout=0.2)
            await confirming
            async with two[0].transaction() as transaction:
                assert await dispatch(transaction) == [task.id]

    async def test_a_name_is_held_by_one(self, two: Two, database: str) -> None:
        """A held name makes others wait until the transaction ends, and they then see what it did."""
        place = await add_place(two[0])

        async def count_in_turn() -> int:
            async with two[1].transaction() as transaction:
                await transaction.hold("a name")
                return (await transaction.devices.page(place.account_id, place.product_id, Page(1, 1))).total

        async with asyncio.timeout(LONG_S):
            async with two[0].transaction() as transaction:
                await transaction.hold("a name")
                await transaction.hold("a name")
                async with two[1].transaction() as other:
                    await other.hold("another name")
                counting = asyncio.create_task(count_in_turn())
                await until_somebody_waits(database)
                await transaction.devices.add(device_draft(place, "dev-1"))
            assert await counting == 1

    async def test_no_deadlock_under_stress(self, two: Two) -> None:
        """Some hundred transactions of every kind at once neither block each other for ever nor give up."""
        dice = random.Random(8)
        place = await add_place(two[0])
        await connect(two[0], await add_devices(two[0], place, 60))
        jobs = [await add_job(two[0], place, need_confirm=number == 2) for number in range(3)]
        names = itertools.count()
        gate = asyncio.Semaphore(60)

        async def step() -> None:
            async with gate, two[dice.randrange(2)].transaction() as transaction:
                await self.do_something(transaction, place, jobs[dice.randrange(3)], (dice, names))

        async with asyncio.timeout(2 * LONG_S):
            await asyncio.gather(*(step() for _ in range(400)))
        assert await count_errors(two[0], jobs) == []
        assert await broken_rules(two[0]) == []
        assert len(await names_of(two[0], place)) == 60 + next(names)

    @staticmethod
    async def do_something(transaction, place: Place, seen: Job, chance) -> None:  # type: ignore[no-untyped-def]
        dice, names = chance
        kind = dice.randrange(5)
        if kind < 3:
            await transaction.hold(job_turn(seen.id))
        job = await must_find(transaction, place, seen.id)
        match kind:
            case 0 if not job.is_filled:
                await transaction.fleet.fill(job, 10, NOW_MS)
            case 1:
                await transaction.fleet.dispatch(job, 10, NOW_MS)
            case 2 if job.cancelling:
                await transaction.fleet.cancel(job, 10, NOW_MS)
            case 2:
                await transaction.jobs.cancel_tasks(job.id, frozenset({TaskStatus.QUEUED}), NOW_MS)
            case 3:
                await transaction.devices.add(device_draft(place, f"new-{next(names)}"))
            case _:
                rows = (await transaction.tasks.page(job.id, None, Page(1, 50))).rows
                if rows:
                    task = dice.choice(rows).task
                    ended = dice.choice([TaskStatus.SUCCEEDED, TaskStatus.FAILED])
                    await transaction.tasks.change(task, task._replace(status=ended), NOW_MS)

    async def test_a_deadlock_is_broken(self, two: Two, database: str) -> None:
        """Of two transactions that wait for each other one is told to repeat, and the other goes on."""
        is_held = [asyncio.Event(), asyncio.Event()]

        async def hold_two(store: Store, mine: int) -> None:
            async with store.transaction() as transaction:
                await transaction.hold(f"name {mine}")
                is_held[mine].set()
                await is_held[1 - mine].wait()
                await transaction.hold(f"name {1 - mine}")

        work = (hold_two(store, number) for number, store in enumerate(two))
        results = await asyncio.gather(*work, return_exceptions=True)
        assert sorted(str(type(result).__name__) for result in results) == ["NoneType", "StoreConflictError"]

    async def test_I4_what_was_read_ahead_is_held(self, two: Two, database: str) -> None:
        """A task that one process has read ahead does not move in another until the first has committed."""
        place = await add_place(two[0])
        (device_id,) = await add_devices(two[0], place, 1)
        job = await fill(two[0], await add_job(two[0], place))
        task = (await tasks_of(two[0], job))[device_id]

        async def change(store: PostgresqlStore, status: TaskStatus) -> bool:
            async with store.transaction() as transaction:
                return await transaction.tasks.change(task, task._replace(status=status), NOW_MS)

        async with two[0].transaction() as first:
            await first.read_ahead([device_id], [])
            other = asyncio.create_task(change(two[1], TaskStatus.CANCELED))
            await until_somebody_waits(database)
            assert await first.tasks.change(task, task._replace(status=TaskStatus.NOTIFIED), NOW_MS)
        assert not await other
        assert (await tasks_of(two[0], job))[device_id].status is TaskStatus.NOTIFIED
        assert await count_errors(two[0], [job]) == []

    async def test_I4_a_task_made_meanwhile_is_not_read_ahead(self, two: Two, database: str) -> None:
        """A task that came to be between the locking and the reading is held by nobody, so nothing is kept of it."""
        place = await add_place(two[0])
        [old_id] = await add_devices(two[0], place, 1, prefix="old")
        old = await fill(two[0], await add_job(two[0], place))
        held = (await tasks_of(two[0], old))[old_id]
        [new_id] = await add_devices(two[0], place, 1, prefix="new")
        young = await add_job(two[0], place)
        other = PostgresqlStore(database, SEALER)

        async def read_and_change() -> bool:
            async with two[0].transaction() as first:
                await first.read_ahead([old_id, new_id], [])
                ((task, _),) = await first.tasks.open_of_device(new_id)
                async with other.transaction() as third:
                    assert await third.tasks.change(task, task._replace(status=TaskStatus.CANCELED), NOW_MS)
                return await first.tasks.change(task, task._replace(status=TaskStatus.NOTIFIED), NOW_MS)

        try:
            async with asyncio.timeout(LONG_S):
                async with two[1].transaction() as second:
                    assert await second.tasks.change(held, held._replace(progress=1), NOW_MS)
                    reading = asyncio.create_task(read_and_change())
                    await until_somebody_waits(database)
                    await fill(other, young)
                assert not await reading
        finally:
            await other.close()
        assert await count_errors(two[0], [old, young]) == []
