"""How the engines look rows of lists and overviews up: by keys, also before they have counted anything (I17)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import SEALER, add_devices, add_place, open_store
from tests.gateway.ddi.test_statements import most_rows
from tests.postgresql import shared_server
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.store.postgresql_connection import connect
from whimbrel.adapters.store.postgresql_session import own_statements
from whimbrel.adapters.store.repositories.device_search import NO_ROW_ABOVE
from whimbrel.adapters.store.sqlite import open_connection
from whimbrel.adapters.store.statements import load_statements
from whimbrel.ports.store import Store

DEVICES = 3_000
FILES = ("device_search.sql", "job_search.sql", "overview.sql")
#: Tables that must never be read from their beginning.
LARGE = {
    "device",
    "d",
    "e",
    "m",
    "v",
    "module_version",
    "device_tag",
    "t",
    "list_count",
    "c",
    "l",
    "job",
    "j",
    "firmware",
}
ASKED: dict[str, Any] = {
    "account_id": 1,
    "product_id": 1,
    "state": 0,
    "name": "dev-000",
    "name_end": "dev-000~",
    "names_max": 20,
    "is_whole_name": 0,
    "pattern": None,
    "module_name": "default",
    "version": "1.0.0",
    "never_reported": 0,
    "group_row_id": None,
    "group_id": None,
    "tag_key": None,
    "tag_value": None,
    "other_key": None,
    "other_value": None,
    "any_key": "ring",
    "quiet_ms": None,
    "below": NO_ROW_ABOVE,
    "skip": 0,
    "piece": 20,
    "size": 20,
    "list": "devices:1",
    "block": 1,
    "firmware_id": 1,
    "types": 3,
    "statuses": 15,
    "states": 31,
    "entries": 1,
    "ids": "1".ljust(20),
    "versions_max": 20,
    "firmware_max": 20,
    "limit": 20,
}
#: What a way is asked besides: only its own filter.
UNASKED = {"version": ("version",), "names": ("name",), "account_names": ("name",)}


def statements(known: Mapping[str, Any]) -> list[str]:
    """Those of the files."""
    folder = Path(load_statements.__code__.co_filename).parent / "queries"
    texts = [(folder / name).read_text("utf-8") for name in FILES]
    names = [line.removeprefix("-- name: ") for text in texts for line in text.splitlines()]
    return [name for name in names if name in known]


async def furnish(store: Store) -> None:
    """A product with so many devices that looking at each would show."""
    place = await add_place(store)
    await add_devices(store, place, DEVICES, "1.0.0")
    await store.close()


@pytest.mark.parametrize("name", statements(load_statements()))
async def test_sqlite_searches(name: str, tmp_path: Path) -> None:
    """No large table is read from its beginning, nor an index of it."""
    await open_store(tmp_path).close()
    connection = open_connection(tmp_path / "whimbrel.db")
    statement = load_statements()[name]
    parameters = {given: value for given, value in ASKED.items() if f":{given}" in statement}
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    connection.close()
    scanned = {step.split()[1] for step in steps if step.startswith("SCAN ")}
    assert not scanned & LARGE, steps


async def test_postgresql_touches_few_rows_before_it_has_counted_any() -> None:
    """Without statistics each way of asking would look as cheap; the statements leave it no choice but the keys."""
    server = shared_server()
    url = server.new_database()
    await furnish(PostgresqlStore(url, SEALER))
    connection = await connect(url)
    try:
        known = own_statements()
        for plans in ("force_custom_plan", "force_generic_plan"):
            await connection.execute(f"SET plan_cache_mode = {plans}")
            for name in statements(known):
                explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {known[name].sql}"
                [[plan]] = await connection.fetch(explain, *known[name].values(ASKED))
                assert most_rows(plan) < 200, (name, json.loads(plan))
    finally:
        await connection.close()
        server.give_back(url)
