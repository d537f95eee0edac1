"""Brings a PostgreSQL database to this release's schema: numbered files, each once, in order, all or nothing (F24).

Processes that start at once take turns by an advisory lock; the second finds nothing left to do.
"""

from __future__ import annotations

from whimbrel.adapters.store.ledger import Migration, migrations_for, missing
from whimbrel.adapters.store.postgresql_connection import FOREIGN, PATIENT, Connection, connect, translating
from whimbrel.errors import StoreUnavailableError

_TURN = "SELECT pg_advisory_lock(hashtextextended('schema_migration', 0))"
_LEDGER = """CREATE TABLE IF NOT EXISTS schema_migration (
  number INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, applied_ms BIGINT NOT NULL)"""


def migrations() -> list[Migration]:
    """Those of this release, in order."""
    return migrations_for("postgresql")


async def migrate(url: str, now_ms: int, known: list[Migration] | None = None) -> None:
    """Apply what is missing. Raises StoreUnavailableError for a schema newer than this release, or a changed past."""
    known = migrations() if known is None else known
    with translating():
        connection = await connect(url, PATIENT)
        try:
            await connection.execute(_TURN)
            await connection.execute(_LEDGER)
            applied = {row[0]: row[1] for row in await connection.fetch("SELECT number, sha256 FROM schema_migration")}
            for migration in missing(known, applied):
                await _apply(connection, migration, now_ms)
        finally:
            await _leave(connection)


async def check_schema(connection: Connection) -> None:
    """Raises StoreUnavailableError when the database is no store of exactly this release's schema."""
    newest = migrations()[-1].number
    with translating():
        name = await connection.fetchval("SELECT to_regclass('schema_migration')::text")
        if name is None:
            raise StoreUnavailableError("the database is no store that can be read; it has no table schema_migration")
        found = await connection.fetchval("SELECT max(number) FROM schema_migration")
    if found != newest:
        raise StoreUnavailableError(
            f"the database has schema {found}, this release checks {newest}; start the server on it once, or run the "
            "release that wrote it"
        )


async def _apply(connection: Connection, migration: Migration, now_ms: int) -> None:
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migration VALUES ($1, $2, $3)", migration.number, migration.sha256, now_ms
        )


async def _leave(connection: Connection) -> None:
    """Ends the turn, too."""
    try:
        await connection.close(timeout=1)
    except FOREIGN:
        connection.terminate()
