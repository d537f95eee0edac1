"""Reads a SQLite store without writing to it: beside its server, or a copy that no server has open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import apsw

from whimbrel.adapters.store.migrate_sqlite import migrations
from whimbrel.adapters.store.repositories import Repositories
from whimbrel.adapters.store.sqlite import SqliteSession, open_connection
from whimbrel.adapters.store.statements import load_statements
from whimbrel.errors import StoreUnavailableError
from whimbrel.ports.sealer import Sealer


class SqliteReader:
    """Snapshots of one store. `close` it after use."""

    def __init__(self, path: Path, sealer: Sealer) -> None:
        """Raises StoreUnavailableError when the file is no store of this release."""
        self._connection = open_for_reading(path)
        self._sealer = sealer
        self._statements = load_statements()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Repositories]:
        """One state of the store; one at a time."""
        self._connection.execute("BEGIN")
        try:
            yield Repositories(SqliteSession(self._connection, self._statements), self._sealer)
        finally:
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Nothing may be called afterwards."""
        self._connection.close()


def open_for_reading(path: Path) -> apsw.Connection:
    """A read-only connection. Raises StoreUnavailableError when the file is no store of this release."""
    if not path.is_file():
        raise StoreUnavailableError(f"there is no database at {path}")
    try:
        connection = open_connection(path, read_only=True)
        row = connection.execute("SELECT max(number) FROM schema_migration").fetchone()
    except apsw.Error as error:
        raise StoreUnavailableError(f"{path} is no store that can be read: {error}") from None
    newest = migrations()[-1].number
    if row is None or row[0] != newest:
        raise StoreUnavailableError(
            f"{path} has schema {row and row[0]}, this release checks {newest}; start the server on it once, or "
            "run the release that wrote it"
        )
    return connection
