"""Proves the invariants of a SQLite store by the queries of `consistency.sql`, without writing to it.

It reads on a connection of its own, so it may run beside the server, on a copy, or on a store that no server has open.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import apsw

from whimbrel.adapters.store.consistency_rules import (
    OBJECTS,
    ROWS_MAX,
    ObjectRecord,
    load_rules,
    objects_finding,
    records_of,
)
from whimbrel.adapters.store.consistency_rules import Finding as Finding
from whimbrel.adapters.store.session import BLOCK_BITS
from whimbrel.adapters.store.sqlite_reader import open_for_reading
from whimbrel.ports.firmware_store import FirmwareStore


class ConsistencyCheck:
    """A check of one store. `close` it after use."""

    def __init__(self, path: Path) -> None:
        """Raises StoreUnavailableError when the file is no store of this release."""
        self._rules, self._lists = load_rules("sqlite")
        self._connection = open_for_reading(path)

    def close(self) -> None:
        """Nothing may be called afterwards."""
        self._connection.close()

    def findings(self) -> Iterator[Finding]:
        """Every rule of `consistency.sql` in its order, each as soon as it is judged. Raises StoreUnavailableError."""
        for rule, statement in self._rules.items():
            yield Finding(rule, tuple(self._rows(statement)))

    async def objects_finding(self, firmware_store: FirmwareStore) -> Finding:
        """Reads every needed object whole (I11). Raises StoreUnavailableError."""
        return await objects_finding(self._records, firmware_store)

    async def _records(self) -> frozenset[ObjectRecord]:
        return records_of(self._execute(self._lists[OBJECTS]))

    def _rows(self, statement: str) -> Iterator[dict[str, object]]:
        try:
            cursor = self._execute(statement)
            for row in islice(cursor, ROWS_MAX):
                yield dict(zip((column[0] for column in cursor.get_description()), row, strict=True))
        except apsw.Error as error:
            # A damaged file may stop a query midway: that is an answer too.
            yield {"fault": f"the rule cannot be judged: {error}"}

    def _execute(self, statement: str) -> apsw.Cursor:
        return self._connection.execute(statement, {"block_bits": BLOCK_BITS})
