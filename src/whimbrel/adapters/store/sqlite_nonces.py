"""Nonces in a SQLite file of their own, with synchronous=NORMAL: they survive a crash of the process at a cost of some
20 us a call; a power cut may forget the last fraction of a second (design.md part 3, I14).

Two tables take turns of 35 minutes: a nonce goes into the current one and is looked up in both, so it is remembered for
35 to 70 minutes, and forgetting is the emptying of a table, not a search (I17).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw

from whimbrel.adapters.store.disk_reserve import DiskReserve
from whimbrel.adapters.store.nonce_memory import KEPT_MS, KeptWhileFull, digest_of
from whimbrel.adapters.store.sqlite import translated
from whimbrel.errors import StoreFullError

TURN_MS = KEPT_MS
CHECKPOINT_EVERY = 2_000  # uses between two checkpoints, which run in a thread because they fsync; uses wait for them


class SqliteNonces:
    """Port `Nonces` on one file.

    While the `reserve` is spent nonces are kept in memory first: what it gave back is for halts (ADR 0051).
    """

    def __init__(self, path: Path, reserve: DiskReserve | None = None) -> None:
        self._path = path
        self._reserve = reserve
        self._connection = apsw.Connection(str(path))
        # Digests fall on random pages, and each page touched goes to the log: small pages, many of them in memory.
        self._connection.execute("PRAGMA page_size=1024")
        self._connection.execute("PRAGMA cache_size=-16384")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA wal_autocheckpoint=0")
        self._connection.execute("PRAGMA busy_timeout=5000")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS turn (id INTEGER PRIMARY KEY CHECK (id = 0), number INTEGER NOT NULL)"
        )
        for parity in (0, 1):
            self._connection.execute(
                f"CREATE TABLE IF NOT EXISTS nonce_{parity} (digest BLOB PRIMARY KEY) WITHOUT ROWID"
            )
        row = self._connection.execute("SELECT number FROM turn").fetchone()
        self._turn: int = row[0] if row else -2
        self._uses = 0
        self._while_full = KeptWhileFull()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="nonces")
        self._checkpointing: asyncio.Future[None] | None = None

    async def use(self, access_key_id: str, nonce: str, now_ms: int) -> bool:
        digest = digest_of(access_key_id, nonce)
        while self._checkpointing is not None and not self._checkpointing.done():
            # The log starts over only when nobody writes to it meanwhile; without this pause it would grow for ever.
            await asyncio.shield(self._checkpointing)
        if self._reserve is not None and self._reserve.is_spent and self._while_full.has_room:
            return self._use_while_full(digest, StoreFullError())
        try:
            self._take_turn(now_ms // TURN_MS)
            self._store_what_was_kept()
            is_new = self._insert(digest)
        except apsw.FullError as error:
            return self._use_while_full(digest, StoreFullError(translated(error).message))
        except apsw.Error as error:
            raise translated(error) from error
        self._uses += 1
        if self._uses % CHECKPOINT_EVERY == 0:
            self._checkpointing = asyncio.get_running_loop().run_in_executor(self._thread, self._checkpoint)
        return is_new and digest not in self._while_full

    async def close(self) -> None:
        if self._checkpointing is not None:
            await self._checkpointing
        self._thread.shutdown()
        self._connection.close()

    def _insert(self, digest: bytes) -> bool:
        current, other = self._turn & 1, self._turn & 1 ^ 1
        self._connection.execute(
            f"INSERT OR IGNORE INTO nonce_{current} SELECT ?1 "  # noqa: S608  a table name of ours
            f"WHERE NOT EXISTS (SELECT 1 FROM nonce_{other} WHERE digest = ?1)",
            (digest,),
        )
        return self._connection.changes() == 1

    def _use_while_full(self, digest: bytes, error: StoreFullError) -> bool:
        tables = (f"nonce_{parity}" for parity in (0, 1))
        is_known = digest in self._while_full or any(
            self._connection.execute(f"SELECT 1 FROM {table} WHERE digest = ?", (digest,)).fetchone()  # noqa: S608
            for table in tables
        )
        self._while_full.keep(digest, error)
        return not is_known

    def _store_what_was_kept(self) -> None:
        kept = self._while_full.some()
        if not kept:
            return
        with self._connection:
            for digest in kept:
                self._insert(digest)
        self._while_full.stored(kept)

    def _take_turn(self, number: int) -> None:
        # A clock set back must not bring forgotten nonces to life: turns only go forward.
        if number <= self._turn:
            return
        emptied = (0, 1) if number > self._turn + 1 else (number & 1,)
        with self._connection:
            for parity in emptied:
                self._connection.execute(f"DELETE FROM nonce_{parity}")  # noqa: S608  a table name of ours
            self._connection.execute("INSERT OR REPLACE INTO turn VALUES (0, ?)", (number,))
        self._turn = number

    def _checkpoint(self) -> None:
        connection = apsw.Connection(str(self._path))
        try:
            connection.execute("PRAGMA wal_checkpoint(RESTART)")
        finally:
            connection.close()
