"""The embedded store: one SQLite file, through apsw.

How it is kept fast and safe at once:
- One writer. Transactions run one after the other on the event loop, each inside a SAVEPOINT; those that came while a
  commit was under way share the next one. COMMIT itself (the fsync) runs in a thread, and a transaction's block is left
  only after it: acknowledged means durable (I1), at a price that many share.
- A step over thousands of rows runs in that thread too, its turn being held: the loop goes on, and writers wait.
- Bounded reads run on the loop too, on connections of their own: a thread hop halves the rate (design.md part 2).
- WAL and synchronous=FULL. A commit that fails for any reason but a full disk ends the process: what a failed fsync
  left behind nobody can know, so the truth is read again from the disk (F14).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import apsw

from whimbrel.adapters.store.disk_reserve import DiskReserve
from whimbrel.adapters.store.late_changes import LateChanges
from whimbrel.adapters.store.migrate_sqlite import migrate
from whimbrel.adapters.store.read_ahead import ReadAhead
from whimbrel.adapters.store.repositories import Repositories
from whimbrel.adapters.store.repositories.ending import write_late_changes
from whimbrel.adapters.store.session import CountChanges, Row, UniqueViolationError, WatchChanges
from whimbrel.adapters.store.statements import is_change, load_statements
from whimbrel.adapters.store.turns import Place, Turns
from whimbrel.errors import StoreFullError, StoreUnavailableError, WhimbrelError
from whimbrel.ports.sealer import Sealer

BUSY_SECONDS_MAX = 5.0  # threat-model part 4: a database statement may take 5 s
BUSY_RETRY_SECONDS = 0.01
CHECKPOINT_PAGES = 4_000  # 16 MiB of log: rare enough to be cheap, small enough that a checkpoint stalls nobody
CACHE_KIB = 65_536
READERS_KEPT = 4
_ENGINE_FAILURES = (
    apsw.FullError,
    apsw.IOError,
    apsw.BusyError,
    apsw.CorruptError,
    apsw.ReadOnlyError,
    apsw.CantOpenError,
    apsw.NotADBError,
)
T = TypeVar("T")
_UNIQUE = (apsw.SQLITE_CONSTRAINT_UNIQUE, apsw.SQLITE_CONSTRAINT_PRIMARYKEY)


class SqliteSession:
    """Runs named statements on one connection, inside a transaction that somebody else began."""

    def __init__(
        self, connection: apsw.Connection, statements: dict[str, str], thread: ThreadPoolExecutor | None = None
    ) -> None:
        self._connection = connection
        self._statements = statements
        self._thread = thread
        self._counts = CountChanges()
        self._watches = WatchChanges()
        self.ahead: ReadAhead | None = None
        self.late = LateChanges()

    async def all(self, statement: str, /, **parameters: object) -> list[Row]:
        return self._ask(statement, parameters)

    async def one(self, statement: str, /, **parameters: object) -> Row | None:
        rows = self._ask(statement, parameters)
        return rows[0] if rows else None

    async def run(self, statement: str, /, **parameters: object) -> int:
        self.write_waiting()
        self.ahead = None
        self._execute(statement, parameters)
        return self._connection.changes()

    async def all_apart(self, statement: str, /, **parameters: object) -> list[Row]:
        return (await self._execute_apart(statement, parameters))[0]

    async def run_apart(self, statement: str, /, **parameters: object) -> int:
        return (await self._execute_apart(statement, parameters))[1]

    async def run_many(self, statement: str, rows: list[dict[str, object]], /) -> None:
        self.write_waiting()
        self.ahead = None
        with translating():
            self._connection.executemany(self._statements[statement], rows)

    def count(self, list_name: str, row_id: int, n: int) -> None:
        self._counts.add(list_name, row_id, n)

    def counted(self, list_name: str) -> dict[int, int]:
        return self._counts.of(list_name)

    def watch(self, job_id: int, block: int, due_ms: int) -> None:
        self._watches.add(job_id, block, due_ms)

    async def lock(self, name: str, *, shared: bool = False) -> None:
        """There is one writer: whoever is inside a transaction holds every name."""

    async def lock_all(self, names: list[str]) -> None:
        """As `lock`."""

    async def settle(self) -> None:
        self.write_waiting()

    def write_waiting(self) -> None:
        """What was changed ahead."""
        if self.ahead is not None and self.ahead.has_writes:
            with translating():
                for statement, rows in self.ahead.take_writes():
                    self._connection.executemany(self._statements[statement], rows)

    def write_counts(self) -> None:
        """The counts change in the transaction of the rows they count (design.md part 3)."""
        with translating():
            for statement, rows in (("watch_tasks", self._watches.take()), ("add_to_list", self._counts.take())):
                if rows:
                    self._connection.executemany(self._statements[statement], rows)

    def _ask(self, statement: str, parameters: dict[str, object]) -> list[Row]:
        self.write_waiting()
        if self.ahead is not None and is_change(self._statements[statement]):
            self.ahead = None
        return self._execute(statement, parameters)

    async def _execute_apart(self, statement: str, parameters: dict[str, object]) -> tuple[list[Row], int]:
        """The rows, and how many were changed."""
        self.write_waiting()
        self.ahead = None

        def work() -> tuple[list[Row], int]:
            return self._execute(statement, parameters), self._connection.changes()

        assert self._thread is not None, "a snapshot has nothing to do that takes long"
        return await finished(asyncio.get_running_loop().run_in_executor(self._thread, work))

    def _execute(self, statement: str, parameters: dict[str, object]) -> list[Row]:
        try:
            return self._connection.execute(self._statements[statement], parameters).fetchall()
        except apsw.ConstraintError as error:
            if getattr(error, "extendedresult", 0) in _UNIQUE:
                raise UniqueViolationError(str(error).rpartition(": ")[2]) from None
            raise
        except _ENGINE_FAILURES as error:
            raise translated(error) from error


async def finished(work: asyncio.Future[T]) -> T:
    """Its result. A caller who is cancelled waits too: nobody may have the connection before the thread has left it."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        work.exception()  # nobody is left to ask
        raise cancelled
    return work.result()


@contextmanager
def translating() -> Iterator[None]:
    """What the engine cannot do now leaves the block in our words; a mistake of ours leaves it as it is."""
    try:
        yield
    except _ENGINE_FAILURES as error:
        raise translated(error) from error


def translated(error: apsw.Error) -> WhimbrelError:
    """What clients and operators read of an engine's failure; no foreign exception leaves the adapter."""
    if isinstance(error, apsw.FullError):
        return StoreFullError("the disk that holds the database is full; nothing was changed; free space and repeat")
    return StoreUnavailableError(f"the database cannot answer now ({type(error).__name__}); nothing was changed")


class _Snapshot:
    """A read-only transaction on a connection of its own, taken from a few that are kept open."""

    __slots__ = ("_connection", "_store")

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def __aenter__(self) -> Repositories:
        self._connection = self._store._take_reader()
        try:
            self._connection.execute("BEGIN")
        except apsw.Error as error:
            self._store._give_reader(self._connection)
            raise translated(error) from error
        return Repositories(SqliteSession(self._connection, self._store._statements), self._store._sealer)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.execute("COMMIT")
        self._store._give_reader(self._connection)


class SqliteStore:
    """Port `Store` on one SQLite file. `on_fatal` is called once when the process must end (F14).

    With a `reserve` changes are refused while the disk has room for halts alone (ADR 0051).
    """

    def __init__(
        self,
        path: Path,
        sealer: Sealer,
        on_fatal: Callable[[str], None],
        now_ms: int,
        reserve: DiskReserve | None = None,
    ) -> None:
        self._path = path
        self._reserve = reserve
        self._sealer = sealer
        self._on_fatal = on_fatal
        self._statements = load_statements()
        try:
            self._writer = open_connection(path)
            migrate(self._writer, now_ms)
        except _ENGINE_FAILURES as error:
            raise StoreUnavailableError(
                f"the database {path} cannot be opened ({error}); restore a backup of it, or give another data folder"
            ) from None
        self._readers: list[apsw.Connection] = []
        self._readers_guard = threading.Lock()
        self._turns = Turns()
        self._commit_place: Place | None = None
        self._commit_hurries = False
        self._group: asyncio.Future[None] | None = None
        self._committing: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")

    def snapshot(self) -> _Snapshot:
        return _Snapshot(self)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Repositories]:
        if self._reserve is not None:
            self._reserve.check()
        async with self._transaction(halts=False) as transaction:
            yield transaction

    def halting_transaction(self) -> AbstractAsyncContextManager[Repositories]:
        """One whose turn comes before those of all who wait, and whose commit does (I8)."""
        return self._transaction(halts=True)

    @asynccontextmanager
    async def _transaction(self, *, halts: bool) -> AsyncIterator[Repositories]:
        async with self._turns.turn(halts=halts):
            group = await self._current_group()
            session = SqliteSession(self._writer, self._statements, self._thread)
            self._writer.execute("SAVEPOINT one")
            try:
                yield Repositories(session, self._sealer)
                await write_late_changes(session)
                session.write_waiting()
                session.write_counts()
                with translating():
                    self._writer.execute("RELEASE one")
            except BaseException as error:
                self._undo(error)
                raise
            if halts:
                self._hurry_commit()
        # Cancelling the caller must not cancel the commit that others share.
        await asyncio.shield(group)

    async def ping(self) -> None:
        """A write transaction that changes nothing: refused by a full disk or a lost file as a real one would be."""
        async with self.transaction() as transaction:
            await transaction.ping()

    async def close(self) -> None:
        """Commits what is under way and closes; the log is folded into the file."""
        async with self._turns.turn():
            pass
        await asyncio.gather(*self._committing)
        self._thread.shutdown()
        for connection in (*self._readers, self._writer):
            connection.close()

    async def _current_group(self) -> asyncio.Future[None]:
        if self._group is None:
            await self._begin()
            loop = asyncio.get_running_loop()
            self._group = loop.create_future()
            self._group.add_done_callback(lambda group: group.exception())  # nobody may be left to ask
            self._commit_place, self._commit_hurries = None, False
            task = loop.create_task(self._commit())
            self._committing.add(task)
            task.add_done_callback(self._committing.discard)
        return self._group

    async def _begin(self) -> None:
        waited_s = 0.0
        while True:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                return
            except apsw.BusyError as error:
                # Another process (a backup, `whimbrel check`) holds the file: wait without blocking the loop.
                if waited_s >= BUSY_SECONDS_MAX:
                    raise translated(error) from error
                await asyncio.sleep(BUSY_RETRY_SECONDS)
                waited_s += BUSY_RETRY_SECONDS
            except apsw.Error as error:
                raise translated(error) from error

    def _hurry_commit(self) -> None:
        """Of the group under way: its commit is the next to have a turn."""
        self._commit_hurries = True
        if self._commit_place is not None:
            self._turns.hurry(self._commit_place)

    async def _commit(self) -> None:
        self._commit_place = place = self._turns.queue(halts=self._commit_hurries)
        # Turns are first come, first served: transactions already waiting join this group before it commits.
        await self._turns.wait(place)
        try:
            group, self._group = self._group, None
            if group is None or group.done():
                return
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._execute_commit)
            except apsw.Error as error:
                group.set_exception(translated(error))
                if not isinstance(error, apsw.FullError | apsw.BusyError):
                    self._on_fatal(f"the commit of the database failed ({error}); restart from the disk's truth")
            else:
                group.set_result(None)
        finally:
            self._turns.leave()

    def _execute_commit(self) -> None:
        try:
            self._writer.execute("COMMIT")
        except apsw.Error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

    def _undo(self, error: BaseException) -> None:
        """Undo one transaction of the group; when the engine has undone them all by itself, fail the group."""
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK TO one")
            self._writer.execute("RELEASE one")
            return
        group, self._group = self._group, None
        if group is not None:
            reason = (
                error if isinstance(error, WhimbrelError) else StoreUnavailableError("the database gave up a commit")
            )
            group.set_exception(reason)

    def _take_reader(self) -> apsw.Connection:
        with self._readers_guard:
            if self._readers:
                return self._readers.pop()
        return open_connection(self._path, read_only=True)

    def _give_reader(self, connection: apsw.Connection) -> None:
        with self._readers_guard:
            if len(self._readers) < READERS_KEPT:
                self._readers.append(connection)
                return
        connection.close()


def open_connection(path: Path, *, read_only: bool = False) -> apsw.Connection:
    """A connection with the settings that I1 and the measurements ask for."""
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(path), flags=flags, statementcachesize=200)
    if not read_only:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    # Else SQLite plans a statement with a bound LIMIT anew at each call: 39 us a page instead of 21.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    return connection
