"""The databases that a signed door stands on: new ones, and a look at every row behind the store's back."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Protocol

import apsw

from tests.postgresql import shared_server
from whimbrel.adapters.sealing.aes_gcm import AesGcmSealer
from whimbrel.adapters.store.consistency import ConsistencyCheck
from whimbrel.adapters.store.consistency_postgresql import PostgresqlConsistencyCheck
from whimbrel.adapters.store.consistency_rules import Finding
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.store.postgresql_nonces import PostgresqlNonces
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.adapters.store.sqlite_nonces import SqliteNonces

Rows = dict[str, list[tuple[Any, ...]]]
Store = SqliteStore | PostgresqlStore
Nonces = SqliteNonces | PostgresqlNonces

DATABASE, NONCES = "whimbrel.db", "nonces.db"
_NEW_FILES: dict[str, bytes] = {}
#: Nonces are in another file on SQLite; and a refused call uses one up.
_TABLES = """SELECT table_name FROM information_schema.tables
WHERE table_name <> 'nonce' AND table_schema = 'public' AND table_name <> 'schema_migration'"""


class Database(Protocol):
    """One new database."""

    async def open(self, sealer: AesGcmSealer, faults: list[str], now_ms: int) -> tuple[Store, Nonces]: ...
    def rows(self) -> Rows:
        """Every row, by table."""
        ...

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement behind the store's back; its rows."""
        ...

    async def findings(self) -> list[Finding]:
        """What `whimbrel check` finds."""
        ...

    def drop(self) -> None:
        """Nothing is left of it."""
        ...


class SqliteFiles:
    """Two files in a folder, copied from empty ones, because a schema costs more than most tests."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / DATABASE
        self._nonces = folder / NONCES

    async def open(self, sealer: AesGcmSealer, faults: list[str], now_ms: int) -> tuple[SqliteStore, SqliteNonces]:
        paths = (self.path, self._nonces)
        if not _NEW_FILES:
            for file in (SqliteStore(self.path, sealer, faults.append, now_ms), SqliteNonces(self._nonces)):
                await file.close()
            _NEW_FILES.update({path.name: path.read_bytes() for path in paths})
        for path in paths:
            path.write_bytes(_NEW_FILES[path.name])
        return SqliteStore(self.path, sealer, faults.append, now_ms), SqliteNonces(self._nonces)

    def rows(self) -> Rows:
        connection = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
        finally:
            connection.close()

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        connection = apsw.Connection(str(self.path))
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    async def findings(self) -> list[Finding]:
        check = ConsistencyCheck(self.path)
        try:
            return list(check.findings())
        finally:
            check.close()

    def drop(self) -> None:
        """The folder is the test's."""


class PostgresqlDatabase:
    """A database of the server that this process's tests share; afterwards another test has it, emptied."""

    def __init__(self) -> None:
        self._url = shared_server().new_database()

    async def open(self, sealer: AesGcmSealer, faults: list[str], now_ms: int) -> tuple[Store, Nonces]:
        return PostgresqlStore(self._url, sealer), PostgresqlNonces(self._url)

    def rows(self) -> Rows:
        # One round trip: every table's rows as text, each with its name.
        names = _tables(self._url)
        all_rows = " UNION ALL ".join(f"SELECT '{name}', t::text FROM \"{name}\" t" for name in names)
        found: Rows = {name: [] for name in names}
        for name, text in shared_server().execute(all_rows, self._url):
            found[name].append((text.removeprefix("("), text))
        return {name: sorted(rows) for name, rows in found.items()}

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        return shared_server().execute(sql, self._url)

    async def findings(self) -> list[Finding]:
        check = await PostgresqlConsistencyCheck.open(self._url)
        try:
            return [finding async for finding in check.findings()]
        finally:
            await check.close()

    def drop(self) -> None:
        shared_server().give_back(self._url)


@cache
def _tables(url: str) -> list[str]:
    return [row[0] for row in shared_server().execute(_TABLES, url)]


def new_database(kind: str, folder: Path) -> Database:
    """`sqlite` or `postgresql`."""
    return SqliteFiles(folder) if kind == "sqlite" else PostgresqlDatabase()
