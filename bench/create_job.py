"""A job over a million devices, made by a signed call: when it is answered, and when all its tasks are durable.

Beside it one plain `INSERT … SELECT` of as many tasks into the same table of the same store.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg

from bench.calling import call
from bench.fleet import PLAIN_INSERT, Fleet, add_fleet, add_fleet_to_postgresql
from bench.million import Scale, fill_postgresql, fill_sqlite, product_key, sealer_of, tables
from bench.servers import AccessKey, Server, root_key, whimbrel
from bench.table import Row, series, shares
from tests.postgresql import PostgresqlServer
from whimbrel.adapters.store.sqlite import open_connection

DEVICES = 1_000_000
FIRST = Scale(1, 2, 1)  # one product, two firmware, the device that the others are copies of
FLEET = Fleet(DEVICES, 1, DEVICES, "nowhere")
ROUNDS_MAX = 3  # each leaves a million tasks more
LOOK_SECONDS = 0.02
ANSWER_SECONDS_MAX = 1.0  # design.md part 6
DURABLE_SECONDS_MAX = {"SQLite": 5.0, "PostgreSQL": 15.0}


class Site(NamedTuple):
    """A running server with the fleet. `plain` runs the plain statement beside it: seconds until it is durable."""

    name: str
    server: Server
    key: AccessKey
    plain: Callable[[], float]


class Made(NamedTuple):
    """Seconds from the call to its answer, to the last task, and from a cancel to the last cancelled one."""

    answered: float
    durable: float
    cancelled: float


def create_job(rounds: int) -> list[Row]:
    """On both stores; the job of each round is cancelled as a whole before the next one."""
    rows = []
    for opened in (_sqlite, _postgresql):
        with opened() as site:
            made = [_make(site) for _ in range(min(rounds, ROUNDS_MAX))]
            rows += _rows(site.name, made, site.plain())
    return rows


def _make(site: Site) -> Made:
    begun = time.perf_counter()
    wanted = {"FirmwareId": "2", "ProductKey": product_key(1), "TargetSelection": "ALL"}
    job_id = str(call(site.server, site.key, {"Action": "CreateOTAStaticUpgradeJob", **wanted})["Data"]["JobId"])
    answered = time.perf_counter() - begun
    _wait(site, job_id)
    durable = time.perf_counter() - begun
    begun = time.perf_counter()
    call(site.server, site.key, {"Action": "CancelOTATaskByJob", "JobId": job_id, "CancelQueuedTask": "true"})
    _wait(site, job_id, TaskStatus="CANCELED")
    return Made(answered, durable, time.perf_counter() - begun)


def _wait(site: Site, job_id: str, **narrowed: str) -> None:
    """Until the job's list has all devices."""
    asked = {"Action": "ListOTATaskByJob", "JobId": job_id, "CurrentPage": "1", "PageSize": "1", **narrowed}
    while call(site.server, site.key, asked)["Total"] < DEVICES:
        time.sleep(LOOK_SECONDS)


def _rows(store: str, made: list[Made], plain_seconds: float) -> list[Row]:
    limit = series([plain_seconds] * len(made), 2)

    def row(what: str, field: str, seconds_max: float | None) -> Row:
        measured = series((getattr(one, field) for one in made), 2)
        asked = "none" if seconds_max is None else f"≤ {seconds_max:g} s"
        is_kept = seconds_max is None or measured.median <= seconds_max
        what = f"{store}: {what}, {DEVICES:,} devices"
        return Row(what, "s", measured, limit, "one INSERT … SELECT", shares(limit, measured), asked, is_kept)

    return [
        row("a job is made: answered", "answered", ANSWER_SECONDS_MAX),
        row("a job is made: all tasks durable", "durable", DURABLE_SECONDS_MAX[store]),
        row("a job is cancelled: all tasks", "cancelled", None),
    ]


@contextmanager
def _sqlite() -> Iterator[Site]:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with whimbrel(data):
            pass  # a first start makes the schema, the account and its root key
        database = data / "whimbrel.db"
        fill_sqlite(database, tables(FIRST, sealer_of(data), time.time_ns() // 1_000_000))
        add_fleet(database, FLEET)

        def plain() -> float:
            connection = open_connection(database)
            begun = time.perf_counter()
            connection.execute(PLAIN_INSERT)
            spent = time.perf_counter() - begun
            connection.close()
            return spent

        with whimbrel(data) as server:
            yield Site("SQLite", server, root_key(data), plain)


@contextmanager
def _postgresql() -> Iterator[Site]:
    server_of_database = PostgresqlServer(fsync=True)
    try:
        url = server_of_database.empty_database()
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            with whimbrel(data, url):
                pass
            fill_postgresql(url, data, FIRST)
            asyncio.run(add_fleet_to_postgresql(url, FLEET))
            with whimbrel(data, url) as server:
                yield Site("PostgreSQL", server, root_key(data), lambda: asyncio.run(_plain(url)))
    finally:
        server_of_database.end()


async def _plain(url: str) -> float:
    connection = await asyncpg.connect(url)
    begun = time.perf_counter()
    await connection.execute(PLAIN_INSERT)
    spent = time.perf_counter() - begun
    await connection.close()
    return spent
