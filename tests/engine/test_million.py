"""A job over a million devices, its process killed twenty times while it is made and dispatched (F04, I2, I3, I4)."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import asyncpg
import pytest

from bench.fleet import Fleet, add_fleet, add_fleet_to_postgresql
from tests.contract.store_cases_rig import open_at
from tests.engine.world import NODE, add_devices, add_place, firmware_draft
from tests.postgresql import PostgresqlServer
from whimbrel.adapters.store.consistency import ConsistencyCheck
from whimbrel.adapters.store.consistency_postgresql import PostgresqlConsistencyCheck
from whimbrel.adapters.store.consistency_rules import Finding

DEVICES = 1_000_000
ONLINE_EVERY = 50
ONLINE = (DEVICES - 1) // ONLINE_EVERY
KILLS = 20
STEPS_MAX = 8  # from the start of a process to its kill; all in all there are more than 200
MOMENT_SECONDS_MAX = 0.03  # after a step was announced: about as long as a step takes
MEMORY_BYTES_MAX = 300 * 1024 * 1024
INVARIANTS = {"I2", "I3", "I4", "I6"}
SEED = 20_261_126

TASKS = "SELECT count(*), count(DISTINCT device_id), min(attempt), max(attempt), min(job_id), max(job_id) FROM task"
STATUSES = "SELECT status, count(*) FROM task GROUP BY status ORDER BY status"
ORDERS = """SELECT count(*), count(DISTINCT o.device_id), count(t.id) FROM gateway_order o
LEFT JOIN task t ON t.id = o.task_id AND t.device_id = o.device_id AND t.attempt = o.attempt AND t.status = 2
  AND EXISTS (SELECT 1 FROM presence p WHERE p.device_id = o.device_id)"""


class Site(NamedTuple):
    """A store with the fleet in it, and how to look at it past all rules."""

    place: str
    ask: Callable[[str], Awaitable[list[tuple[Any, ...]]]]
    findings: Callable[[], Awaitable[list[Finding]]]


async def prepare(place: str) -> Fleet:
    """A product with one device, which the others are copies of."""
    store = open_at(place)
    product = await add_place(store)
    async with store.transaction() as transaction:
        await transaction.firmware.add(firmware_draft(product))
    [template] = await add_devices(store, product, 1)
    await store.close()
    return Fleet(DEVICES, template, ONLINE_EVERY, NODE)


async def sqlite_site(folder: Path) -> AsyncIterator[Site]:
    fleet, database = await prepare(str(folder)), folder / "whimbrel.db"
    add_fleet(database, fleet)

    async def ask(sql: str) -> list[tuple[Any, ...]]:
        connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
        rows = connection.execute(sql).fetchall()
        connection.close()
        return rows

    async def findings() -> list[Finding]:
        check = ConsistencyCheck(database)
        found = list(check.findings())
        check.close()
        return found

    yield Site(str(folder), ask, findings)


async def postgresql_site(folder: Path) -> AsyncIterator[Site]:
    """On a server of its own: a database of this size would stay with the one that tests share."""
    server = PostgresqlServer(fsync=False)
    try:
        url = server.new_database()
        await add_fleet_to_postgresql(url, await prepare(url))

        async def ask(sql: str) -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(url)
            rows = [tuple(row) for row in await connection.fetch(sql)]
            await connection.close()
            return rows

        async def findings() -> list[Finding]:
            check = await PostgresqlConsistencyCheck.open(url)
            found = [finding async for finding in check.findings()]
            await check.close()
            return found

        yield Site(url, ask, findings)
    finally:
        server.end()


@pytest.fixture(params=[sqlite_site, postgresql_site])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    async for made in request.param(tmp_path):
        yield made


class Run(NamedTuple):
    """One life of the process. `memory_bytes` is the most it ever had."""

    status: int
    memory_bytes: int


async def run_child(place: str, dice: random.Random | None) -> Run:
    """With dice, it is killed at a moment that they choose; without, it ends by itself."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.engine.million_child", place, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    memory_bytes, steps = 0, dice.randrange(STEPS_MAX + 1) if dice else -1
    while steps != 0 and await child.stdout.readline():
        memory_bytes = max(memory_bytes, peak_bytes(child.pid))
        steps -= 1
    if dice:
        # Without a step to wait for: while it starts, and makes the job.
        await asyncio.sleep(dice.uniform(0, MOMENT_SECONDS_MAX))
        memory_bytes = max(memory_bytes, peak_bytes(child.pid))
        child.kill()
    return Run(await child.wait(), memory_bytes)


def peak_bytes(pid: int) -> int:
    """VmHWM of a running process; 0 when it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(peak.split()[1]) * 1024


async def test_F04_killed_while_a_million_tasks_are_made(site: Site) -> None:
    """Exactly one task for each device, each online one told once, all rules kept, and little memory used."""
    dice = random.Random(SEED)
    runs = [await run_child(site.place, dice) for _ in range(KILLS)]
    assert {run.status for run in runs} == {-9}, "each process is killed at work"
    [(filled,)] = await site.ask("SELECT count(*) FROM job WHERE is_filled = 1 AND dispatch_after >= 1000000")
    assert filled == 0, "the kills came while there was something to do"
    runs.append(await run_child(site.place, None))
    assert runs[-1].status == 0
    assert await site.ask(TASKS) == [(DEVICES, DEVICES, 1, 1, 1, 1)]
    assert await site.ask(STATUSES) == [(1, DEVICES - ONLINE), (2, ONLINE)]
    assert await site.ask(ORDERS) == [(ONLINE, ONLINE, ONLINE)]
    broken = [
        finding for finding in await site.findings() if not finding.holds and finding.rule.invariant in INVARIANTS
    ]
    assert broken == []
    assert max(run.memory_bytes for run in runs) < MEMORY_BYTES_MAX
