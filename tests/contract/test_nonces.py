"""The contract of the port Nonces, held by every adapter (I14, A03)."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.store_cases_sqlite import Disk, disk
from tests.postgresql import shared_server
from whimbrel.adapters.store.postgresql_nonces import FORGET_AT_MOST, FORGET_EVERY, PostgresqlNonces
from whimbrel.adapters.store.sqlite_nonces import CHECKPOINT_EVERY, SqliteNonces
from whimbrel.ports.nonces import Nonces as Port

__all__ = ["disk"]  # a fixture of this file, too

MINUTE_MS = 60_000
KEPT_MS = 35 * MINUTE_MS
NOW_MS = 1_700_000_000_000

#: Uses a nonce in a process that is killed right after the answer.
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.contract.test_nonces import open_nonces
print(asyncio.run(open_nonces(sys.argv[1]).use("key", "nonce", int(sys.argv[2]))), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


class Nonces(Port, Protocol):
    """The port, and the adapters' end."""

    async def close(self) -> None: ...


def open_nonces(place: str) -> Nonces:
    """The nonces of either adapter: a file's path, or a database's URL."""
    return PostgresqlNonces(place) if place.startswith("postgresql:") else SqliteNonces(Path(place))


class Rig:
    """Nonces of one adapter, and ways to come back to them or to begin anew."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.nonces = open_nonces(place)

    async def reopen(self) -> Nonces:
        await self.nonces.close()
        self.nonces = open_nonces(self.place)
        return self.nonces

    async def fresh(self) -> Nonces:
        await self.nonces.close()
        self.empty()
        self.nonces = open_nonces(self.place)
        return self.nonces

    def empty(self) -> None:
        Path(self.place).unlink()

    def fill_disk(self, disk: Disk) -> None:
        disk.is_full = True

    def make_room(self, disk: Disk) -> None:
        disk.is_full = False


class PostgresqlRig(Rig):
    """Its full disk is a trigger that refuses rows with the words of one."""

    def empty(self) -> None:
        self.execute("TRUNCATE nonce")

    def fill_disk(self, disk: Disk) -> None:
        self.execute(
            "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$"
        )
        self.execute("CREATE TRIGGER full_disk BEFORE INSERT ON nonce EXECUTE FUNCTION fill()")

    def make_room(self, disk: Disk) -> None:
        self.execute("DROP FUNCTION fill() CASCADE")

    def execute(self, sql: str) -> list[tuple[Any, ...]]:
        return shared_server().execute(sql, self.place)


@pytest.fixture(params=["postgresql", "sqlite"])
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    if request.param == "postgresql":
        made: Rig = PostgresqlRig(shared_server().new_database())
    else:
        made = Rig(str(tmp_path / "nonces.db"))
    yield made
    await made.nonces.close()
    if request.param == "postgresql":
        shared_server().drop(made.place)


async def test_I14_once(rig: Rig) -> None:
    """A nonce works once."""
    assert [await rig.nonces.use("key", "nonce", NOW_MS) for _ in range(3)] == [True, False, False]


async def test_I14_per_key(rig: Rig) -> None:
    """Two keys may use the same nonce, and no mixture of key and nonce is another's."""
    pairs = [
        ("key", "nonce"),
        ("key2", "nonce"),
        ("key", "2nonce"),
        ("ke", "ynonce"),
        ("", "keynonce"),
        ("KEY", "nonce"),
    ]
    assert [await rig.nonces.use(key, nonce, NOW_MS) for key, nonce in pairs] == [True] * len(pairs)
    assert [await rig.nonces.use(key, nonce, NOW_MS) for key, nonce in pairs] == [False] * len(pairs)


async def test_I14_restart(rig: Rig) -> None:
    """A restart forgets no nonce."""
    await rig.nonces.use("key", "nonce", NOW_MS)
    assert not await (await rig.reopen()).use("key", "nonce", NOW_MS + KEPT_MS)


async def test_I14_kill(rig: Rig) -> None:
    """A kill right after the answer forgets no nonce."""
    command = (sys.executable, "-c", KILLED, rig.place, str(NOW_MS))
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    answer, _ = await child.communicate()
    assert (answer, child.returncode) == (b"True\n", -signal.SIGKILL)
    assert not await (await rig.reopen()).use("key", "nonce", NOW_MS)


@pytest.mark.parametrize("start_ms", [NOW_MS + minutes * MINUTE_MS for minutes in range(0, 36, 5)])
async def test_I14_kept_for_35_minutes(rig: Rig, start_ms: int) -> None:
    """A nonce is remembered for 35 minutes from any moment, with busy neighbours, and over restarts."""
    await rig.nonces.use("key", "nonce", start_ms)
    for minute in range(36):
        assert not await rig.nonces.use("key", "nonce", start_ms + minute * MINUTE_MS)
        assert await rig.nonces.use("key", f"neighbour {minute}", start_ms + minute * MINUTE_MS)
    nonces = await rig.reopen()
    assert not await nonces.use("key", "nonce", start_ms + KEPT_MS)


async def test_I17_forgotten_in_the_end(rig: Rig) -> None:
    """An old nonce is forgotten, so that the record does not grow for ever."""
    await rig.nonces.use("key", "nonce", NOW_MS)
    assert await rig.nonces.use("key", "nonce", NOW_MS + 2 * KEPT_MS)


@pytest.mark.parametrize("back_ms", [1, MINUTE_MS, KEPT_MS, 2 * KEPT_MS, 10 * KEPT_MS, NOW_MS])
async def test_F16_clock_set_back(rig: Rig, back_ms: int) -> None:
    """A clock that is set back, for however long, brings no used nonce to life."""
    await rig.nonces.use("key", "nonce", NOW_MS)
    assert not await rig.nonces.use("key", "nonce", NOW_MS - back_ms)
    assert await rig.nonces.use("key", "while back", NOW_MS - back_ms)
    nonces = await rig.reopen()
    for name in ("nonce", "while back"):
        for now_ms in (NOW_MS - back_ms, NOW_MS):
            assert not await nonces.use("key", name, now_ms)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    uses=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 40)), max_size=30),
)
async def test_I14_any_history(rig: Rig, uses: list[tuple[str, int, int]]) -> None:
    """On a clock that goes forward, no nonce of any history is accepted twice within 35 minutes."""
    nonces = await rig.fresh()
    now_ms, accepted_ms = NOW_MS, dict[tuple[str, int], int]()
    for name, nonce, minutes in uses:
        now_ms += minutes * MINUTE_MS
        is_new = await nonces.use(name, str(nonce), now_ms)
        last_ms = accepted_ms.get((name, nonce))
        if last_ms is None:
            assert is_new
        elif is_new:
            assert now_ms - last_ms > KEPT_MS
        if is_new:
            accepted_ms[name, nonce] = now_ms


async def test_F14_full_disk(disk: Disk, rig: Rig) -> None:
    """On a full disk new nonces are taken, so that reads and halts go on, and used nonces stay used, also later."""
    await rig.nonces.use("key", "before", NOW_MS)
    rig.fill_disk(disk)
    while_full = [await rig.nonces.use("key", nonce, NOW_MS) for nonce in ("before", "meanwhile", "meanwhile")]
    rig.make_room(disk)
    after = [await rig.nonces.use("key", nonce, NOW_MS) for nonce in ("before", "meanwhile", "after", "after")]
    assert while_full == [False, True, False]
    assert after == [False, False, True, False]


async def test_I14_full_disk_and_restart(disk: Disk, rig: Rig) -> None:
    """A nonce that was used while the disk was full is not forgotten by a restart after there was room again."""
    rig.fill_disk(disk)
    assert await rig.nonces.use("key", "meanwhile", NOW_MS)
    rig.make_room(disk)
    assert await rig.nonces.use("key", "after", NOW_MS)
    assert not await (await rig.reopen()).use("key", "meanwhile", NOW_MS)


async def test_any_text(rig: Rig) -> None:
    """Nonces are any text of the wire, up to its longest."""
    for nonce in ("", "\0", "ü", "x" * 128, "x" * 127, "'; DROP TABLE turn; --"):
        assert [await rig.nonces.use("key", nonce, NOW_MS) for _ in range(2)] == [True, False]


async def test_I17_the_log_is_bounded_under_load(tmp_path: Path) -> None:
    """SQLite: the log of a server that is never idle does not grow with the number of calls."""
    path, sizes = tmp_path / "nonces.db", []
    nonces = SqliteNonces(path)
    for number in range(5 * CHECKPOINT_EVERY):
        assert await nonces.use("key", str(number), NOW_MS)
        await asyncio.sleep(0)
        if number % CHECKPOINT_EVERY == 0:
            sizes.append(path.with_name("nonces.db-wal").stat().st_size)
    await nonces.close()
    assert path.stat().st_size > 64 * 1024
    assert sizes[-1] < 4 * sizes[1]


async def test_I17_rows_are_bounded_under_load() -> None:
    """PostgreSQL: the table holds the nonces of the last 35 minutes, and few others, however many came before."""
    rig = PostgresqlRig(shared_server().new_database())
    for minutes in (0, 36, 72):
        uses = (rig.nonces.use("key", f"{minutes} {number}", NOW_MS + minutes * MINUTE_MS) for number in range(1_000))
        assert all([await use for use in uses])
    await rig.nonces.close()
    [(rows,)] = rig.execute("SELECT count(*) FROM nonce")
    shared_server().drop(rig.place)
    assert FORGET_AT_MOST > FORGET_EVERY
    assert rows <= 1_000 + FORGET_EVERY


async def test_I14_on_all_nodes() -> None:
    """PostgreSQL: of uses of one nonce that race in several processes, exactly one is taken."""
    url = shared_server().new_database()
    nodes = [PostgresqlNonces(url) for _ in range(3)]
    for number in range(20):
        uses = (nonces.use("key", str(number), NOW_MS) for nonces in nodes * 2)
        assert sorted(await asyncio.gather(*uses)) == [False] * 5 + [True]
    await asyncio.gather(*(nonces.close() for nonces in nodes))
    shared_server().drop(url)
