"""The store as a leader has it: what it writes is written while it leads, or not at all (I18).

The one place where the token is compared. Whatever decides in the engine is given this store, so none can forget it.
Reading needs no lease: what is read is compared again where it is acted upon.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from whimbrel.engine.lease import Term
from whimbrel.ports.store import Store, Transaction


class FencedStore:
    """Port `Store` for one term of leading."""

    def __init__(self, store: Store, term: Term) -> None:
        self._store = store
        self._term = term

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """As of any store. Raises LeaseLostError, with nothing committed, when another leads."""
        async with self._store.transaction() as transaction:
            await self._term.hold(transaction)
            yield transaction

    def snapshot(self) -> AbstractAsyncContextManager[Transaction]:
        return self._store.snapshot()

    async def ping(self) -> None:
        await self._store.ping()

    async def close(self) -> None:
        """The store is closed by who opened it: others go on with it."""
