"""A halt has capacity of its own: its turn at the embedded store, and its room on the disk (I8, F14, F23)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.store_cases_sqlite import Disk
from tests.contract.store_cases_sqlite import disk as disk
from tests.engine.world import NOW_MS, SEALER, Place, add_devices, add_job, add_place, open_store, read_job
from whimbrel.adapters.store import disk_reserve
from whimbrel.adapters.store.disk_reserve import DiskReserve
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.adapters.store.sqlite_halts import SqliteHalts
from whimbrel.adapters.store.sqlite_nonces import SqliteNonces
from whimbrel.adapters.store.turns import Turns
from whimbrel.domain.job import Job
from whimbrel.domain.rollout import Hold
from whimbrel.errors import StoreConflictError, StoreFullError
from whimbrel.ports.store import Because, Store

CROWD = 200


async def take(turns: Turns, name: str, order: list[str], *, halts: bool = False) -> None:
    async with turns.turn(halts=halts):
        order.append(name)
        await asyncio.sleep(0)


async def hold(store: Store, job: Job) -> None:
    async with store.transaction() as transaction:
        assert await transaction.rollouts.hold(job.id, Hold.PAUSED, Because("stop", "key"), NOW_MS)


class TestTurns:
    async def test_I8_who_halts_goes_first(self) -> None:
        """Whoever has the turn keeps it; then those who halt come, in their order, then the others in theirs."""
        turns, order = Turns(), list[str]()
        async with asyncio.TaskGroup() as group:
            for name in "abc":
                group.create_task(take(turns, name, order))
            for name in "HI":
                group.create_task(take(turns, name, order, halts=True))
        assert order == list("aHIbc")

    async def test_a_place_can_be_hurried_and_given_up(self) -> None:
        """What a halt waits for goes next; who is cancelled has no turn, and loses nobody else's."""
        turns, order = Turns(), list[str]()
        turns.queue()  # somebody has the turn
        async with asyncio.TaskGroup() as group:
            given_up = group.create_task(take(turns, "b", order))
            group.create_task(take(turns, "c", order))
            await asyncio.sleep(0)
            place = turns.queue()
            turns.hurry(place)
            given_up.cancel()
            await asyncio.sleep(0)
            turns.leave()
            await turns.wait(place)
            order.append("hurried")
            turns.leave()
        assert order == ["hurried", "c"]

    async def test_who_is_cancelled_with_the_turn_in_hand_passes_it_on(self) -> None:
        """The turn had come, and the task that waited was cancelled before it ran."""
        turns, order = Turns(), list[str]()
        first = turns.queue()
        waiting = asyncio.create_task(take(turns, "b", order))
        await asyncio.sleep(0)
        await turns.wait(first)
        turns.leave()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.wait_for(take(turns, "c", order), 1)
        assert order == ["c"]


class TestQueue:
    async def test_I8_a_halt_passes_a_queue_of_changes(self, tmp_path: Path) -> None:
        """Of 200 changes that wait for the writer, none but those of the commit under way is acknowledged before."""
        store = open_store(tmp_path)
        place = await add_place(store)
        job = await add_job(store, place)
        acknowledged: list[str] = []

        async def change(number: int) -> None:
            await add_devices(store, place, 1, prefix=f"n{number}")
            acknowledged.append("change")

        async def halt() -> None:
            await hold(SqliteHalts(store, DiskReserve(tmp_path / "reserve")), job)
            acknowledged.append("halt")

        store._turns.queue()  # somebody has the turn
        async with asyncio.TaskGroup() as group:
            for number in range(CROWD):
                group.create_task(change(number))
            await asyncio.sleep(0)  # they are all in the queue
            group.create_task(halt())
            await asyncio.sleep(0)
            store._turns.leave()
        assert acknowledged.index("halt") <= 2, acknowledged.index("halt")
        await store.close()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reserve of one block, looked after at every call."""
    monkeypatch.setattr(disk_reserve, "RESERVE_BYTES", disk_reserve._BLOCK_BYTES)
    monkeypatch.setattr(disk_reserve, "LOOK_SECONDS", 0.0)


@pytest.mark.usefixtures("small")
class TestReserve:
    async def test_F14_a_full_disk_lets_halts_through_and_nothing_else(self, disk: Disk, tmp_path: Path) -> None:
        """The halt that meets a full disk has its room given back, and is repeated; others are refused until there is
        room again, and then all goes on by itself (I19)."""
        reserve = DiskReserve(tmp_path / "reserve")
        store = SqliteStore(tmp_path / "whimbrel.db", SEALER, lambda reason: None, NOW_MS, reserve)
        place = await add_place(store)
        job = await add_job(store, place)
        room = steer_room(reserve)
        disk.is_full, room.is_there = True, False
        with pytest.raises(StoreFullError):
            await add_devices(store, place, 1)
        assert not reserve.is_spent, "others do not take it"
        with pytest.raises(StoreConflictError):
            await hold(SqliteHalts(store, reserve), job)
        assert reserve.is_spent
        disk.is_full = False  # by what was given back
        with pytest.raises(StoreFullError):
            await add_devices(store, place, 1)
        await hold(SqliteHalts(store, reserve), job)
        assert (await read_job(store, job)).hold is Hold.PAUSED
        room.is_there = True
        assert await until_taken(store, place)
        assert (tmp_path / "reserve").stat().st_size == disk_reserve.RESERVE_BYTES
        await reserve.close()
        await store.close()

    def test_that_it_is_spent_outlives_a_restart(self, tmp_path: Path) -> None:
        """Else a restart on a full disk would give what is left for halts to others."""
        path = tmp_path / "reserve"
        assert DiskReserve(path).give_back()
        assert path.stat().st_size == 0
        reserve = DiskReserve(path)
        assert (reserve.is_spent, path.stat().st_size) == (False, disk_reserve.RESERVE_BYTES)
        reserve.give_back()
        assert not reserve.give_back(), "there is nothing more"

    async def test_F14_nonces_leave_what_was_given_back_to_halts(self, tmp_path: Path) -> None:
        """While the reserve is spent they are kept in memory; used nonces stay used, also afterwards (I14)."""
        path, log = tmp_path / "nonces.db", tmp_path / "nonces.db-wal"
        reserve = DiskReserve(tmp_path / "reserve")
        nonces = SqliteNonces(path, reserve)
        assert await nonces.use("key", "before", NOW_MS)
        reserve.give_back()
        before_bytes = path.stat().st_size + log.stat().st_size
        assert all([await nonces.use("key", str(number), NOW_MS) for number in range(100)])
        assert [await nonces.use("key", nonce, NOW_MS) for nonce in ("before", "7")] == [False, False]
        assert path.stat().st_size + log.stat().st_size == before_bytes
        reserve._fill()
        assert [await nonces.use("key", nonce, NOW_MS) for nonce in ("before", "7", "after")] == [False, False, True]
        await nonces.close()

    def test_F14_a_filling_that_a_crash_broke_off(self, tmp_path: Path) -> None:
        """What is there of it is no reserve: it is filled at the next start."""
        path = tmp_path / "reserve"
        path.write_bytes(bytes(disk_reserve.RESERVE_BYTES - 1))
        reserve = DiskReserve(path)
        assert (reserve.is_spent, path.stat().st_size) == (False, disk_reserve.RESERVE_BYTES)

    def test_a_disk_without_room_for_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The server starts without a reserve, and says so; one that was spent stays spent."""
        monkeypatch.setattr(disk_reserve, "ROOM_BYTES_MIN", 1 << 62)
        path = tmp_path / "reserve"
        reserve = DiskReserve(path)
        reserve.check()
        assert not reserve.give_back()
        assert not path.exists()
        path.touch()
        spent = DiskReserve(path)
        assert spent.is_spent
        with pytest.raises(StoreFullError):
            spent.check()


class Room:
    is_there = True


def steer_room(reserve: DiskReserve) -> Room:
    """The disk's room, as the reserve sees it."""
    room = Room()
    has_room: Callable[[], bool] = lambda: room.is_there  # noqa: E731  it stands for a method
    reserve._has_room = has_room  # type: ignore[method-assign]
    return room


async def until_taken(store: SqliteStore, place: Place) -> bool:
    """Changes are taken again, after at most some tries."""
    for _ in range(500):
        try:
            await add_devices(store, place, 1, prefix="again")
        except StoreFullError:
            await asyncio.sleep(0.01)
        else:
            return True
    return False
