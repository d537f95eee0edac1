"""DDI polls while a rollout is active: ours on both stores, the Python peer's, and a bare Starlette route as the limit.

Every device has something to install, so each answer offers a deployment. All four servers are up at once and take
turns under the same load, so that each of them meets the same moments of the machine.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg

from bench.goosebit import TENANT, goosebit, starlette_route
from bench.list_firmware import Effort
from bench.load import Sample, drive_polls
from bench.servers import Server
from bench.table import Row, series, shares
from tests.clients.ddi_back_end import DdiBackEnd
from tests.postgresql import PostgresqlServer
from tests.story.servers import WhimbrelServer

DEVICES = 1_000
POLLS_PER_SECOND_MIN = 5_000
WARM_UP_SECONDS = 2
_LIMIT, _PEER, _SQLITE, _POSTGRESQL = "Starlette", "goosebit", "SQLite", "PostgreSQL"


_Start = Callable[[Path, list[str]], AbstractContextManager[Server]]


class Polled(NamedTuple):
    """A server and the file with the polls that its devices make."""

    server: Server
    polls: Path


def ddi_polls(effort: Effort) -> list[Row]:
    """A row for each of our stores and one for the peer, with the bare route as the limit of all."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        polled = {name: stack.enter_context(started) for name, started in _all(Path(folder))}
        samples: dict[str, list[Sample]] = {name: [] for name in polled}
        for target in polled.values():
            _round(target, WARM_UP_SECONDS)
        for _ in range(effort.rounds):
            for name, target in polled.items():
                samples[name].append(_round(target, effort.seconds))
    return [_row(name, samples) for name in (_SQLITE, _POSTGRESQL, _PEER)]


def _round(target: Polled, seconds: float) -> Sample:
    return drive_polls(target.server, target.polls, seconds)


def _row(name: str, samples: dict[str, list[Sample]]) -> Row:
    measured, limit = (series(sample.requests_per_second for sample in samples[of]) for of in (name, _LIMIT))
    has_budget = name == _POSTGRESQL
    return Row(
        f"{name}: DDI polls, {DEVICES:,} devices, active rollout",
        unit="/s",
        measured=measured,
        limit=limit,
        limit_is="a bare Starlette route",
        share=shares(measured, limit),
        budget=f"≥ {POLLS_PER_SECOND_MIN:,}/s" if has_budget else "none",
        is_kept=not has_budget or measured.median >= POLLS_PER_SECOND_MIN,
    )


def _all(folder: Path) -> Iterator[tuple[str, AbstractContextManager[Polled]]]:
    yield _LIMIT, _of_peer(folder, "starlette", lambda place, names: starlette_route())
    yield _PEER, _of_peer(folder, "goosebit", goosebit)
    yield _SQLITE, _ours(folder, None)
    yield _POSTGRESQL, _on_postgresql(folder)


@contextmanager
def _of_peer(folder: Path, name: str, start: _Start) -> Iterator[Polled]:
    place = folder / name
    place.mkdir()
    names = _names()
    polls = _write_polls(place, TENANT, names, "TargetToken none")
    with start(place, names) as server:
        yield Polled(server, polls)


@contextmanager
def _ours(folder: Path, database: str | None) -> Iterator[Polled]:
    """Whimbrel with the devices and a job over all of them; one gateway token speaks for each."""
    place = folder / ("sqlite" if database is None else "postgresql")
    place.mkdir()
    server = WhimbrelServer(place / "var", *(() if database is None else ("--database", database)))
    server.start()
    try:
        back_end = DdiBackEnd(server)
        product_key, token, job_id = _set_up(back_end)
        polls = _write_polls(place, product_key, _names(), f"GatewayToken {token}")
        polled = Polled(Server(server.pid, server.http_port, 0.0), polls)
        _tell_all(polled, back_end, job_id)
        if database is not None:
            asyncio.run(_analyze(database))
        yield polled
    finally:
        server.end()


@contextmanager
def _on_postgresql(folder: Path) -> Iterator[Polled]:
    database = PostgresqlServer(fsync=True)
    try:
        with _ours(folder, database.empty_database()) as polled:
            yield polled
    finally:
        database.end()


def _set_up(back_end: DdiBackEnd) -> tuple[str, str, str]:
    """A product with devices and a job over all of them: the product's key and gateway token, and the job's id."""
    product_key = back_end.create_product()
    for name in _names():
        back_end.succeed("RegisterDevice", ProductKey=product_key, DeviceName=name)
    job_id = back_end.release_to_all(product_key, "2.0.0", {"os.swu": b"image"})
    made = back_end.succeed("XRotateGatewayToken", ProductKey=product_key)
    return product_key, str(made["gatewayToken"]), job_id


def _tell_all(polled: Polled, back_end: DdiBackEnd, job_id: str) -> None:
    """Poll until every device was told of its task, which writes rows; what is measured is what comes then."""
    queued = {"JobId": job_id, "TaskStatus": "QUEUED", "CurrentPage": "1", "PageSize": "10"}
    while back_end.client.call("ListOTATaskByJob", **queued).body["total"]:
        _round(polled, 1)


async def _analyze(database: str) -> None:
    """What autovacuum does on an operator's server soon after rows came; the private one here has none."""
    connection = await asyncpg.connect(database)
    await connection.execute("ANALYZE")
    await connection.close()


def _names() -> list[str]:
    return [f"gateway-{number:04d}" for number in range(DEVICES)]


def _write_polls(folder: Path, tenant: str, names: list[str], authorization: str) -> Path:
    polls = folder / "polls"
    polls.write_text("".join(f"/{tenant}/controller/v1/{name} {authorization}\n" for name in names))
    return polls
