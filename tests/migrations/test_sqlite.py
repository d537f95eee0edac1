"""How a SQLite file comes to this release's schema (F24)."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from tests.engine.world import NOW_MS, SEALER, add_devices, add_place
from whimbrel.adapters.store.migrate_sqlite import Migration, migrate, migrations
from whimbrel.adapters.store.sqlite import SqliteStore, open_connection
from whimbrel.errors import StoreUnavailableError

FIRST = Migration(1, "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);")
SECOND = Migration(2, "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = 2;")
BROKEN = Migration(2, "ALTER TABLE a ADD COLUMN y INTEGER; INSERT INTO nowhere VALUES (1);")

#: Applies a second migration and is killed in the middle of it, by a function that the migration calls.
KILLED = """
import os, signal, sys
from pathlib import Path
from whimbrel.adapters.store.migrate_sqlite import Migration, migrate
from whimbrel.adapters.store.sqlite import open_connection
connection = open_connection(Path(sys.argv[1]))
connection.create_scalar_function("power_cut", lambda: os.kill(os.getpid(), signal.SIGKILL))
first = Migration(1, sys.argv[2])
migrate(connection, 1, [first])
migrate(connection, 1, [first, Migration(2, sys.argv[3] + " SELECT power_cut();")])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "whimbrel.db"


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = apsw.Connection(str(path))
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def schema(path: Path) -> list[tuple[object, ...]]:
    return rows(path, "SELECT type, name, sql FROM sqlite_schema ORDER BY name")


def apply(path: Path, known: list[Migration] | None = None) -> None:
    connection = open_connection(path)
    try:
        migrate(connection, NOW_MS, known)
    finally:
        connection.close()


def test_migrations_are_numbered() -> None:
    """This release's migrations are numbered from 1 without gaps."""
    assert [migration.number for migration in migrations()] == list(range(1, len(migrations()) + 1))


def test_each_once_in_order(path: Path) -> None:
    """Each migration is applied once, in order, and recorded with its digest and time."""
    apply(path, [FIRST])
    apply(path, [FIRST, SECOND])
    apply(path, [FIRST, SECOND])
    assert rows(path, "SELECT x, y FROM a") == [(1, 2)]
    ledger = [(migration.number, migration.sha256, NOW_MS) for migration in (FIRST, SECOND)]
    assert rows(path, "SELECT * FROM schema_migration ORDER BY number") == ledger


async def test_the_schema_is_the_migrations(path: Path, tmp_path: Path) -> None:
    """A store opened on an empty file has exactly the schema that the migrations make, and keeps it when reopened."""
    apply(tmp_path / "migrated.db")
    for _ in range(2):
        await SqliteStore(path, SEALER, lambda reason: None, NOW_MS).close()
    assert schema(path) == schema(tmp_path / "migrated.db")
    assert len(schema(path)) > 20


@pytest.mark.parametrize("known", [[FIRST], []])
def test_F24_newer_schema_is_refused(path: Path, known: list[Migration]) -> None:
    """A release that does not know the newest migration refuses the file, says both numbers, and changes nothing."""
    apply(path, [FIRST, SECOND])
    before = path.read_bytes()
    with pytest.raises(StoreUnavailableError, match=f"schema 2, this release knows {len(known)}"):
        apply(path, known)
    assert path.read_bytes() == before


def test_F24_the_real_store_refuses_a_newer_schema(path: Path) -> None:
    """The store itself does not open on a file of a newer release."""
    apply(path)
    connection = apsw.Connection(str(path))
    connection.execute("INSERT INTO schema_migration VALUES (9999, 'later', 1)")
    connection.close()
    with pytest.raises(StoreUnavailableError, match="9999"):
        SqliteStore(path, SEALER, lambda reason: None, NOW_MS)


def test_F24_changed_migration_is_refused(path: Path) -> None:
    """A migration that is not the one which made the file is refused, before anything newer is applied."""
    apply(path, [FIRST])
    with pytest.raises(StoreUnavailableError, match="migration 1"):
        apply(path, [FIRST._replace(sql=FIRST.sql + " "), SECOND])
    assert rows(path, "SELECT number FROM schema_migration") == [(1,)]


def test_F24_failing_migration_leaves_the_old_schema(path: Path) -> None:
    """A migration that fails half-way leaves nothing of itself, and a repaired one is applied."""
    apply(path, [FIRST])
    before = schema(path)
    with pytest.raises(apsw.SQLError, match="nowhere"):
        apply(path, [FIRST, BROKEN])
    assert schema(path) == before
    apply(path, [FIRST, SECOND])
    assert rows(path, "SELECT x, y FROM a") == [(1, 2)]


def test_F24_crash_inside_a_migration(path: Path) -> None:
    """A kill inside a migration leaves the old schema, and the next start applies the migration whole."""
    child = subprocess.run([sys.executable, "-c", KILLED, str(path), FIRST.sql, SECOND.sql], check=False)
    assert child.returncode == -signal.SIGKILL
    assert rows(path, "SELECT * FROM a") == [(1,)]
    assert rows(path, "SELECT number FROM schema_migration") == [(1,)]
    apply(path, [FIRST, SECOND])
    assert rows(path, "SELECT x, y FROM a") == [(1, 2)]


def test_the_settings_of_durability(path: Path) -> None:
    """Every connection that writes has WAL, synchronous=FULL and foreign keys (I1)."""
    connection = open_connection(path)
    assert [connection.pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys")] == ["wal", 2, 1]
    connection.close()


async def test_data_survives_a_restart_of_the_same_release(path: Path) -> None:
    """Opening a file again applies nothing and loses nothing."""
    store = SqliteStore(path, SEALER, lambda reason: None, NOW_MS)
    await add_devices(store, await add_place(store), 2)
    await store.close()
    before = rows(path, "SELECT * FROM schema_migration")
    await SqliteStore(path, SEALER, lambda reason: None, NOW_MS + 1).close()
    assert rows(path, "SELECT * FROM schema_migration") == before
    assert rows(path, "SELECT count(*) FROM device") == [(2,)]
