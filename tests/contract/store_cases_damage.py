"""Reaches behind a store, as somebody with the database's password could: reads every value, and runs any statement."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import apsw

from tests.contract.store_cases_rig import Rig
from tests.postgresql import shared_server

_TABLES = {
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
}


def is_postgresql(rig: Rig) -> bool:
    return rig.place.startswith("postgresql:")


def execute(rig: Rig, sql: str) -> list[tuple[object, ...]]:
    """The statement's rows."""
    if is_postgresql(rig):
        return [tuple(row) for row in shared_server().execute(sql, rig.place)]
    with closing(apsw.Connection(str(Path(rig.place) / "whimbrel.db"))) as connection:
        return list(connection.execute(sql))


def every_value(rig: Rig) -> set[object]:
    """All that the tables hold."""
    tables = [row[0] for row in execute(rig, _TABLES["postgresql" if is_postgresql(rig) else "sqlite"])]
    return {value for table in tables for row in execute(rig, f'SELECT * FROM "{table}"') for value in row}
