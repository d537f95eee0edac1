"""The migration of lists on a store that has devices and jobs: its indexes are made, nothing else changes (F24)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgresql import shared_server
from whimbrel.adapters.store import migrate_postgresql, migrate_sqlite
from whimbrel.adapters.store.ledger import Migration
from whimbrel.adapters.store.sqlite import open_connection

INDEXES = {
    "firmware_unready",
    "firmware_unready_of_product",
    "job_of_account",
    "job_unfinished_of_account",
    "module_version_of_version",
}
ROWS = """
INSERT INTO account (id, name, created_ms) VALUES (1, 'one', 1);
INSERT INTO product (id, account_id, product_key, secret_sealed, name, node_type, net_type, auth_type, protocol_type,
  commodity_code, description, category_key, validate_type, created_ms)
VALUES (1, 1, 'k1', {blob}, 'p', 0, '', '', '', '', '', '', 1, 1);
INSERT INTO device (id, account_id, product_id, device_name, iot_id, secret_sealed, nickname, created_ms, modified_ms)
VALUES (1, 1, 1, 'd1', 'i1', {blob}, '', 1, 1);
INSERT INTO module_version (device_id, module_name, version, reported_ms) VALUES (1, 'default', '1.0.0', 1);
"""
REPORTED = "SELECT device_id, module_name, version, reported_ms FROM module_version"


def parted(known: list[Migration]) -> tuple[list[Migration], list[Migration]]:
    """Those before it, and up to it."""
    number = next(index for index, migration in enumerate(known) if "module_version_of_version" in migration.sql)
    return known[:number], known[: number + 1]


def test_sqlite(tmp_path: Path) -> None:
    """On the embedded store."""
    connection = open_connection(tmp_path / "x.db")
    before, with_it = parted(migrate_sqlite.migrations())
    migrate_sqlite.migrate(connection, 1, before)
    connection.execute(ROWS.format(blob="X'00'"))
    migrate_sqlite.migrate(connection, 1, with_it)
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")}
    reported = connection.execute(REPORTED).fetchall()
    connection.close()
    assert names >= INDEXES
    assert reported == [(1, "default", "1.0.0", 1)]


@pytest.mark.parametrize("times", [1, 2])
async def test_postgresql(times: int) -> None:
    """On PostgreSQL; once more changes nothing."""
    server = shared_server()
    url = server.empty_database()
    before, with_it = parted(migrate_postgresql.migrations())
    await migrate_postgresql.migrate(url, 1, before)
    for statement in ROWS.format(blob="'\\x00'").split(";")[:-1]:
        server.execute(statement, url)
    for _ in range(times):
        await migrate_postgresql.migrate(url, 1, with_it)
    names = {row[0] for row in server.execute("SELECT indexname FROM pg_indexes", url)}
    reported = server.execute(REPORTED, url)
    assert names >= INDEXES
    assert reported == [(1, "default", "1.0.0", 1)]
