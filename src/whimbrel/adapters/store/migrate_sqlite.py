"""Brings a SQLite file to this release's schema: numbered files, each once, in order, each all or nothing (F24)."""

from __future__ import annotations

import apsw

from whimbrel.adapters.store.ledger import Migration, migrations_for, missing

_LEDGER = """CREATE TABLE IF NOT EXISTS schema_migration (
  number INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, applied_ms INTEGER NOT NULL)"""


def migrations() -> list[Migration]:
    """Those of this release, in order."""
    return migrations_for("sqlite")


def migrate(connection: apsw.Connection, now_ms: int, known: list[Migration] | None = None) -> None:
    """Apply what is missing. Raises StoreUnavailableError for a schema newer than this release, or a changed past."""
    connection.execute(_LEDGER)
    rows = connection.execute("SELECT number, sha256 FROM schema_migration").fetchall()
    applied = {int(str(number)): str(sha256) for number, sha256 in rows}
    for migration in missing(migrations() if known is None else known, applied):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO schema_migration VALUES (?, ?, ?)", (migration.number, migration.sha256, now_ms)
            )
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
