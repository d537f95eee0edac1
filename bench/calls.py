"""Signed list, query and create on either store, each beside what the store itself can do."""

from __future__ import annotations

import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import apsw

from bench.list_firmware import Effort
from bench.load import Sample, drive, write_queries
from bench.million import MILLION, NAME_OF_DEVICE, product_key
from bench.servers import AccessKey, Server
from bench.table import Row, Series, series, shares

Calls = Iterator[Mapping[str, str]]
_COMMITS_SECONDS = 1.0


class Store(NamedTuple):
    """A server on one of the stores. `commits` measures durable commits of one small row a second, on the same disk."""

    name: str
    server: Server
    key: AccessKey
    commits: Callable[[], float]


def calls(store: Store, effort: Effort) -> list[Row]:
    """ListOTAFirmware, QueryDeviceDetail, RegisterDevice: reads are held against the list, writes against commits."""
    lists: list[Sample] = []
    queries: list[Sample] = []
    creates: list[Sample] = []
    commits: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "queries"
        for number in range(effort.rounds + 1):
            found = [_round(store, file, made, effort.seconds if number else 1.0) for made in _kinds(number)]
            for samples, sample in zip((lists, queries, creates), found, strict=True):
                samples.append(sample)
            commits.append(store.commits())
    limit = _rates(lists)
    return [
        _row(store, "ListOTAFirmware, page of 10 of 1,000", limit, limit, "itself"),
        _row(store, "QueryDeviceDetail, any of 1,000,000", _rates(queries), limit, "the list"),
        _row(store, "RegisterDevice, into 1,000,000", _rates(creates), series(commits[1:]), "commits of one row"),
    ]


def sqlite_commits(folder: Path) -> float:
    """Commits a second of one row each, with the store's settings, by one writer."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        connection = apsw.Connection(str(Path(place) / "x.db"))
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE t (x)"):
            connection.execute(statement)
        begun, count = time.perf_counter(), 0
        while (spent := time.perf_counter() - begun) < _COMMITS_SECONDS:
            connection.execute("INSERT INTO t VALUES (1)")
            count += 1
        connection.close()
    return count / spent


def _kinds(number: int) -> tuple[Calls, Calls, Calls]:
    return _lists(), _queries(), _creates(number)


def _round(store: Store, file: Path, made: Calls, seconds: float) -> Sample:
    write_queries(file, made, store.key, seconds)
    return drive(store.server, file, seconds)


def _row(store: Store, what: str, measured: Series, limit: Series, limit_is: str) -> Row:
    share = shares(measured, limit)
    return Row(f"{store.name}: signed {what}", "/s", measured, limit, limit_is, share, "none", True)


def _rates(samples: list[Sample]) -> Series:
    return series(sample.requests_per_second for sample in samples[1:])


def _lists() -> Calls:
    while True:
        number = random.randint(1, MILLION.products)  # noqa: S311  no secret
        yield {"Action": "ListOTAFirmware", "CurrentPage": "1", "PageSize": "10", "ProductKey": product_key(number)}


def _queries() -> Calls:
    while True:
        name = NAME_OF_DEVICE.format(random.randint(1, MILLION.devices))  # noqa: S311  no secret
        yield {"Action": "QueryDeviceDetail", "ProductKey": product_key(1), "DeviceName": name}


def _creates(number: int) -> Calls:
    for i in itertools.count():
        name = f"bench-{time.time_ns() % 10**12}-{number}-{i}"
        yield {"Action": "RegisterDevice", "ProductKey": product_key(2), "DeviceName": name}
