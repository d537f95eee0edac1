"""What a check of any engine is made of: the rules of `consistency.sql`, what it finds, and the reading of objects."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from importlib.resources import files
from typing import NamedTuple

from whimbrel.adapters.store.session import Row
from whimbrel.errors import FirmwareObjectCorruptError, FirmwareObjectMissingError
from whimbrel.ports.firmware_store import FirmwareStore

ROWS_MAX = 1_000
"""Offending rows that are kept of one rule; more say nothing more."""

OBJECTS = "referenced_objects"
"""The list of `consistency.sql` with every stored object that a row needs."""

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


class ObjectRecord(NamedTuple):
    """A stored object as the rows that need it describe it; `owner` is one of them."""

    sha256: str
    md5: str
    size_bytes: int
    owner: str


OBJECTS_RULE = Rule("I11", "objects_are_whole", "Every object that is needed is there and hashes to its record.")


def load_rules(engine: str) -> tuple[dict[Rule, str], dict[str, str]]:
    """The rules and the lists with their statements: the engine's own first, then those of all engines."""
    rules: dict[Rule, str] = {}
    lists: dict[str, str] = {}
    for name in (f"consistency_{engine}.sql", "consistency.sql"):
        parts = _ENTRY.split(files(__package__).joinpath(name).read_text("utf-8"))[1:]
        for kind, invariant, entry, meaning, body in zip(*(parts[place::5] for place in range(5)), strict=True):
            if kind == "rule":
                rules[Rule(invariant, entry, meaning)] = body.strip()
            else:
                lists[entry] = body.strip()
    return rules, lists


def records_of(rows: Iterable[Row]) -> frozenset[ObjectRecord]:
    """From rows of the list OBJECTS."""
    return frozenset(ObjectRecord(str(row[0]), str(row[1]), int(str(row[2])), str(row[3])) for row in rows)


async def objects_finding(
    read_records: Callable[[], Awaitable[frozenset[ObjectRecord]]], firmware_store: FirmwareStore
) -> Finding:
    """Reads every needed object whole (I11). Raises StoreUnavailableError."""
    faults: dict[ObjectRecord, str] = {}
    for record in sorted(await read_records()):
        fault = await _fault_of(record, firmware_store)
        if fault is not None:
            faults[record] = fault
    # A running server may have deleted firmware and its object since its row was read: what no row needs any more was
    # no fault.
    needed = {record[:3] for record in await read_records()} if faults else set()
    return Finding(
        OBJECTS_RULE,
        tuple(
            {"sha256": record.sha256, "needed_by": record.owner, "fault": fault}
            for record, fault in faults.items()
            if record[:3] in needed
        ),
    )


async def _fault_of(record: ObjectRecord, firmware_store: FirmwareStore) -> str | None:
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
