"""The store on PostgreSQL, through asyncpg: any number of processes share one database.

What a single writer gives for nothing is asked for here:
- A transaction is READ COMMITTED on a connection of its own, so each statement sees what others have committed; what
  must not move under a decision is held by name (`Session.lock`) or compared and set by the statement itself.
- The lists' counts are written last, in one order, so that transactions wait for each other's and never in a ring.
- A snapshot is REPEATABLE READ, READ ONLY: one state, from its first statement on.
- A commit is synchronous: acknowledged means durable (I1), whatever the database's own default is.
"""

from __future__ import annotations

from types import TracebackType

from whimbrel.adapters.store.migrate_postgresql import migrate
from whimbrel.adapters.store.postgresql_pool import CONNECTIONS_MAX, ConnectionPool
from whimbrel.adapters.store.postgresql_session import Begin, PostgresqlSession, Statement, own_statements
from whimbrel.adapters.store.repositories import Repositories
from whimbrel.ports.sealer import Sealer


class _Block:
    """A transaction or a snapshot."""

    __slots__ = ("_sealer", "_session")

    def __init__(self, session: PostgresqlSession, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    async def __aenter__(self) -> Repositories:
        return Repositories(self._session, self._sealer)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self._session.commit()
            else:
                await self._session.undo()
        finally:
            self._session.leave()


class PostgresqlStore:
    """Port `Store` on a PostgreSQL database; `url` is `postgresql://…`. No connection is made before one is needed."""

    def __init__(self, url: str, sealer: Sealer, connections_max: int = CONNECTIONS_MAX) -> None:
        self._url = url
        self._sealer = sealer
        self._statements: dict[str, Statement] = own_statements()
        self._pool = ConnectionPool(url, connections_max=connections_max)

    async def start(self, now_ms: int) -> None:
        """Bring the database to this release's schema; any number of processes may start at once.

        Raises StoreUnavailableError.
        """
        await migrate(self._url, now_ms)

    def transaction(self) -> _Block:
        return self._block(Begin.TRANSACTION)

    def snapshot(self) -> _Block:
        return self._block(Begin.SNAPSHOT)

    async def ping(self) -> None:
        """A write transaction that changes nothing: refused by a full disk or a standby as a real one would be."""
        async with self.transaction() as transaction:
            await transaction.ping()

    async def close(self) -> None:
        """Waits for the transactions under way."""
        await self._pool.close()

    def _block(self, begin: Begin) -> _Block:
        return _Block(PostgresqlSession(self._pool, self._statements, begin), self._sealer)
