"""Proves the invariants of a SQLite store by the queries of `consistency.sql`, without writing to it.

It reads on a connection of its own, so it may run beside the server, on a copy, or on a store that no server has open.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import apsw

from whimbrel.adapters.store.migrate_sqlite import migrations
from whimbrel.adapters.store.session import BLOCK_BITS
from whimbrel.adapters.store.sqlite import open_connection
from whimbrel.errors import FirmwareObjectCorruptError, FirmwareObjectMissingError, StoreUnavailableError
from whimbrel.ports.firmware_store import FirmwareStore

ROWS_MAX = 1_000
"""Offending rows that are kept of one rule; more say nothing more."""

READ_BYTES = 1_048_576
_ENTRY = re.compile(r"^-- (rule|list): (?:([A-Za-z0-9]+) )?([a-z_]+)\n-- (.+)\n", re.MULTILINE)


class Rule(NamedTuple):
    """Something that must be true. `invariant` is its id in the threat model, `store` for the engine's own."""

    invariant: str
    name: str
    meaning: str


class Finding(NamedTuple):
    """A rule, and the rows that break it: column to value. None means that it holds; at most ROWS_MAX are kept."""

    rule: Rule
    offenders: tuple[dict[str, object], ...]

    @property
    def holds(self) -> bool:
        return not self.offenders


OBJECTS_RULE = Rule("I11", "objects_are_whole", "Every object that is needed is there and hashes to its record.")


class _ObjectRecord(NamedTuple):
    """A stored object as the rows that need it describe it; `owner` is one of them."""

    sha256: str
    md5: str
    size_bytes: int
    owner: str


class ConsistencyCheck:
    """A check of one store. `close` it after use."""

    def __init__(self, path: Path) -> None:
        """Raises StoreUnavailableError when the file is no store of this release."""
        self._rules, self._lists = _load()
        if not path.is_file():
            raise StoreUnavailableError(f"there is no database at {path}")
        try:
            self._connection = open_connection(path, read_only=True)
            row = self._connection.execute("SELECT max(number) FROM schema_migration").fetchone()
        except apsw.Error as error:
            raise StoreUnavailableError(f"{path} is no store that can be read: {error}") from None
        newest = migrations()[-1].number
        if row is None or row[0] != newest:
            raise StoreUnavailableError(
                f"{path} has schema {row and row[0]}, this release checks {newest}; start the server on it once, or "
                "run the release that wrote it"
            )

    def close(self) -> None:
        """Nothing may be called afterwards."""
        self._connection.close()

    def findings(self) -> Iterator[Finding]:
        """Every rule of `consistency.sql` in its order, each as soon as it is judged. Raises StoreUnavailableError."""
        for rule, statement in self._rules.items():
            yield Finding(rule, tuple(self._rows(statement)))

    async def objects_finding(self, firmware_store: FirmwareStore) -> Finding:
        """Reads every needed object whole (I11). Raises StoreUnavailableError."""
        faults = {record: fault async for record, fault in self._object_faults(firmware_store)}
        # A running server may have deleted firmware and its object since its row was read: what no row needs any
        # more was no fault.
        needed = {record[:3] for record in self._records()} if faults else set()
        return Finding(
            OBJECTS_RULE,
            tuple(
                {"sha256": record.sha256, "needed_by": record.owner, "fault": fault}
                for record, fault in faults.items()
                if record[:3] in needed
            ),
        )

    async def _object_faults(self, firmware_store: FirmwareStore) -> AsyncIterator[tuple[_ObjectRecord, str]]:
        for record in sorted(self._records()):
            fault = await _fault_of(record, firmware_store)
            if fault is not None:
                yield record, fault

    def _records(self) -> frozenset[_ObjectRecord]:
        cursor = self._execute(self._lists["referenced_objects"])
        return frozenset(
            _ObjectRecord(str(row[0]), str(row[1]), int(str(row[2])), str(row[3])) for row in cursor.fetchall()
        )

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


async def _fault_of(record: _ObjectRecord, firmware_store: FirmwareStore) -> str | None:
    """What is wrong with an object, or None."""
    try:
        opened = await firmware_store.open(record.sha256)
    except (FirmwareObjectMissingError, FirmwareObjectCorruptError) as error:
        return error.message
    try:
        if opened.size_bytes != record.size_bytes:
            return f"the object has {opened.size_bytes} bytes, its record says {record.size_bytes}"
        # `open` has proved the SHA-256; devices are told the MD5.
        md5 = hashlib.md5(usedforsecurity=False)
        for offset in range(0, opened.size_bytes, READ_BYTES):
            md5.update(await opened.read(offset, READ_BYTES))
        return None if md5.hexdigest() == record.md5 else f"the object's MD5 is {md5.hexdigest()}, not {record.md5}"
    except FirmwareObjectCorruptError as error:
        return error.message
    finally:
        opened.close()


def _load() -> tuple[dict[Rule, str], dict[str, str]]:
    """The rules and the lists of `consistency.sql`, with their statements."""
    parts = _ENTRY.split(files(__package__).joinpath("consistency.sql").read_text("utf-8"))[1:]
    rules: dict[Rule, str] = {}
    lists: dict[str, str] = {}
    for kind, invariant, name, meaning, body in zip(*(parts[place::5] for place in range(5)), strict=True):
        if kind == "rule":
            rules[Rule(invariant, name, meaning)] = body.strip()
        else:
            lists[name] = body.strip()
    return rules, lists
