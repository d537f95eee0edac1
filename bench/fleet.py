"""A fleet of any size in a store of either engine, made by statements: a million devices take seconds.

One device is made as the server makes it; the others are copies of it with names, ids and keys of their own. All have
reported a version: a table that was empty when PostgreSQL planned is read whole until it plans anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import apsw
import asyncpg

from bench.million import recount_statement
from whimbrel.adapters.store.session import BLOCK_BITS

DEVICE = """
INSERT INTO device (account_id, product_id, device_name, iot_id, secret_sealed, nickname, state, state_ms, gray_key,
  created_ms, modified_ms)
WITH RECURSIVE entry (n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM entry WHERE n + 1 < {devices})
SELECT d.account_id, d.product_id, 'unit-' || substr(CAST(100000000 + n AS TEXT), 2),
  'unit' || substr(CAST(100000000 + n AS TEXT), 2), d.secret_sealed, '',
  CASE WHEN n % {online_every} = 0 THEN 1 ELSE 0 END, d.created_ms,
  (n * 1103515245) % 2147483647, d.created_ms, d.created_ms
FROM device d CROSS JOIN entry WHERE d.id = {template} ORDER BY n
"""
VERSION = """
INSERT INTO module_version (device_id, module_name, version, reported_ms)
SELECT id, 'default', '0.9.0', created_ms FROM device d
WHERE NOT EXISTS (SELECT 1 FROM module_version v WHERE v.device_id = d.id) ORDER BY id
"""
PRESENCE = """
INSERT INTO presence (device_id, node_id, session_id, since_ms)
SELECT id, '{node_id}', 1, created_ms FROM device WHERE state = 1
"""
#: The least that makes as many tasks: no rule, no count, one commit. `open_scope` keeps it apart from open tasks.
PLAIN_INSERT = """
INSERT INTO task (job_id, device_id, match_number, status, src_version, open_scope, created_ms, modified_ms)
SELECT 1, id, 2, 1, '', 'plain', 1, 1 FROM device WHERE deleted_ms IS NULL ORDER BY id
"""


class Fleet(NamedTuple):
    """So many devices, the template (a device's row id) among them; of each `online_every` others one is online."""

    devices: int
    template: int
    online_every: int
    node_id: str

    def statements(self) -> list[str]:
        """They mean the same to both engines."""
        return [
            statement.format_map(self._asdict()) for statement in (DEVICE, VERSION, PRESENCE, "DELETE FROM list_count")
        ]


def add_fleet(database: Path, fleet: Fleet) -> None:
    """To a SQLite store that nobody has open."""
    connection = apsw.Connection(str(database))
    connection.execute("PRAGMA synchronous=OFF; PRAGMA cache_size=-500000; PRAGMA wal_autocheckpoint=0")
    with connection:
        for statement in fleet.statements():
            connection.execute(statement)
        connection.execute(recount_statement(), {"block_bits": BLOCK_BITS})
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


async def add_fleet_to_postgresql(url: str, fleet: Fleet) -> None:
    """To a store on PostgreSQL."""
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        for statement in fleet.statements():
            await connection.execute(statement)
        await connection.execute(recount_statement().replace(":block_bits", str(BLOCK_BITS)))
    # What a server's own vacuum does within a minute; that of the tests has it off.
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
