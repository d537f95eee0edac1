"""Brings a SQLite file to this release's schema: numbered files, each once, in order, each all or nothing (F24)."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import NamedTuple

import apsw

from whimbrel.errors import StoreUnavailableError

_LEDGER = """CREATE TABLE IF NOT EXISTS schema_migration (
  number INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, applied_ms INTEGER NOT NULL)"""


class Migration(NamedTuple):
    number: int
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Those of this release, in order. A file is `0007_some_words.sql`."""
    folder = files(__package__).joinpath("migrations", "sqlite")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [Migration(int(name[:4]), folder.joinpath(name).read_text("utf-8")) for name in names]


def migrate(connection: apsw.Connection, now_ms: int, known: list[Migration] | None = None) -> None:
    """Apply what is missing. Raises StoreUnavailableError for a schema newer than this release, or a changed past."""
    known = migrations() if known is None else known
    connection.execute(_LEDGER)
    rows = connection.execute("SELECT number, sha256 FROM schema_migration").fetchall()
    applied: dict[int, str] = {int(str(number)): str(sha256) for number, sha256 in rows}
    newest = known[-1].number if known else 0
    if applied and max(applied) > newest:
        raise StoreUnavailableError(
            f"the database has schema {max(applied)}, this release knows {newest}; run the newer release"
        )
    for migration in known:
        if migration.number in applied:
            if applied[migration.number] != migration.sha256:
                raise StoreUnavailableError(f"migration {migration.number} is not the one that made this database")
            continue
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
