"""What SQLite alone can be asked: its disk, through a file layer that counts, fails and fills up (I1, F14)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import apsw
import pytest

from tests.engine.world import Place, add_devices, add_place, open_store, product_draft
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.domain.paging import Page
from whimbrel.errors import StoreFullError, StoreUnavailableError
from whimbrel.ports.store import ProductFilter

PAGES_LEFT = 3


class Disk:
    """The state of the disk below the store."""

    def __init__(self) -> None:
        self.is_full = False
        self.has_failing_sync = False
        self.log_syncs = 0
        self.unsynced_log_writes = 0


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._disk = disk
        self._is_log = bool(flags[0] & apsw.SQLITE_OPEN_WAL)

    def xWrite(self, data: bytes, offset: int) -> None:
        if self._disk.is_full:
            raise apsw.FullError("the disk is full")
        if self._is_log:
            self._disk.unsynced_log_writes += 1
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        if self._disk.has_failing_sync:
            raise apsw.IOError("the disk does not answer")
        super().xSync(flags)
        if self._is_log:
            self._disk.log_syncs += 1
            self._disk.unsynced_log_writes = 0


class _Layer(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__("steered", "unix", makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return _File(self._disk, name, flags)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A disk under every SQLite file that is opened from now on."""
    steered = Disk()
    layer = _Layer(steered)
    yield steered
    layer.unregister()


@pytest.fixture
def fatal() -> list[str]:
    """Why the store wanted the process to end."""
    return []


@pytest.fixture
async def store(disk: Disk, tmp_path: Path, fatal: list[str]) -> AsyncIterator[SqliteStore]:
    opened = open_store(tmp_path, fatal)
    yield opened
    disk.is_full = disk.has_failing_sync = False
    await opened.close()


async def total(store: SqliteStore, place: Place) -> int:
    async with store.snapshot() as snapshot:
        return (await snapshot.devices.page(place.account_id, place.product_id, Page(1, 10_000))).total


class TestGroups:
    async def test_I1_acknowledged_means_synced(self, disk: Disk, store: SqliteStore) -> None:
        """When a transaction is left, nothing of the log waits for the disk: a power cut takes nothing back."""
        place = await add_place(store)
        for number in range(5):
            await add_devices(store, place, 1, prefix=f"n{number}")
            assert disk.unsynced_log_writes == 0

    async def test_transactions_share_commits(self, disk: Disk, store: SqliteStore) -> None:
        """A hundred transactions that come together cost a few syncs, not a hundred."""
        place = await add_place(store)
        before = disk.log_syncs
        await asyncio.gather(*(add_devices(store, place, 1, prefix=f"n{number}") for number in range(100)))
        assert await total(store, place) == 100
        assert 1 <= disk.log_syncs - before <= 5

    async def test_a_group_fails_as_one(self, disk: Disk, store: SqliteStore) -> None:
        """When the commit fails, every transaction that shared it hears so, and none of them left anything."""
        place = await add_place(store)
        disk.is_full = True
        work = (add_devices(store, place, 1, prefix=f"n{number}") for number in range(20))
        results = await asyncio.gather(*work, return_exceptions=True)
        assert {type(result) for result in results} == {StoreFullError}
        assert await total(store, place) == 0


class TestDisk:
    async def test_F14_full_disk(self, disk: Disk, store: SqliteStore, fatal: list[str]) -> None:
        """On a full disk writes are refused and change nothing, reads go on, and all works again when there is room."""
        place = await add_place(store)
        await add_devices(store, place, 2)
        disk.is_full = True
        for _ in range(2):
            with pytest.raises(StoreFullError):
                await add_devices(store, place, 1, prefix="more")
            assert await total(store, place) == 2
        disk.is_full = False
        await add_devices(store, place, 1, prefix="more")
        assert await total(store, place) == 3
        assert fatal == []

    async def test_F14_ping_says_that_the_disk_is_full(self, disk: Disk, store: SqliteStore) -> None:
        """A store that cannot write does not say that it is well."""
        await add_place(store)
        await store.ping()
        disk.is_full = True
        with pytest.raises((StoreFullError, StoreUnavailableError)):
            await store.ping()

    async def test_F14_failed_sync_ends_the_process(self, disk: Disk, store: SqliteStore, fatal: list[str]) -> None:
        """A failed fsync is never a success: the callers hear it, and the process is told to end."""
        place = await add_place(store)
        disk.has_failing_sync = True
        results = await asyncio.gather(
            *(add_devices(store, place, 1, prefix=f"n{number}") for number in range(3)), return_exceptions=True
        )
        assert {type(result) for result in results} == {StoreUnavailableError}
        assert len(fatal) == 1

    @pytest.mark.parametrize("words", [1_900, 2_000, 2_600, 3_000])
    async def test_full_inside_a_statement(self, tmp_path: Path, words: int) -> None:
        """A database at its largest size refuses in the same words, whichever statement meets the limit."""
        store = open_store(tmp_path)
        place = await add_place(store)
        limit_pages(store)
        errors, added = [], 0
        for number in range(2, 40):
            draft = product_draft(
                place.account_id, number, commodity_code=f"{number}" * (words // 2), description="x" * words
            )
            try:
                async with store.transaction() as transaction:
                    await transaction.products.add(draft)
                added += 1
            except Exception as error:
                errors.append(error)
        async with store.snapshot() as snapshot:
            listing = await snapshot.products.page(place.account_id, ProductFilter(), Page(1, 100))
        await store.close()
        assert errors, "the limit was never met"
        assert {type(error) for error in errors} == {StoreFullError}
        assert listing.total == len(listing.rows) == added + 1

    async def test_others_of_the_group_hear_it(self, tmp_path: Path) -> None:
        """When a full database makes SQLite give up the whole group, each of its transactions is told so."""
        store = open_store(tmp_path)
        place = await add_place(store)
        limit_pages(store)

        async def add(number: int) -> bool:
            try:
                await add_devices(store, place, 30, prefix=f"n{number}")
            except StoreFullError:
                return False
            return True

        acknowledged = await asyncio.gather(*(add(number) for number in range(20)))
        stored = await total(store, place)
        await store.close()
        assert stored == 30 * sum(acknowledged)
        assert not all(acknowledged)

    async def test_another_process_holds_the_file(self, tmp_path: Path) -> None:
        """While somebody else writes, transactions wait without stopping readers, and then go on."""
        store = open_store(tmp_path)
        place = await add_place(store)
        other = apsw.Connection(str(tmp_path / "whimbrel.db"))
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(add_devices(store, place, 1))
        for _ in range(5):
            await asyncio.sleep(0.01)
            assert await total(store, place) == 0
        assert not waiting.done()
        other.execute("ROLLBACK")
        other.close()
        await waiting
        assert await total(store, place) == 1
        await store.close()


def limit_pages(store: SqliteStore) -> None:
    """Let the file grow by a few pages more, as on an almost full disk."""
    pages = store._writer.pragma("page_count")
    store._writer.pragma("max_page_count", pages + PAGES_LEFT)
