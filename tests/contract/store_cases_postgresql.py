"""What PostgreSQL alone can be asked: several processes on one database, and a server that fails (I1, I3, I19, F14).

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
    read_job,
    rows_of,
    tasks_of,
)
from tests.postgresql import PostgresqlServer, shared_server
from whimbrel.adapters.store import postgresql_pool
from whimbrel.adapters.store.consistency_postgresql import PostgresqlConsistencyCheck
from whimbrel.adapters.store.consistency_rules import Finding
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.store.postgresql_pool import CONNECTIONS_MAX
from whimbrel.adapters.store.session import UniqueViolationError
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import Job
from whimbrel.domain.paging import Page
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.errors import (
    DeviceNameTakenError,
    StoreConflictError,
    StoreFullError,
    StoreUnavailableError,
    WhimbrelError,
)
from whimbrel.ports.store import Store, job_turn

LONG_S = 30.0
RULES = {"counters_count_their_rows", "one_open_task_per_device", "online_devices_have_a_session"}
Two = tuple[PostgresqlStore, PostgresqlStore]
LOCK_WAITERS = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT granted"


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


async def until_somebody_waits(database: str) -> None:
    """Until a transaction waits for a lock that another one holds."""
    async with asyncio.timeout(LONG_S):
        # Nothing here can be told by the server, so it is asked.
        while shared_server().execute(f"{LOCK_WAITERS} AND d.datname = current_database()", database) == [(0,)]:  # noqa: ASYNC110
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


class TestFaults:
    @pytest.mark.parametrize(
        ("state", "expected"),
        [
            ("53100", StoreFullError),
            ("40P01", StoreConflictError),
            ("40001", StoreConflictError),
            *((state, StoreUnavailableError) for state in ("08006", "25006", "53200", "53300", "55P03")),
            *((state, StoreUnavailableError) for state in ("57014", "57P01", "57P03", "58030", "XX001")),
            *((state, WhimbrelError) for state in ("22003", "23502", "23503", "23514", "42501", "42P01")),
        ],
    )
    async def test_F08_F14_our_words(self, two: Two, database: str, state: str, expected: type[WhimbrelError]) -> None:
        """Whatever the server refuses a write with, the caller hears it in our words, and nothing was changed."""
        await add_place(two[0])
        body = f"BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END"
        for sql in (
            f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
            "CREATE TRIGGER failing BEFORE UPDATE ON account EXECUTE FUNCTION fail()",
        ):
            shared_server().execute(sql, database)
        with pytest.raises(WhimbrelError) as caught:
            await two[0].ping()
        assert type(caught.value) is expected
        shared_server().execute("DROP FUNCTION fail() CASCADE", database)
        await two[0].ping()

    @pytest.mark.parametrize("name", ["\ud800", "a\0b"])
    async def test_text_that_cannot_be(self, two: Two, name: str) -> None:
        """Text that the database cannot hold is refused in our words, and the connection goes on."""
        place = await add_place(two[0])
        with pytest.raises(WhimbrelError):
            async with two[0].transaction() as transaction:
                await transaction.devices.by_name(place.account_id, place.product_key, name)
        await two[0].ping()

    async def test_I1_settings_of_durability(self, database: str) -> None:
        """A commit waits for the disk and a statement has its limit, whatever the database's own settings are."""
        name = database.partition("?")[0].rpartition("/")[2]
        shared_server().execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        shared_server().execute(f"ALTER DATABASE {name} SET statement_timeout = 0")
        pool = postgresql_pool.ConnectionPool(database)
        connection = await pool.begin("BEGIN")
        shown = [await connection.fetchval(f"SHOW {name}") for name in ("synchronous_commit", "statement_timeout")]
        await pool.abandon(connection)
        await pool.close()
        assert shown == ["on", "5s"]

    async def test_a_swallowed_refusal_commits_nothing(self, two: Two) -> None:
        """A caller that goes on after a refused UPDATE is told that nothing was stored: no false acknowledgement."""
        place = await add_place(two[0])
        [device_id] = await add_devices(two[0], place, 1)
        await fill(two[0], await add_job(two[0], place))
        second = await fill(two[0], await add_job(two[0], place))
        task = (await tasks_of(two[0], second))[device_id]

        async def swallow() -> None:
            async with two[0].transaction() as transaction:
                with pytest.raises(UniqueViolationError, match=r"task\.device_id"):
                    await transaction.tasks.change(task, task._replace(status=TaskStatus.QUEUED), NOW_MS)

        with pytest.raises(WhimbrelError, match="nothing was changed"):
            await swallow()
        await two[0].ping()

    async def test_all_connections_busy(self, two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
        """When all connections are lent, one more caller waits for a bounded time; it is served when one comes back."""
        place = await add_place(two[0])
        monkeypatch.setattr(postgresql_pool, "WAIT_SECONDS_MAX", 0.05)
        is_over, inside = asyncio.Event(), asyncio.Semaphore(0)

        async def occupy() -> None:
            async with two[0].snapshot() as snapshot:
                await snapshot.devices.largest_id(place.product_id)
                inside.release()
                await is_over.wait()

        busy = [asyncio.create_task(occupy()) for _ in range(CONNECTIONS_MAX)]
        for _ in busy:
            await inside.acquire()
        async with two[0].snapshot():
            pass  # asks nothing, so needs none
        with pytest.raises(StoreUnavailableError, match="busy"):
            await two[0].ping()
        is_over.set()
        await asyncio.gather(*busy)
        await two[0].ping()

    async def test_F08_a_lost_connection(self, two: Two, database: str) -> None:
        """A connection that breaks inside a transaction undoes it; broken idle ones are noticed before their use."""
        place = await add_place(two[0])

        def break_all() -> None:
            end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            shared_server().execute(f"{end} WHERE datname = current_database() AND pid <> pg_backend_pid()", database)

        async def lose() -> None:
            async with two[0].transaction() as transaction:
                await transaction.devices.add(device_draft(place, "lost"))
                break_all()
                await transaction.devices.add(device_draft(place, "never"))

        with pytest.raises(StoreUnavailableError):
            await lose()
        assert await names_of(two[0], place) == []
        await asyncio.gather(*(names_of(two[0], place) for _ in range(CONNECTIONS_MAX)))
        break_all()
        for _ in range(CONNECTIONS_MAX):
            assert await names_of(two[0], place) == []

    @pytest.mark.parametrize("url", ["postgresql://nobody@/nothing?host=/nowhere", "missing database"])
    async def test_F08_no_server(self, url: str) -> None:
        """Without a server, or without the database on it, each use says that the store cannot answer."""
        store = PostgresqlStore(shared_server().url("missing") if url.startswith("missing") else url, SEALER)
        with pytest.raises(StoreUnavailableError):
            await store.start(NOW_MS)
        with pytest.raises(StoreUnavailableError):
            await store.ping()
        await store.close()

    async def test_closed(self, database: str) -> None:
        """A store that was closed answers nothing."""
        store = PostgresqlStore(database, SEALER)
        await store.ping()
        await store.close()
        with pytest.raises(StoreUnavailableError, match="closed"):
            await store.ping()


class TestServer:
    """A server of its own, with fsync, that is killed."""

    @pytest.fixture
    def server(self) -> Iterator[PostgresqlServer]:
        made = PostgresqlServer(fsync=True)
        yield made
        made.end()

    @pytest.mark.parametrize("blow", ["backend", "server"])
    async def test_I1_I19_killed_while_writing(self, server: PostgresqlServer, blow: str) -> None:
        """What was acknowledged before a kill is there after it, counts equal rows, and the same store goes on."""
        url = server.new_database()
        store = PostgresqlStore(url, SEALER)
        place = await add_place(store)
        acknowledged: list[str] = []
        numbers = itertools.count()

        async def work() -> None:
            try:
                for number in numbers:
                    async with store.transaction() as transaction:
                        await transaction.devices.add(device_draft(place, f"dev-{number}"))
                    acknowledged.append(f"dev-{number}")
            except StoreUnavailableError:
                return

        workers = [asyncio.create_task(work()) for _ in range(CONNECTIONS_MAX)]
        async with asyncio.timeout(LONG_S):
            while len(acknowledged) < 200:  # noqa: ASYNC110  the workers tell nobody else
                await asyncio.sleep(0.005)
            if blow == "server":
                await asyncio.to_thread(server.restart)
            else:
                await asyncio.to_thread(server.kill_backends, url)
            await asyncio.gather(*workers)
            await self.until_back(store)
        assert set(acknowledged) <= set(await names_of(store, place))
        await add_devices(store, place, 1, prefix="after")
        await store.close()

    @staticmethod
    async def until_back(store: Store) -> None:
        while True:
            try:
                await store.ping()
                return
            except StoreUnavailableError:
                await asyncio.sleep(0.02)

    async def test_F04_killed_inside_a_fill(self, server: PostgresqlServer) -> None:
        """A chunk of a fill that the server's death cut off left nothing, and the next goes on from the cursor."""
        store = PostgresqlStore(server.new_database(), SEALER)
        place = await add_place(store)
        ids = await add_devices(store, place, 9)
        job = await add_job(store, place)

        async def fill_and_lose() -> None:
            async with store.transaction() as transaction:
                await transaction.fleet.fill(job, 5, NOW_MS)
                await asyncio.to_thread(server.restart)

        with pytest.raises(StoreUnavailableError):
            await fill_and_lose()
        assert await read_job(store, job) == job
        assert list(await tasks_of(store, await fill(store, job, chunk=5))) == ids
        assert await count_errors(store, [job]) == []
        await store.close()
