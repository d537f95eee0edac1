"""How the engines look claims up: by keys, also before they have counted anything (I17)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import SEALER, add_devices, add_place, open_store
from tests.postgresql import shared_server
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.store.postgresql_connection import connect
from whimbrel.adapters.store.postgresql_session import own_statements
from whimbrel.adapters.store.sqlite import open_connection
from whimbrel.adapters.store.statements import load_statements
from whimbrel.domain.ddi_access import target_token_digest
from whimbrel.ports.store import Store

STATEMENTS = ("ddi_default_products", "ddi_standings")
ONE_CLAIM: dict[str, Any] = {
    "n": 1,
    "products": "a1product01".ljust(32),
    "names": "dev-0007".ljust(32),
    "digests": target_token_digest("dev-0007", "t"),
    "operator": "default",
}


async def furnish(store: Store) -> None:
    """A product with so many devices that looking at each would show."""
    place = await add_place(store)
    ids = await add_devices(store, place, 2_000)
    async with store.transaction() as transaction:
        for number, device_id in enumerate(ids):
            digest = target_token_digest(f"dev-{number:04d}", "t")
            await transaction.ddi_access.put_target_token(device_id, digest)
    await store.close()


@pytest.mark.parametrize("name", STATEMENTS)
async def test_sqlite_searches(name: str, tmp_path: Path) -> None:
    """Only what was asked for is walked through; each table is searched by an index."""
    await open_store(tmp_path).close()
    connection = open_connection(tmp_path / "whimbrel.db")
    statement = load_statements()[name]
    parameters = {given: value for given, value in ONE_CLAIM.items() if f":{given}" in statement}
    steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    connection.close()
    scanned = {step.split()[1] for step in steps if step.startswith("SCAN ")}
    assert scanned <= {"CONSTANT", "place", "asked", "of_products", "of_devices", "o", "found", "defaults"}


async def test_postgresql_touches_few_rows_before_it_has_counted_any() -> None:
    """Without statistics each way of asking would look as cheap; the statements leave it no choice but the keys."""
    server = shared_server()
    url = server.new_database()
    await furnish(PostgresqlStore(url, SEALER))
    connection = await connect(url)
    try:
        for name in STATEMENTS:
            statement = own_statements()[name]
            explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.sql}"
            [[plan]] = await connection.fetch(explain, *statement.values(ONE_CLAIM))
            assert most_rows(plan) < 100, name
    finally:
        await connection.close()
        server.give_back(url)


def most_rows(plan: str) -> int:
    """The most rows that any step of the plan gave or threw away."""
    found = [0]

    def look(node: dict[str, Any]) -> None:
        thrown = sum(value for key, value in node.items() if key.startswith("Rows Removed"))
        found.append(node.get("Actual Rows", 0) + thrown)
        for inner in node.get("Plans", []):
            look(inner)

    look(json.loads(plan)[0]["Plan"])
    return max(found)
