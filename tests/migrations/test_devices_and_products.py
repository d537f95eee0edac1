"""Migration 3 on a store that has devices: their states and the counters of the new lists (F24)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postgresql import shared_server
from whimbrel.adapters.store import migrate_postgresql, migrate_sqlite
from whimbrel.adapters.store.sqlite import open_connection

#: Two accounts with a product each; of the first one's devices, one in each state, and one far away in the ids.
ROWS = """
INSERT INTO account (id, name, created_ms) VALUES (1, 'one', 1), (2, 'two', 1);
INSERT INTO product (id, account_id, product_key, secret_sealed, name, node_type, net_type, auth_type, protocol_type,
  commodity_code, description, category_key, validate_type, created_ms)
SELECT id, id, 'k' || id, secret, 'p', 0, '', '', '', '', '', '', 1, 1 FROM account, (SELECT {blob} AS secret) AS s;
INSERT INTO device (id, account_id, product_id, device_name, iot_id, secret_sealed, nickname, is_disabled, created_ms,
  modified_ms, activated_ms, last_online_ms)
SELECT column1, column2, column2, 'd' || column1, 'i' || column1, {blob}, '', column3, 10, 10, column4, column5
FROM (VALUES (1, 1, 0, 20, 30), (2, 1, 0, 20, 40), (3, 1, 0, CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)),
  (4, 1, 1, 20, 50), (9000, 1, 1, NULL, NULL), (9001, 2, 0, NULL, NULL)) AS rows;
INSERT INTO presence (device_id, node_id, session_id, since_ms) VALUES (1, 'main', 1, 30), (4, 'main', 2, 50);
INSERT INTO list_count (list, block, n) VALUES ('devices:1', 0, 4), ('devices:1', 2, 1), ('devices:1', -1, 5),
  ('devices:2', 2, 1), ('devices:2', -1, 1);
"""
STATES = "SELECT id, state, state_ms, gray_key, deleted_ms FROM device ORDER BY id"
COUNTS = "SELECT list, block, n FROM list_count WHERE list LIKE '%devices:%' OR list LIKE '%activated:%' ORDER BY 1, 2"
Query = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(params=["sqlite", "postgresql"])
async def query(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Query]:  # type: ignore[misc]
    """Asks a database that had these rows before migration 3 was applied."""
    if request.param == "sqlite":
        connection = open_connection(tmp_path / "x.db")
        known = migrate_sqlite.migrations()
        migrate_sqlite.migrate(connection, 1, known[:2])
        connection.execute(ROWS.format(blob="X'00'").replace("CAST(NULL AS BIGINT)", "NULL"))
        migrate_sqlite.migrate(connection, 1, known[:3])
        yield lambda sql: connection.execute(sql).fetchall()
        connection.close()
    else:
        server = shared_server()
        url = server.empty_database()
        known = migrate_postgresql.migrations()
        await migrate_postgresql.migrate(url, 1, known[:2])
        for statement in ROWS.format(blob="'\\\\x00'::bytea").split(";\n")[:-1]:
            server.execute(statement, url)
        await migrate_postgresql.migrate(url, 1, known[:3])
        yield lambda sql: server.execute(sql, url)
        server.drop(url)


def test_states(query: Query) -> None:
    """Disabled hides online, online hides offline; a device that never connected is not activated. None is deleted."""
    gray_keys = {device_id: device_id * 2654435761 % 2147483647 for device_id in (1, 2, 3, 4, 9000, 9001)}
    assert query(STATES) == [
        (1, 1, 30, gray_keys[1], None),
        (2, 3, 40, gray_keys[2], None),
        (3, 0, 10, gray_keys[3], None),
        (4, 8, 50, gray_keys[4], None),
        (9000, 8, 10, gray_keys[9000], None),
        (9001, 0, 10, gray_keys[9001], None),
    ]


def test_counters(query: Query) -> None:
    """Every new list is counted, by block and in all; those that were there are left alone."""
    expected = {
        ("devices:1", 0, 4),
        ("devices:1", 2, 1),
        ("devices:1", -1, 5),
        ("devices:2", 2, 1),
        ("devices:2", -1, 1),
        ("account_devices:1", 0, 4),
        ("account_devices:1", 2, 1),
        ("account_devices:1", -1, 5),
        ("account_devices:2", 2, 1),
        ("account_devices:2", -1, 1),
        ("activated:1", 0, 3),
        ("activated:1", -1, 3),
        ("account_activated:1", 0, 3),
        ("account_activated:1", -1, 3),
    }
    for name, state_blocks in (
        ("devices:1", {0: {0: 1}, 1: {0: 1}, 3: {0: 1}, 8: {0: 1, 2: 1}}),
        ("devices:2", {0: {2: 1}}),
    ):
        for prefix in ("", "account_"):
            for state, blocks in state_blocks.items():
                expected |= {(f"{prefix}{name}:{state}", block, n) for block, n in blocks.items()}
                expected.add((f"{prefix}{name}:{state}", -1, sum(blocks.values())))
    assert set(query(COUNTS)) == expected


def test_the_old_column_is_gone(query: Query) -> None:
    """Whether a device is disabled is said once, by its state."""
    with pytest.raises(Exception, match="is_disabled"):
        query("SELECT is_disabled FROM device")
