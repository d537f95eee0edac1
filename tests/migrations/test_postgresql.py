"""How a PostgreSQL database comes to this release's schema (F24), and that it is the schema SQLite has."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest

from tests.engine.world import NOW_MS, SEALER, add_devices, add_place
from tests.postgresql import shared_server
from whimbrel.adapters.store.ledger import Migration
from whimbrel.adapters.store.migrate_postgresql import migrate, migrations
from whimbrel.adapters.store.migrate_sqlite import migrate as migrate_sqlite
from whimbrel.adapters.store.migrate_sqlite import migrations as sqlite_migrations
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.errors import StoreUnavailableError, WhimbrelError

FIRST = Migration(1, "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);")
SECOND = Migration(2, "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = 2;")
BROKEN = Migration(2, "ALTER TABLE a ADD COLUMN y INTEGER; INSERT INTO nowhere VALUES (1);")

#: Nonces are a file of their own beside a SQLite store, because they are committed without waiting for the disk.
POSTGRESQL_ALONE = {"nonce"}

#: Applies a second migration whose last statement never ends, until it is killed.
KILLED = """
import asyncio, sys
from whimbrel.adapters.store.ledger import Migration
from whimbrel.adapters.store.migrate_postgresql import migrate
first = Migration(1, sys.argv[2])
asyncio.run(migrate(sys.argv[1], 1, [first]))
print("first", flush=True)
asyncio.run(migrate(sys.argv[1], 1, [first, Migration(2, sys.argv[3] + " SELECT pg_sleep(600);")]))
"""


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database."""
    made = shared_server().empty_database()
    yield made
    shared_server().drop(made)


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    return shared_server().execute(query, url)


def columns(url: str, table: str) -> list[object]:
    query = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
    return [row[0] for row in rows(url, query)]


def test_migrations_are_numbered() -> None:
    """This release's migrations are those of SQLite: the same numbers, from 1 without gaps."""
    numbers = [migration.number for migration in migrations()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers == [migration.number for migration in sqlite_migrations()]


async def test_each_once_in_order(url: str) -> None:
    """Each migration is applied once, in order, and recorded with its digest and time."""
    for known in ([FIRST], [FIRST, SECOND], [FIRST, SECOND]):
        await migrate(url, NOW_MS, known)
    assert rows(url, "SELECT x, y FROM a") == [(1, 2)]
    ledger = [(migration.number, migration.sha256, NOW_MS) for migration in (FIRST, SECOND)]
    assert rows(url, "SELECT * FROM schema_migration ORDER BY number") == ledger


async def test_starts_at_once(url: str) -> None:
    """Any number of processes may start at once on an empty database: each finds the schema whole."""
    stores = [PostgresqlStore(url, SEALER) for _ in range(8)]
    await asyncio.gather(*(store.start(NOW_MS + number) for number, store in enumerate(stores)))
    await asyncio.gather(*(store.ping() for store in stores))
    await asyncio.gather(*(store.close() for store in stores))
    assert rows(url, "SELECT number FROM schema_migration ORDER BY number") == [
        (migration.number,) for migration in migrations()
    ]


@pytest.mark.parametrize("known", [[FIRST], []])
async def test_F24_newer_schema_is_refused(url: str, known: list[Migration]) -> None:
    """A release that does not know the newest migration refuses the database, says both numbers, changes nothing."""
    await migrate(url, NOW_MS, [FIRST, SECOND])
    with pytest.raises(StoreUnavailableError, match=f"schema 2, this release knows {len(known)}"):
        await migrate(url, NOW_MS, known)
    assert rows(url, "SELECT number FROM schema_migration ORDER BY number") == [(1,), (2,)]


async def test_F24_changed_migration_is_refused(url: str) -> None:
    """A migration that is not the one which made the database is refused, before anything newer is applied."""
    await migrate(url, NOW_MS, [FIRST])
    with pytest.raises(StoreUnavailableError, match="migration 1"):
        await migrate(url, NOW_MS, [FIRST._replace(sql=FIRST.sql + " "), SECOND])
    assert rows(url, "SELECT number FROM schema_migration") == [(1,)]


async def test_F24_failing_migration_leaves_the_old_schema(url: str) -> None:
    """A migration that fails half-way leaves nothing of itself, and a repaired one is applied."""
    await migrate(url, NOW_MS, [FIRST])
    with pytest.raises(WhimbrelError, match="UndefinedTable"):
        await migrate(url, NOW_MS, [FIRST, BROKEN])
    assert columns(url, "a") == ["x"]
    await migrate(url, NOW_MS, [FIRST, SECOND])
    assert rows(url, "SELECT x, y FROM a") == [(1, 2)]


async def test_F24_crash_inside_a_migration(url: str) -> None:
    """A kill inside a migration leaves the old schema, and the next start applies the migration whole."""
    command = [sys.executable, "-c", KILLED, url, FIRST.sql, SECOND.sql]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:  # noqa: ASYNC220  nothing else runs
        assert child.stdout is not None
        assert child.stdout.readline() == "first\n"
        sleeping = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        while not rows(url, sleeping):
            assert child.poll() is None
        child.kill()
    assert child.returncode == -signal.SIGKILL
    # The server finds out that the other end is gone only when the statement has ended.
    rows(url, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    assert columns(url, "a") == ["x"]
    await migrate(url, NOW_MS, [FIRST, SECOND])
    assert rows(url, "SELECT x, y FROM a") == [(1, 2)]


async def test_data_survives_a_restart_of_the_same_release(url: str) -> None:
    """Opening a database again applies nothing and loses nothing."""
    for number in range(2):
        store = PostgresqlStore(url, SEALER)
        await store.start(NOW_MS + number)
        if number == 0:
            await add_devices(store, await add_place(store), 2)
        await store.close()
    assert set(rows(url, "SELECT applied_ms FROM schema_migration")) == {(NOW_MS,)}
    assert rows(url, "SELECT count(*) FROM device") == [(2,)]


class Column(NamedTuple):
    kind: str
    is_nullable: bool
    default: str


class Index(NamedTuple):
    columns: tuple[str, ...]
    is_unique: bool
    is_partial: bool


class Table(NamedTuple):
    columns: dict[str, Column]
    primary_key: tuple[str, ...]
    indexes: frozenset[Index]
    references: frozenset[tuple[str, str, str]]


#: What each engine calls a kind of value.
_KINDS = {"bigint": "INTEGER", "integer": "INTEGER", "text": "TEXT", "bytea": "BLOB"}


def postgresql_tables(url: str) -> dict[str, Table]:
    names = [row[0] for row in rows(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    return {str(name): _postgresql_table(url, str(name)) for name in names}


def _postgresql_table(url: str, name: str) -> Table:
    found = rows(
        url,
        "SELECT column_name, data_type, is_nullable = 'YES', coalesce(column_default, '') "
        f"FROM information_schema.columns WHERE table_name = '{name}' ORDER BY ordinal_position",
    )
    indexes = rows(
        url,
        "SELECT i.indisprimary, i.indisunique, i.indpred IS NOT NULL, "
        "ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true) FROM generate_series(1, i.indnatts) k) "
        f"FROM pg_index i WHERE i.indrelid = '{name}'::regclass",
    )
    references = rows(
        url,
        "SELECT a.attname, CAST(c.confrelid::regclass AS TEXT), b.attname "
        "FROM pg_constraint c CROSS JOIN unnest(c.conkey, c.confkey) AS k (source, target) "
        "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.source "
        "JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.target "
        f"WHERE c.contype = 'f' AND c.conrelid = '{name}'::regclass",
    )
    [primary_key] = [tuple(index[3]) for index in indexes if index[0]]  # type: ignore[arg-type]
    return Table(
        {
            str(column): Column(_KINDS[str(kind)], bool(is_nullable), str(default).replace("::text", ""))
            for column, kind, is_nullable, default in found
        },
        primary_key,
        frozenset(Index(tuple(index[3]), bool(index[1]), bool(index[2])) for index in indexes if not index[0]),  # type: ignore[arg-type]
        frozenset((str(source), str(target), str(to)) for source, target, to in references),
    )


def sqlite_tables(path: Path) -> dict[str, Table]:
    connection = apsw.Connection(str(path))
    migrate_sqlite(connection, NOW_MS)
    query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    tables = {str(name): _sqlite_table(connection, str(name)) for (name,) in connection.execute(query).fetchall()}
    connection.close()
    return tables


def _sqlite_table(connection: apsw.Connection, name: str) -> Table:
    found = connection.execute('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', (name,))
    columns = list(found)
    by_place = sorted((int(str(pk)), str(column)) for column, _, _, _, pk in columns if pk)
    indexes = connection.execute(
        "SELECT name, \"unique\", partial FROM pragma_index_list(?) WHERE origin <> 'pk'", (name,)
    ).fetchall()
    references = connection.execute('SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)', (name,))
    return Table(
        {
            str(column): Column(str(kind), not is_needed and not pk, str(default or ""))
            for column, kind, is_needed, default, pk in columns
        },
        tuple(column for _, column in by_place),
        frozenset(
            Index(_index_columns(connection, str(index)), bool(is_unique), bool(is_partial))
            for index, is_unique, is_partial in indexes
        ),
        frozenset((str(source), str(target), str(to)) for source, target, to in references),
    )


def _index_columns(connection: apsw.Connection, index: str) -> tuple[str, ...]:
    query = "SELECT name FROM pragma_index_info(?) ORDER BY seqno"
    return tuple(str(column) for (column,) in connection.execute(query, (index,)))


async def test_both_engines_have_the_same_schema(url: str, tmp_path: Path) -> None:
    """After all migrations both have the same tables, and these the same columns, keys, indexes and references."""
    await migrate(url, NOW_MS)
    here, there = postgresql_tables(url), sqlite_tables(tmp_path / "x.db")
    assert here.keys() - there.keys() == POSTGRESQL_ALONE
    assert there.keys() - here.keys() == set()
    for name, table in there.items():
        assert here[name] == table, name
    assert len(there) > 10


async def test_text_is_ordered_as_on_sqlite(url: str) -> None:
    """Text columns that a statement orders by have SQLite's order, whatever the database's own is."""
    await migrate(url, NOW_MS)
    query = "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE collation_name = 'C'"
    ordered = {str(row[0]) for row in rows(url, query)}
    assert {
        "access_key.access_key_id",
        "device_tag.tag_key",
        "list_count.list",
        "module_version.module_name",
    } <= ordered
    sort = "SELECT string_agg(x, '' ORDER BY x) FROM (VALUES ('b'), ('A'), ('a'), ('B')) AS t (x)"
    assert rows(url, sort) == [("aAbB",)], "this server cannot prove anything about orders"


def test_ids_and_times_are_large_enough() -> None:
    """Ids, times and sizes are 64 bits wide: 32 end at 2 billion rows, or in 1970."""
    for migration in migrations():
        narrow = re.findall(r"\b(\w+_(?:ms|id|bytes|after|until)|id|block) INTEGER", migration.sql)
        assert narrow == [], migration.number
