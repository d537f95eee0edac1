"""The embedded store for halts: their turn comes before all others', and a full disk gives them its reserve (I8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from whimbrel.adapters.store.disk_reserve import DiskReserve
from whimbrel.adapters.store.repositories import Repositories
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.errors import StoreConflictError, StoreFullError


class SqliteHalts:
    """Port `Store` on another's file; that one is closed by who opened it."""

    def __init__(self, store: SqliteStore, reserve: DiskReserve) -> None:
        self._store = store
        self._reserve = reserve

    def snapshot(self) -> AbstractAsyncContextManager[Repositories]:
        return self._store.snapshot()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Repositories]:
        """Raises StoreConflictError also when there is room now that was not there: repeat it."""
        try:
            async with self._store.halting_transaction() as transaction:
                yield transaction
        except StoreFullError:
            if not self._reserve.give_back():
                raise
            raise StoreConflictError("the disk was full; there is room now; repeat the request") from None

    async def ping(self) -> None:
        await self._store.ping()

    async def close(self) -> None:
        """Nothing of it is its own."""
