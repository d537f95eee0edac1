"""Nonces in PostgreSQL, seen by all processes (I14): committed without waiting for the disk, so they survive a crash of
ours at a cost that each call can bear; one of the database may forget the last fraction of a second (design.md part 3).

A use is one statement, which the primary key decides. Old ones are forgotten by the way, in bounded pieces (I17).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import asyncpg

from whimbrel.adapters.store.nonce_memory import KEPT_MS, KeptWhileFull, digest_of
from whimbrel.adapters.store.postgresql_connection import SETTINGS, translating
from whimbrel.adapters.store.postgresql_pool import ConnectionPool
from whimbrel.adapters.store.postgresql_session import own_statements
from whimbrel.errors import StoreFullError, WhimbrelError

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 4  # a use takes some 0.2 ms of one
FORGET_EVERY = 500  # uses between two pieces of forgetting
FORGET_AT_MOST = 2_000  # more than come in meanwhile, so that the table stays as long as 35 minutes are


class PostgresqlNonces:
    """Port `Nonces` on the database of a `PostgresqlStore` that was started."""

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool(url, {**SETTINGS, "synchronous_commit": "off"}, CONNECTIONS_MAX)
        self._statements = own_statements()
        self._while_full = KeptWhileFull()
        self._uses = 0
        self._forgetting: asyncio.Task[None] | None = None

    async def use(self, access_key_id: str, nonce: str, now_ms: int) -> bool:
        digest = digest_of(access_key_id, nonce)
        try:
            if kept := self._while_full.some():
                for one in kept:
                    await self._insert(one, now_ms)
                self._while_full.stored(kept)
            is_new = await self._insert(digest, now_ms)
        except StoreFullError as error:
            rows = await self._ask("is_nonce_known", digest=digest, now_ms=now_ms, kept_ms=KEPT_MS)
            is_known = bool(rows) or digest in self._while_full
            self._while_full.keep(digest, error)
            return not is_known
        self._uses += 1
        if self._uses % FORGET_EVERY == 0 and (self._forgetting is None or self._forgetting.done()):
            self._forgetting = asyncio.get_running_loop().create_task(self._forget())
        return is_new and digest not in self._while_full

    async def close(self) -> None:
        if self._forgetting is not None:
            await self._forgetting
        await self._pool.close()

    async def _insert(self, digest: bytes, now_ms: int) -> bool:
        status = await self._ask("use_nonce", asyncpg.Connection.execute, digest=digest, now_ms=now_ms, kept_ms=KEPT_MS)
        return bool(status == "INSERT 0 1")

    async def _forget(self) -> None:
        try:
            await self._ask("forget_nonces", kept_ms=KEPT_MS, at_most=FORGET_AT_MOST)
        except WhimbrelError as error:
            log.warning("old nonces are forgotten later: %s", error)

    async def _ask(
        self, statement: str, how: Callable[..., Any] = asyncpg.Connection.fetch, /, **parameters: object
    ) -> Any:
        found = self._statements[statement]
        connection = await self._pool.begin(None)
        try:
            with translating():
                answer = await how(connection, found.sql, *found.values(parameters))
        except BaseException:
            await self._pool.abandon(connection)
            raise
        self._pool.give_back(connection)
        return answer
