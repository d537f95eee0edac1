"""`whimbrel check` on PostgreSQL: silent about a good store, and sure about damage. Each rule's own proof is in
`tests/cli/test_check.py`: the rules are the same, so here it is proved that they run and find.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.engine.world import SEALER, add_devices, add_job, add_place, cancel, fill, firmware_draft, put_task, tasks_of
from tests.postgresql import shared_server
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.adapters.store.consistency_postgresql import PostgresqlConsistencyCheck
from whimbrel.adapters.store.consistency_rules import load_rules
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.domain.task import TaskStatus
from whimbrel.errors import StoreUnavailableError

DAMAGES = {
    "indexes_are_whole": "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'task_due'::regclass",
    "references_are_enforced": "ALTER TABLE task DISABLE TRIGGER ALL",
    "device_once_in_a_job": "DROP INDEX task_of_job_device; UPDATE task SET device_id = 1, status = 5",
    "one_open_task_per_device": "DROP INDEX task_open_of_device; DROP INDEX task_of_job_device;"
    "UPDATE task SET device_id = 1, status = 1",
    "counters_count_their_rows": "UPDATE list_count SET n = n + 1 WHERE list = 'tasks:1' AND block = 0",
    "success_is_complete": "UPDATE task SET progress = 99 WHERE status = 4",
    "target_set_complete": "DELETE FROM task WHERE id = (SELECT max(id) FROM task)",
    "devices_stay_in_their_account": "INSERT INTO account (id, name, created_ms) VALUES (9, 'other', 1);"
    "UPDATE device SET account_id = 9 WHERE id = 1",
}


@pytest.fixture
async def database() -> AsyncIterator[str]:
    """A store with a job whose tasks are in several states."""
    url = shared_server().new_database()
    store = PostgresqlStore(url, SEALER)
    place = await add_place(store)
    await add_devices(store, place, 4)
    job = await fill(store, await add_job(store, place))
    first, second, *_ = (await tasks_of(store, job)).values()
    await put_task(store, first, status=TaskStatus.FAILED)
    await put_task(store, second, status=TaskStatus.NOTIFIED)
    await cancel(store, job, TaskStatus.QUEUED)
    async with store.transaction() as transaction:
        await transaction.firmware.add(firmware_draft(place))
    await store.close()
    yield url
    shared_server().drop(url)


@asynccontextmanager
async def checking(url: str) -> AsyncIterator[PostgresqlConsistencyCheck]:
    check = await PostgresqlConsistencyCheck.open(url)
    try:
        yield check
    finally:
        await check.close()


async def broken_rules(url: str) -> dict[str, tuple[dict[str, object], ...]]:
    async with checking(url) as check:
        found = [finding async for finding in check.findings()]
    assert [finding.rule for finding in found] == list(load_rules("postgresql")[0])
    return {finding.rule.name: finding.offenders for finding in found if not finding.holds}


async def test_every_rule_holds(database: str) -> None:
    """In the middle of a rollout every rule holds."""
    assert await broken_rules(database) == {}


@pytest.mark.parametrize("rule", DAMAGES)
async def test_a_damage_breaks_its_rule(database: str, rule: str) -> None:
    """A rule is broken by what it is there to find, and says which rows break it."""
    shared_server().script("UPDATE task SET status = 4, progress = 100 WHERE id = 1;" + DAMAGES[rule], database)
    broken = await broken_rules(database)
    assert rule in broken
    assert "cannot be judged" not in str(broken[rule][0])


async def test_it_cannot_write(database: str) -> None:
    """The check's connection refuses every write."""
    async with checking(database) as check:
        check._rules = dict.fromkeys(check._rules, "DELETE FROM list_count RETURNING n")
        found = [finding async for finding in check.findings()]
    assert all("read-only" in str(finding.offenders[0]["fault"]) for finding in found)
    assert await broken_rules(database) == {}


async def test_I11_missing_objects(database: str, tmp_path: Path) -> None:
    """Objects that rows need and the firmware store lacks are found."""
    firmware_store = DiskFirmwareStore(tmp_path / "firmware", new_name=str)
    async with checking(database) as check:
        finding = await check.objects_finding(firmware_store)
    await firmware_store.close()
    assert [offender["sha256"] for offender in finding.offenders] == ["a" * 64]


@pytest.mark.parametrize("sql", ["DELETE FROM schema_migration", "INSERT INTO schema_migration VALUES (9999, '', 1)"])
async def test_another_releases_store(database: str, sql: str) -> None:
    """A store of an older or newer schema is not judged by rules that are not its own."""
    shared_server().script(sql, database)
    with pytest.raises(StoreUnavailableError, match="this release checks"):
        await PostgresqlConsistencyCheck.open(database)


async def test_what_is_no_store() -> None:
    """An empty database, and one that is not there, cannot be checked."""
    url = shared_server().empty_database()
    for wrong in (url, shared_server().url("missing")):
        with pytest.raises(StoreUnavailableError):
            await PostgresqlConsistencyCheck.open(wrong)
    shared_server().drop(url)
