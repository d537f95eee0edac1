"""What a device costs in fleets of several sizes: its share of making a job, of telling who is online, and its reports.

In process, through the engine and the ingest, without sockets, so that what is measured is the store and its rules.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from bench.fleet import PLAIN_INSERT, Fleet, add_fleet, add_fleet_to_postgresql
from bench.million import Scale, copy_tables, fill_sqlite, tables
from tests.postgresql import PostgresqlServer
from whimbrel.adapters.clock import SystemClock
from whimbrel.adapters.sealing.aes_gcm import AesGcmSealer
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.adapters.store.sqlite import SqliteStore, open_connection
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import Job, JobDraft, JobType
from whimbrel.domain.notice import LinkMaker, UpgradeNotice
from whimbrel.domain.rollout import GUARDED, Hold
from whimbrel.domain.task import Task
from whimbrel.engine.execute import Engine
from whimbrel.gateway.ingest import Ingest, Item
from whimbrel.ports.device_channel import SessionEnd
from whimbrel.ports.store import Because, Store, Transaction
from whimbrel.reports import inform_version, report_progress
from whimbrel.reports.declaration import Outcome

SIZES = (10_000, 100_000, 1_000_000)
STORES = ("SQLite", "PostgreSQL")
ONLINE_EVERY = 10
REPORTS_EACH = 2  # its progress, and the new version
REPORTS_AT_ONCE = 10_000
FIRST_DEVICES = 500  # as many as the call makes itself
SCALE = Scale(1, 2, 1)  # one product, a job that has ended, and the device that the others are copies of
SEALER = AesGcmSealer(bytes(32))
LINKS = LinkMaker(bytes(32), "https://ota.example")
NOW_MS = 1_800_000_000_000


class Cost(NamedTuple):
    """Of one fleet on one store, in microseconds: by device for what is made, by what is told and what is reported."""

    store: str
    devices: int
    plain: float
    made: float
    told: float
    reported: float


class Found(NamedTuple):
    """One fleet: see `Cost`."""

    plain: float
    made: float
    told: float
    reported: float


class Bench(NamedTuple):
    """An open store with the fleet in it. `plain` runs the plain statement on it; `tidy` is what the database does by
    itself within a minute.
    """

    store: Store
    fleet: Fleet
    plain: Callable[[], Coroutine[Any, Any, object]]
    tidy: Callable[[], Coroutine[Any, Any, object]]


class Channel:
    """Port `DeviceChannel`: counts the notices."""

    def __init__(self) -> None:
        self.count = 0

    async def post(self, store: Transaction, tasks: list[Task]) -> list[Task]:
        return tasks

    async def send(self, notice: UpgradeNotice) -> bool:
        self.count += 1
        return True

    async def end(self, end: SessionEnd) -> bool:
        return False

    async def ping(self) -> None:
        return


class Sink:
    """A session that counts what became durable."""

    def __init__(self) -> None:
        self.count = 0

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        self.count += 1

    def failed(self) -> None:
        raise SystemExit("the store took no reports, so nothing can be said")


def costs(rounds: int) -> list[Cost]:
    """The median of the rounds, each on a fleet of its own."""
    return [
        Cost(store, devices, *map(statistics.median, zip(*(one(store, devices) for _ in range(rounds)), strict=True)))
        for store in STORES
        for devices in SIZES
    ]


def one(store: str, devices: int) -> Found:
    """One fleet, from nothing: plain, made, told, reported."""
    with tempfile.TemporaryDirectory() as folder:
        if store == "SQLite":
            return asyncio.run(_on_sqlite(Path(folder), devices))
        server = PostgresqlServer(fsync=True)
        try:
            return asyncio.run(_on_postgresql(server.new_database(), devices))
        finally:
            server.end()


async def _on_sqlite(folder: Path, devices: int) -> Found:
    database, fleet = folder / "whimbrel.db", Fleet(devices, 1, ONLINE_EVERY, "here")

    def opened() -> SqliteStore:
        return SqliteStore(database, SEALER, lambda fault: os._exit(1), NOW_MS)

    store = opened()
    async with store.transaction() as transaction:
        await transaction.accounts.add("default", NOW_MS)
    await store.close()
    fill_sqlite(database, tables(SCALE, SEALER, NOW_MS))
    add_fleet(database, fleet)

    async def plain() -> None:
        connection = open_connection(database)
        connection.execute(PLAIN_INSERT)
        connection.close()

    async def tidy() -> None:
        """One file has no statistics to keep."""

    return await _measure(Bench(opened(), fleet, plain, tidy))


async def _on_postgresql(url: str, devices: int) -> Found:
    store, fleet = PostgresqlStore(url, SEALER), Fleet(devices, 1, ONLINE_EVERY, "here")
    async with store.transaction() as transaction:
        await transaction.accounts.add("default", NOW_MS)
    await copy_tables(url, tables(SCALE, SEALER, NOW_MS))
    await add_fleet_to_postgresql(url, fleet)

    async def execute(statement: str) -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()

    return await _measure(Bench(store, fleet, partial(execute, PLAIN_INSERT), partial(execute, "VACUUM ANALYZE")))


async def _measure(bench: Bench) -> Found:
    online = (bench.fleet.devices - 1) // ONLINE_EVERY
    channel, sink = Channel(), Sink()
    engine = Engine(bench.store, channel, InProcessWakeup(), SystemClock(), LINKS)
    made = await _timed(_make(bench.store, engine))
    await bench.tidy()
    told = await _timed(_tell(bench.store, engine))
    assert channel.count == online, "who is online is told once"
    await bench.tidy()
    reported = await _timed(_report(bench.store, bench.fleet, sink))
    assert sink.count == online * REPORTS_EACH, "every report is taken in"
    await bench.store.close()
    plain = await _timed(bench.plain())
    devices = bench.fleet.devices
    return Found(plain / devices, made / devices, told / online, reported / sink.count)


async def _timed(work: Coroutine[Any, Any, object]) -> float:
    """Microseconds."""
    begun = time.perf_counter()
    await work
    return (time.perf_counter() - begun) * 1e6


async def _make(store: Store, engine: Engine) -> None:
    """The job as the call makes it, and all its tasks. It is paused, so nobody is told meanwhile."""
    async with store.transaction() as transaction:
        job_id = await transaction.jobs.add(_draft())
        await transaction.targets.freeze(await _job(transaction))
        await transaction.fleet.fill(await _job(transaction), FIRST_DEVICES, NOW_MS)
        await transaction.rollouts.hold(job_id, Hold.PAUSED, Because("to be measured"), NOW_MS)
    await engine.settle()


async def _tell(store: Store, engine: Engine) -> None:
    async with store.transaction() as transaction:
        job = await _job(transaction)
        await transaction.rollouts.resume(job.id, Because("measured"), NOW_MS)
    await engine.settle()


async def _job(transaction: Transaction) -> Job:
    """The one that is running."""
    [state] = await transaction.jobs.running(0, 2)
    return state.job


def _draft() -> JobDraft:
    return JobDraft(
        account_id=1,
        product_id=1,
        firmware_id=1,
        firmware_name="firmware",
        module_name="default",
        dest_version="2.0.0",
        required_version="",
        sha256="a" * 64,
        md5="b" * 32,
        size_bytes=1_048_576,
        sign_method="MD5",
        firmware_type=0,
        udi="",
        job_type=JobType.UPGRADE,
        target_selection="ALL",
        need_push=True,
        need_confirm=False,
        timeout_minutes=None,
        tags=(),
        fill_until=0,
        is_filled=False,
        is_gathered=False,
        created_ms=NOW_MS,
        rollout=GUARDED,
    )


async def _report(store: Store, fleet: Fleet, sink: Sink) -> None:
    """All that is online says how far it is, and then that it runs the new version."""
    ingest = Ingest(store, SystemClock(), InProcessWakeup(), LINKS)
    progress = partial(report_progress.handle.handle, report_progress.handle.read(b'{"params": {"step": "50"}}'))
    version = partial(inform_version.handle.handle, inform_version.handle.read(b'{"params": {"version": "2.0.0"}}'))
    # The template is the first device; of the copies each `online_every`-th is online.
    device_ids = range(fleet.template + fleet.online_every, fleet.template + fleet.devices, fleet.online_every)
    for name, apply in (("report_progress", progress), ("inform_version", version)):
        for first in range(0, len(device_ids), REPORTS_AT_ONCE):
            for device_id in device_ids[first : first + REPORTS_AT_ONCE]:
                ingest.submit(Item(name, device_id, apply, sink))
            await ingest.drain()
