"""Proves the invariants of a store on PostgreSQL by the queries of `consistency.sql`, without writing to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from whimbrel.adapters.store.consistency_rules import (
    OBJECTS,
    ROWS_MAX,
    Finding,
    ObjectRecord,
    load_rules,
    objects_finding,
    records_of,
)
from whimbrel.adapters.store.migrate_postgresql import check_schema
from whimbrel.adapters.store.postgresql_connection import FOREIGN, PATIENT, Connection, connect, translating
from whimbrel.adapters.store.postgresql_session import numbered
from whimbrel.adapters.store.session import BLOCK_BITS
from whimbrel.ports.firmware_store import FirmwareStore


class PostgresqlConsistencyCheck:
    """A check of one store, made by `open`. `close` it after use."""

    def __init__(self, connection: Connection) -> None:
        self._rules, self._lists = load_rules("postgresql")
        self._connection = connection

    @classmethod
    async def open(cls, url: str) -> PostgresqlConsistencyCheck:
        """Raises StoreUnavailableError when the database is no store of this release."""
        with translating():
            connection = await connect(url, {**PATIENT, "default_transaction_read_only": "on"})
        try:
            await check_schema(connection)
        except BaseException:
            connection.terminate()
            raise
        return cls(connection)

    async def close(self) -> None:
        """Nothing may be called afterwards."""
        with translating():
            await self._connection.close()

    async def findings(self) -> AsyncIterator[Finding]:
        """Every rule of `consistency.sql` in its order, each as soon as it is judged."""
        for rule, statement in self._rules.items():
            yield Finding(rule, await self._offenders(statement))

    async def objects_finding(self, firmware_store: FirmwareStore) -> Finding:
        """Reads every needed object whole (I11). Raises StoreUnavailableError."""
        return await objects_finding(self._records, firmware_store)

    async def _records(self) -> frozenset[ObjectRecord]:
        with translating():
            return records_of(tuple(row) for row in await self._fetch(self._lists[OBJECTS], None))

    async def _offenders(self, statement: str) -> tuple[dict[str, object], ...]:
        try:
            return tuple(dict(row) for row in await self._fetch(statement, ROWS_MAX))
        except FOREIGN as error:
            # A damaged table may stop a query midway: that is an answer too.
            return ({"fault": f"the rule cannot be judged: {error}"},)

    async def _fetch(self, statement: str, rows_max: int | None) -> list[Any]:
        """At most so many rows, by a cursor: what breaks a rule may be the whole fleet."""
        found = numbered(statement)
        values = found.values({"block_bits": BLOCK_BITS})
        if rows_max is None:
            return await self._connection.fetch(found.sql, *values)
        async with self._connection.transaction():
            cursor = await self._connection.cursor(found.sql, *values)
            rows: list[Any] = await cursor.fetch(rows_max)
            return rows
