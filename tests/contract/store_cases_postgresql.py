"""What PostgreSQL alone can be asked: a server that refuses, fails, is killed and comes back (I1, I19, F04, F14)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

import pytest

from tests.contract.store_cases_together import LONG_S, Two, names_of
from tests.engine.world import (
    NOW_MS,
    SEALER,
    add_devices,
    add_job,
    add_place,
    count_errors,
    device_draft,
    fill,
    read_job,
    tasks_of,
)
from tests.postgresql import PostgresqlServer, shared_server
from whimbrel.adapters.store import postgresql_pool
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.store.postgresql_pool import CONNECTIONS_MAX
from whimbrel.adapters.store.session import UniqueViolationError
from whimbrel.domain.task import TaskStatus
from whimbrel.errors import StoreConflictError, StoreFullError, StoreUnavailableError, WhimbrelError
from whimbrel.ports.store import Store


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
