"""A connection to PostgreSQL with the settings that our promises ask for, and its failures in our words."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, Protocol

import asyncpg

from whimbrel.adapters.store.session import UniqueViolationError
from whimbrel.errors import StoreConflictError, StoreFullError, StoreUnavailableError, WhimbrelError


class Connection(Protocol):
    """What we use of the driver's connection, which has no types of its own. `$1` stands for the first argument."""

    async def execute(self, query: str, *arguments: object) -> str:
        """The command's tag, `UPDATE 3`; without arguments there may be several statements."""
        ...

    async def executemany(self, query: str, arguments: Iterable[Sequence[object]]) -> None: ...
    async def fetch(self, query: str, *arguments: object) -> list[Any]: ...
    async def fetchval(self, query: str, *arguments: object) -> Any: ...
    def cursor(self, query: str, *arguments: object) -> Awaitable[Any]: ...
    def transaction(self) -> AbstractAsyncContextManager[object]: ...
    async def close(self, *, timeout: float | None = None) -> None: ...  # noqa: ASYNC109  as the driver has it
    def terminate(self) -> None: ...
    def is_closed(self) -> bool: ...
    def add_termination_listener(self, callback: Callable[[Any], None]) -> None: ...
    def remove_termination_listener(self, callback: Callable[[Any], None]) -> None: ...


CONNECT_SECONDS_MAX = 5.0
STATEMENT_SECONDS_MAX = 5.0  # threat-model part 4
ANSWER_SECONDS_MAX = 7.0  # the server ends a statement itself; only a server that is gone is waited for so long
IDLE_IN_TRANSACTION_SECONDS_MAX = 10.0  # then a process that stands still holds no locks: before its lease of 15 s ends
STATEMENTS_KEPT = 500  # prepared on each connection: as many as there are

SETTINGS: Mapping[str, str] = {
    "application_name": "whimbrel",
    "synchronous_commit": "on",  # I1, whatever the database's own default is
    "statement_timeout": f"{STATEMENT_SECONDS_MAX:.0f}s",
    "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS_MAX:.0f}s",
    "jit": "off",  # our statements are short; compiling one costs more than running it
}
#: For what may take long and runs alone: migrations, and the check.
PATIENT = {**SETTINGS, "statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}

FOREIGN = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""Whatever the driver raises."""

_FULL = "53100"
#: Deadlock, serialization failure.
_CONFLICTS = ("40P01", "40001")
#: A plan, or a row's type, that another process's migration has made old: it is made anew.
_OUTDATED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
#: By the first characters of an SQLSTATE: connection, authentication, resources, operator, system, and inner errors;
#: no such database, read only, idle too long, lock not available.
_UNAVAILABLE = ("08", "28", "53", "57", "58", "F0", "XX", "3D000", "25006", "25P03", "55P03")
_KEY = re.compile(r"\(([^()]*)\)=\(")


async def connect(url: str, settings: Mapping[str, str] = SETTINGS) -> Connection:
    """Raises what the driver raises: call it inside `translating`."""
    is_patient = settings["statement_timeout"] == "0"
    connection: Connection = await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS_MAX,
        command_timeout=None if is_patient else ANSWER_SECONDS_MAX,
        statement_cache_size=STATEMENTS_KEPT,
        max_cached_statement_lifetime=0,
        server_settings=dict(settings),
    )
    return connection


@contextmanager
def translating() -> Iterator[None]:
    """No foreign exception leaves the block."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise unique_violation(error) from None
    except FOREIGN as error:
        raise translated(error) from error


def unique_violation(error: asyncpg.UniqueViolationError) -> UniqueViolationError:
    """The index's columns, in the words that all engines use."""
    found = _KEY.search(str(error.detail))
    columns = found[1].split(", ") if found else [str(error.constraint_name)]
    return UniqueViolationError(", ".join(f"{error.table_name}.{column}" for column in columns))


def translated(error: BaseException) -> WhimbrelError:
    """What clients and operators read of the engine's failure."""
    state = str(getattr(error, "sqlstate", None) or "")
    if state == _FULL:
        return StoreFullError("the disk that holds the database is full; nothing was changed; free space and repeat")
    if state in _CONFLICTS or isinstance(error, _OUTDATED):
        return StoreConflictError("another transaction was in the way; nothing was changed; repeat the request")
    if is_unavailable(error):
        return StoreUnavailableError(f"the database cannot answer now ({type(error).__name__}); nothing was changed")
    # A mistake of ours: a statement that the schema refuses.
    return WhimbrelError(f"the database refused a statement ({type(error).__name__})")


def is_unavailable(error: BaseException) -> bool:
    """The server cannot answer now, or is not there."""
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate).startswith(_UNAVAILABLE)
    return isinstance(error, FOREIGN) and not isinstance(error, asyncpg.DataError)
