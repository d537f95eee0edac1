"""One transaction or snapshot on PostgreSQL: the named statements, with their `:name` parameters numbered."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from importlib.resources import files
from typing import Any, NamedTuple

import asyncpg

from whimbrel.adapters.store.late_changes import LateChanges
from whimbrel.adapters.store.postgresql_connection import FOREIGN, Connection, translated, translating
from whimbrel.adapters.store.postgresql_pool import ConnectionPool
from whimbrel.adapters.store.read_ahead import ReadAhead
from whimbrel.adapters.store.repositories.ending import write_late_changes
from whimbrel.adapters.store.session import CountChanges, Row, WatchChanges
from whimbrel.adapters.store.statements import is_change, load_statements, read_queries
from whimbrel.errors import StoreUnavailableError, WhimbrelError

#: Literals, quoted names, comments and casts are left as they are; what remains is a parameter.
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|::|:([a-z_][a-z0-9_]*)", re.DOTALL)


class Begin(StrEnum):
    """How it begins."""

    TRANSACTION = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Statement(NamedTuple):
    """`names[0]` is the parameter $1. A refusable one is an INSERT that a unique index may refuse by an error."""

    sql: str
    names: tuple[str, ...]
    is_refusable: bool

    def values(self, parameters: Mapping[str, object]) -> list[object]:
        return [parameters[name] for name in self.names]


def numbered(statement: str) -> Statement:
    """The statement as PostgreSQL takes it."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    sql = _TOKEN.sub(number, statement)
    is_refusable = sql.startswith("INSERT") and "VALUES" in sql and "ON CONFLICT" not in sql
    return Statement(sql, tuple(names), is_refusable)


class PostgresqlSession:
    """Begins at its first statement, so that one which asks nothing costs nothing."""

    def __init__(self, pool: ConnectionPool, statements: Mapping[str, Statement], begin: Begin) -> None:
        self._pool = pool
        self._statements = statements
        self._begin = begin
        self._connection: Connection | None = None
        self._counts = CountChanges()
        self._watches = WatchChanges()
        self._has_savepoint = False
        self._held: set[tuple[str, bool]] = set()
        self._turn: asyncio.Lock | None = None
        self.ahead: ReadAhead | None = None
        self.late = LateChanges()

    async def all(self, statement: str, /, **parameters: object) -> list[Row]:
        return [tuple(record) for record in await self._ask(statement, parameters)]

    async def one(self, statement: str, /, **parameters: object) -> Row | None:
        records = await self._ask(statement, parameters)
        return tuple(records[0]) if records else None

    async def run(self, statement: str, /, **parameters: object) -> int:
        await self.settle()
        self.ahead = None
        # `INSERT 0 3`, `UPDATE 3`
        return int((await self._ask(statement, parameters, asyncpg.Connection.execute)).rpartition(" ")[2])

    async def all_apart(self, statement: str, /, **parameters: object) -> list[Row]:
        return await self.all(statement, **parameters)

    async def run_apart(self, statement: str, /, **parameters: object) -> int:
        return await self.run(statement, **parameters)

    async def run_many(self, statement: str, rows: list[dict[str, object]], /) -> None:
        await self.settle()
        self.ahead = None
        await self._execute_many(statement, rows)

    async def _execute_many(self, statement: str, rows: list[dict[str, object]]) -> None:
        found = self._statements[statement]
        with translating():
            if self._connection is None:
                self._connection = await self._pool.begin(self._begin.value)
            await self._connection.executemany(found.sql, [found.values(row) for row in rows])

    def count(self, list_name: str, row_id: int, n: int) -> None:
        self._counts.add(list_name, row_id, n)

    def counted(self, list_name: str) -> dict[int, int]:
        return self._counts.of(list_name)

    def watch(self, job_id: int, block: int, due_ms: int) -> None:
        self._watches.add(job_id, block, due_ms)

    async def lock(self, name: str, *, shared: bool = False) -> None:
        if self._begin is Begin.SNAPSHOT or not self._held.isdisjoint({(name, False), (name, shared)}):
            return
        if self._connection is None and self._turn is None and not shared:
            self._turn = await self._pool.take_turn(name)
        await self._ask("lock_shared" if shared else "lock", {"name": name})
        self._held.add((name, shared))

    async def lock_all(self, names: list[str]) -> None:
        wanted = [name for name in dict.fromkeys(names) if (name, False) not in self._held]
        if wanted and self._begin is not Begin.SNAPSHOT:
            await self._ask("lock_all", {"names": "\n".join(wanted)})
            self._held.update((name, False) for name in wanted)

    async def settle(self) -> None:
        """What was changed ahead is written."""
        if self.ahead is not None and self.ahead.has_writes:
            for statement, rows in self.ahead.take_writes():
                await self._execute_many(statement, rows)

    async def commit(self) -> None:
        """Durable afterwards. The counts change in the transaction of the rows they count (design.md part 3)."""
        try:
            await write_late_changes(self)
            await self.settle()
            for statement, rows in (("watch_tasks", self._watches.take()), ("add_to_list", self._counts.take())):
                if rows:
                    await self._execute_many(statement, rows)
            if self._connection is None:
                return
            status = await self._end(self._connection)
        except BaseException:
            await self.undo()
            raise
        self._pool.give_back(self._connection)
        if status != "COMMIT":
            raise WhimbrelError("a statement had failed before, and the transaction went on; nothing was changed")

    async def undo(self) -> None:
        """Nothing has been done afterwards."""
        if self._connection is not None:
            await self._pool.abandon(self._connection)

    def leave(self) -> None:
        """The transaction has ended, either way: whoever waits for its turn has it now."""
        if self._turn is not None:
            self._turn.release()

    async def _ask(
        self, statement: str, parameters: Mapping[str, object], how: Callable[..., Any] = asyncpg.Connection.fetch
    ) -> Any:
        await self.settle()
        found = self._statements[statement]
        if self.ahead is not None and is_change(found.sql):
            self.ahead = None
        with translating():
            if self._connection is None:
                self._connection = await self._pool.begin(self._begin.value)
            if found.is_refusable:
                await self._save(self._connection)
            try:
                return await how(self._connection, found.sql, *found.values(parameters))
            except asyncpg.UniqueViolationError:
                if found.is_refusable:
                    await self._connection.execute("ROLLBACK TO SAVEPOINT refusable")
                raise

    async def _save(self, connection: Connection) -> None:
        """A refused row must not end the transaction, as it does not on SQLite. One round trip, one savepoint."""
        await connection.execute(
            "RELEASE SAVEPOINT refusable; SAVEPOINT refusable" if self._has_savepoint else "SAVEPOINT refusable"
        )
        self._has_savepoint = True

    async def _end(self, connection: Connection) -> str:
        try:
            return await connection.execute("COMMIT")
        except FOREIGN as error:
            if self._begin is Begin.SNAPSHOT:
                raise translated(error) from error
            raise StoreUnavailableError(
                f"the database went away during a commit ({type(error).__name__}); look whether the change is there "
                "before repeating it"
            ) from error


def own_statements() -> dict[str, Statement]:
    """Those that all engines share, and PostgreSQL's own."""
    text = files(__package__).joinpath("postgresql.sql").read_text("utf-8")
    own = load_statements(text, columns_of=read_queries())
    shared = load_statements(in_place=text)
    return {name: numbered(statement) for name, statement in (shared | own).items()}
