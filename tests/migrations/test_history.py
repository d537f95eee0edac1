"""What migration 0014 makes of a store that has failed and silent tasks."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from tests.migrations.test_files_and_modules import OLD_ROWS
from tests.postgresql import shared_server
from whimbrel.adapters.store.ledger import Migration, migrations_for
from whimbrel.adapters.store.migrate_postgresql import migrate as migrate_postgresql
from whimbrel.adapters.store.migrate_sqlite import migrate
from whimbrel.adapters.store.sqlite import open_connection

BEFORE = 13
FAILED = {
    "step -1: no": 4,
    "step -2: no route": 5,
    "step -3: the checksum did not match": 6,
    "step -4: sector 7": 7,
    "timeout, 60 min after the first progress without the version": 2,
    "report version is not conform, the device reported 1, wanted 2": 8,
    "the device has an open task in another job, task 7 of job 3": 3,
    "the device had an open task in another job": 3,
    "something else": 4,
}


def rows() -> str:
    """Failed tasks with their words, one without any, a silent one and a running one."""
    number = len(FAILED)
    devices = "".join(
        "INSERT INTO device (id, account_id, product_id, device_name, iot_id, secret_sealed, nickname, created_ms, "
        f"modified_ms) VALUES ({place}, 1, 1, 'd{place}', 'd{place}', '', '', 1, 1);"
        for place in range(1, number + 4)
    )
    task = "INSERT INTO task (id, job_id, device_id, status, src_version, created_ms, modified_ms, is_silent) VALUES"
    failed = "".join(
        f"{task} ({place}, 1, {place}, 5, '', 1, 1, 0); INSERT INTO task_description VALUES ({place}, '{words}');"
        for place, words in enumerate(FAILED, 1)
    )
    more = [(number + 1, 5, 0), (number + 2, 3, 1), (number + 3, 3, 0)]
    return devices + failed + "".join(f"{task} ({n}, 1, {n}, {s}, '', 1, 1, {quiet});" for n, s, quiet in more)


def known(engine: str) -> list[Migration]:
    return [migration for migration in migrations_for(engine) if migration.number <= BEFORE]


REASONS = "SELECT id, reason FROM task ORDER BY id"
COUNTERS = "SELECT list, n FROM list_count WHERE list LIKE 'reasons:%' AND block = -1 ORDER BY list"
EXPECTED = [*enumerate([*FAILED.values(), 4, 0, 0], 1)]
COUNTED = [(f"reasons:1:{number}", n) for number, n in ((1, 1), (2, 1), (3, 2), (4, 3), (5, 1), (6, 1), (7, 1), (8, 1))]


def put(statements: str, url: str) -> None:
    """One by one, as the server wants them."""
    for statement in filter(str.strip, statements.split(";")):
        shared_server().execute(statement, url)


async def test_F24_postgresql_has_the_same() -> None:
    """The same reasons and counters as on SQLite."""
    server = shared_server()
    url = server.empty_database()
    try:
        await migrate_postgresql(url, 1, migrations_for("postgresql")[:1])
        put(OLD_ROWS.replace("x'00'", "'\\x00'"), url)
        await migrate_postgresql(url, 2, known("postgresql"))
        put(rows(), url)
        await migrate_postgresql(url, 3)
        assert server.execute(REASONS, url) == EXPECTED
        assert server.execute(COUNTERS, url) == COUNTED
    finally:
        server.drop(url)


def test_F24_failures_of_earlier_releases_have_a_reason(tmp_path: Path) -> None:
    """By the words that the server had described them with; the devices' own are not made alike again."""
    connection = open_connection(tmp_path / "whimbrel.db")
    migrate(connection, 1, migrations_for("sqlite")[:1])
    connection.execute(OLD_ROWS)
    migrate(connection, 2, known("sqlite"))
    connection.execute(rows())
    migrate(connection, 3)
    assert connection.execute(REASONS).fetchall() == EXPECTED
    assert connection.execute(COUNTERS).fetchall() == COUNTED
    for slot in (-1, 50):
        with pytest.raises(apsw.ConstraintError):
            connection.execute("INSERT INTO device_event (device_id, slot, at_ms) VALUES (1, ?, 1)", (slot,))
    for slot in (-1, 10):
        with pytest.raises(apsw.ConstraintError):
            connection.execute("INSERT INTO device_stay VALUES (1, ?, 1, 1, 1)", (slot,))
    for number in (15, 66):
        with pytest.raises(apsw.ConstraintError):
            connection.execute("INSERT INTO job_reason VALUES (1, ?, 4, 'x')", (number,))
    connection.close()
