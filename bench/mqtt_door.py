"""The MQTT door with thousands of devices: connects, memory while idle, notices, durable reports.

Mosquitto, which authenticates nobody and stores nothing, has the same load in the same run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench.calling import call
from bench.million import Scale, fill_postgresql, fill_sqlite, product_key, sealer_of, tables
from bench.servers import AccessKey, Server, free_port, mosquitto, root_key, whimbrel
from bench.table import Row, Series, series, shares
from tests.postgresql import PostgresqlServer

DEVICES = 15_000  # a process may open 20,000 files on many machines
REPORTS_EACH = 20
REPORTS_AT_ONCE = 10  # of one device: within what vendor SDKs keep in flight
PUSH_BYTES = 420  # as large as a notice
QUIET_SECONDS = 2.0
LOOK_SECONDS = 0.05
BYTES_PER_CONNECTION_MAX = 6 * 1024  # design.md part 6
_NAME = "device-{:07d}"


class Door(NamedTuple):
    """A running server with devices to connect."""

    name: str
    server: Server
    mqtt_port: int
    key: AccessKey | None = None
    tidy: Callable[[], object] = lambda: None
    """What the database does by itself within a minute."""


class Found(NamedTuple):
    """One round on one server; rates a second. `online`: devices whose presence is stored; the broker stores none."""

    connects: float
    online: float
    idle_bytes: float
    notices: float
    reports: float


class Budget(NamedTuple):
    """What design.md part 6 asks for on one store, a second."""

    notices: int
    reports: int


SQLITE, POSTGRESQL = Budget(10_000, 20_000), Budget(5_000, 15_000)


class Clients:
    """The process of the devices."""

    def __init__(self, door: Door) -> None:
        self._door = door
        command = [sys.executable, "-m", "bench.mqtt_clients"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603

    def say(self, do: str, **order: Any) -> dict[str, Any]:
        """One order, and its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        where = {"host": "127.0.0.1", "port": self._door.mqtt_port}
        self._process.stdin.write(json.dumps({"do": do, **where, **order}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the devices of {self._door.name} ended; their own words stand above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


def mqtt_door(rounds: int) -> list[Row]:
    """Whimbrel on SQLite, Mosquitto and Whimbrel on PostgreSQL in turns."""
    found: dict[str, list[Found]] = {"SQLite": [], "Mosquitto": [], "PostgreSQL": []}
    for _ in range(rounds):
        for name, opened in (("SQLite", sqlite_door), ("Mosquitto", mosquitto_door), ("PostgreSQL", postgresql_door)):
            with opened() as door:
                found[name].append(measure(door))
    theirs = found["Mosquitto"]
    return [
        *_rows("SQLite", found["SQLite"], theirs, SQLITE),
        *_rows("PostgreSQL", found["PostgreSQL"], theirs, POSTGRESQL),
    ]


def measure(door: Door) -> Found:
    """Connect all, look at the memory, notify all, take the reports of all."""
    clients = Clients(door)
    try:
        before, begun = door.server.memory_bytes(), time.perf_counter()
        devices = {"product_key": product_key(1), "name": _NAME, "first": 1, "count": DEVICES}
        connects = DEVICES / clients.say("connect", subscribes=door.key is None, **devices)["seconds"]
        _until_online(door)
        online = DEVICES / (time.perf_counter() - begun)
        time.sleep(QUIET_SECONDS)
        idle = (door.server.memory_bytes() - before) / DEVICES
        door.tidy()
        clients.say("expect", count=DEVICES)
        if door.key is None:
            notices = DEVICES / clients.say("publish", payload_bytes=PUSH_BYTES)["seconds"]
        else:
            notices = DEVICES / _roll_out(door, clients)
        found = clients.say("report", each=REPORTS_EACH, window=REPORTS_AT_ONCE)
        return Found(connects, online, idle, notices, found["reports"] / found["seconds"])
    finally:
        clients.end()


def _rows(store: str, ours: list[Found], theirs: list[Found], budget: Budget) -> list[Row]:
    """Our rounds beside Mosquitto's."""

    def row(what: str, field: str, of_limit: str, asked: str, least: float | None) -> Row:
        measured = series(getattr(found, field) for found in ours)
        limit = series(getattr(found, of_limit) for found in theirs)
        share = shares(measured, limit)
        is_kept = share.median >= 0.5 if least is None else measured.median >= least
        return Row(f"{store}: {what}", "/s", measured, limit, "Mosquitto", share, asked, is_kept)

    idle, limit = _memory(ours), _memory(theirs)
    return [
        row(f"MQTT connects, {DEVICES:,} devices", "connects", "connects", "0.5 of it", None),
        row("the same until they are stored as online", "online", "connects", "none", 0),
        Row(
            f"{store}: an idle MQTT connection",
            "bytes",
            idle,
            limit,
            "Mosquitto",
            shares(idle, limit),
            f"≤ {BYTES_PER_CONNECTION_MAX:,} bytes",
            idle.median <= BYTES_PER_CONNECTION_MAX,
        ),
        row("devices told of a job", "notices", "notices", f"≥ {budget.notices:,}/s", budget.notices),
        row("reports, durable", "reports", "reports", f"≥ {budget.reports:,}/s", budget.reports),
    ]


@contextmanager
def sqlite_door() -> Iterator[Door]:
    """Whimbrel on a new data folder with the devices in it."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with whimbrel(data):
            pass  # a first start makes the schema, the account and its root key
        fill_sqlite(data / "whimbrel.db", tables(Scale(1, 2, DEVICES), sealer_of(data), time.time_ns() // 1_000_000))
        mqtt_port = free_port()
        with whimbrel(data, mqtt_port=mqtt_port) as server:
            yield Door("Whimbrel on SQLite", server, mqtt_port, root_key(data))


@contextmanager
def mosquitto_door() -> Iterator[Door]:
    """Mosquitto as Debian has it, on a port of its own."""
    with mosquitto() as server:
        yield Door("Mosquitto", server, server.port)


def _until_online(door: Door) -> None:
    """The CONNACK comes before the presence is stored: wait until it is for all."""
    if door.key is None:
        return
    wanted = {"Action": "QueryDeviceStatistics", "ProductKey": product_key(1)}
    while call(door.server, door.key, wanted)["data"]["onlineCount"] < DEVICES:
        time.sleep(LOOK_SECONDS)


def _roll_out(door: Door, clients: Clients) -> float:
    """Seconds from the call that makes a job for all until the last device has been told."""
    assert door.key is not None
    begun = time.perf_counter()
    wanted = {"FirmwareId": "2", "ProductKey": product_key(1), "TargetSelection": "ALL"}
    call(door.server, door.key, {"Action": "CreateOTAStaticUpgradeJob", **wanted})
    clients.say("told")
    return time.perf_counter() - begun


def _memory(found: list[Found]) -> Series:
    return series(one.idle_bytes for one in found)


@contextmanager
def postgresql_door() -> Iterator[Door]:
    """Whimbrel on a private PostgreSQL, with fsync as an operator runs it, with the devices in it."""
    server_of_database = PostgresqlServer(fsync=True)
    try:
        url = server_of_database.empty_database()
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            with whimbrel(data, url):
                pass
            fill_postgresql(url, data, Scale(1, 2, DEVICES))
            mqtt_port = free_port()
            with whimbrel(data, url, mqtt_port) as server:
                tidy = partial(server_of_database.execute, "ANALYZE", url)
                yield Door("Whimbrel on PostgreSQL", server, mqtt_port, root_key(data), tidy)
    finally:
        server_of_database.end()
