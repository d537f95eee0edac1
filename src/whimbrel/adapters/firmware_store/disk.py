"""Firmware objects as files of a local folder (I1, I11, F01, F10, F13, F14).

    DIR/objects/ab/cd/<sha256>   whole, verified, immutable objects
    DIR/incoming/<random>        bytes on their way in, locked by the process that writes them
    DIR/lock                     held while an object is published or deleted, so a sweep never takes a young one

`put` writes, syncs, reads back from the disk, compares, renames, and syncs the folders: killed anywhere it leaves an
incoming file, which the next `start` removes, or a whole object that nobody refers to. A sync that failed is never
tried again on the same bytes: the kernel may have dropped them and would then report success, so the store refuses
every further `put` until the process is started anew (F14).

All disk work runs in this store's own threads. A cancelled call first waits for its thread, which still uses the file.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import ParamSpec, TypeVar

from whimbrel.adapters.firmware_store.disk_files import (
    BLOCK_BYTES,
    FileIdentity,
    IncomingFile,
    exclusive,
    hash_of,
    identity_of,
    names_in,
    read_cached,
    read_exactly,
    remove_unless_locked,
    sync_folder,
)
from whimbrel.crash_points import crash_here
from whimbrel.errors import (
    FirmwareObjectCorruptError,
    FirmwareObjectMissingError,
    StoreFullError,
    StoreUnavailableError,
)
from whimbrel.ports.firmware_store import StoredObject

SMALL_READ_BYTES = 65_536  # up to this, bytes that the page cache holds are copied without a hop: microseconds
THREADS = 8
VERDICTS_MAX = 4_096  # remembered checks: 8 times the firmware an account may have

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHARD = re.compile(r"[0-9a-f]{2}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_P = ParamSpec("_P")
_T = TypeVar("_T")


class DiskFirmwareStore:
    """Implements the port FirmwareStore. `start` before use, `close` after the last call."""

    def __init__(
        self,
        folder: Path,
        new_name: Callable[[], str],
        now_s: Callable[[], float] = time.time,
        fsync: Callable[[int], None] = os.fsync,
    ) -> None:
        """`new_name` gives unguessable names for incoming files, `now_s` (epoch seconds) dates objects."""
        self._objects = folder / "objects"
        self._incoming = folder / "incoming"
        self._lock = folder / "lock"
        self._new_name = new_name
        self._now_s = now_s
        self._fsync = fsync
        self._threads = _Threads()
        self._checks: dict[FileIdentity, asyncio.Future[None]] = {}
        self._verdicts: OrderedDict[FileIdentity, bool] = OrderedDict()
        self._has_lost_a_sync = False

    async def start(self) -> None:
        """Make the folders and remove what crashed uploads left. Raises StoreUnavailableError, StoreFullError."""
        await self._threads.run(self._prepare)

    async def close(self) -> None:
        """Wait for running disk work; nothing may be called afterwards."""
        await self._threads.close()

    async def put(self, blocks: AsyncIterator[bytes]) -> StoredObject:
        """As the port says; also raises StoreUnavailableError when the disk fails or reads back other bytes (F13)."""
        self._refuse_after_lost_sync()
        incoming = IncomingFile(self._incoming / self._new_name())
        run = self._threads.run
        try:
            await run(incoming.create)
            async with aclosing(_coalesced(blocks)) as large_blocks:
                async for block in large_blocks:
                    await asyncio.gather(run(incoming.write, block), run(incoming.md5.update, block))
            await self._durably(self._fsync, incoming.descriptor)
            crash_here("firmware_store.synced")
            await run(incoming.compare)
            crash_here("firmware_store.compared")
            stored = incoming.summary()
            self._remember(await run(self._publish, incoming, stored.sha256), is_intact=True)
            await self._durably(self._sync_folders, self._path(stored.sha256))
        finally:
            await run(incoming.discard)
        return stored

    async def open(self, sha256: str) -> DiskFirmwareObject:
        """As the port says. The first opening of a file reads it whole, later ones trust that check (I11)."""
        opened = DiskFirmwareObject(self._threads)
        try:
            identity = await self._threads.run(opened.open, self._path(sha256), sha256)
            if not await self._is_intact(identity, opened):
                raise FirmwareObjectCorruptError(f"the stored object {sha256} is corrupt; upload it again")
        except BaseException:
            opened.close()
            raise
        return opened

    async def url(self, sha256: str, expires_s: int) -> str | None:
        """None: a folder has no URLs of its own."""
        return None

    async def list_older_than(self, age_s: float) -> AsyncIterator[str]:
        before_ns = self._ago_ns(age_s)
        for shard in await self._threads.run(names_in, self._objects, _SHARD):
            for sha256 in await self._threads.run(self._old_in_shard, shard, before_ns):
                yield sha256

    async def delete(self, sha256: str, older_than_s: float) -> bool:
        return await self._threads.run(self._delete, self._path(sha256), self._ago_ns(older_than_s))

    async def ping(self) -> None:
        self._refuse_after_lost_sync()
        try:
            await self._threads.run(self._probe)
        except StoreFullError as error:
            raise StoreUnavailableError(error.message) from error

    # ---- steps, each run in a thread ----

    def _prepare(self) -> None:
        for folder in (self._objects, self._incoming):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock.touch(mode=0o600)
        for folder in (self._objects.parent, self._objects.parent.parent):
            sync_folder(folder, self._fsync)
        for leftover in self._incoming.iterdir():
            remove_unless_locked(leftover)

    def _publish(self, incoming: IncomingFile, sha256: str) -> FileIdentity:
        """Give the verified bytes their name; the same object, if there already, is replaced by these equal bytes.

        Replacing it is what heals a rotted object and makes it young in one step; nothing else may ever be at this
        name (A13), and readers of the replaced file keep it until they close it.
        """
        target = self._path(sha256)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with exclusive(self._lock):
            incoming.rename(target, self._ago_ns(0))
        crash_here("firmware_store.renamed")
        return identity_of(incoming.descriptor, sha256)

    def _sync_folders(self, target: Path) -> None:
        # Always all three: another put may have made a folder a moment ago and not synced it yet.
        for folder in (target.parent, target.parent.parent, self._objects):
            sync_folder(folder, self._fsync)
        crash_here("firmware_store.folders_synced")

    def _old_in_shard(self, shard: str, before_ns: int) -> list[str]:
        found = []
        for second in names_in(self._objects / shard, _SHARD):
            for sha256 in names_in(self._objects / shard / second, _SHA256):
                try:
                    modified_ns = self._path(sha256).stat().st_mtime_ns
                except FileNotFoundError:
                    continue  # deleted since its folder was read
                if modified_ns <= before_ns:
                    found.append(sha256)
        return found

    def _delete(self, path: Path, before_ns: int) -> bool:
        with exclusive(self._lock):
            try:
                if path.stat().st_mtime_ns > before_ns:
                    return False
                path.unlink()
            except FileNotFoundError:
                return True
        sync_folder(path.parent, self._fsync)
        return True

    def _probe(self) -> None:
        os.scandir(self._objects).close()
        path = self._incoming / self._new_name()
        path.write_bytes(b"ping")
        path.unlink()

    # ---- around the steps ----

    async def _durably(self, sync: Callable[_P, None], *args: _P.args, **kwargs: _P.kwargs) -> None:
        """A sync of file or folders; once one has failed, no put may succeed before a restart (F14)."""
        try:
            await self._threads.run(sync, *args, **kwargs)
        except StoreUnavailableError:
            self._has_lost_a_sync = True
            raise

    def _refuse_after_lost_sync(self) -> None:
        if self._has_lost_a_sync:
            raise StoreUnavailableError("the firmware disk lost a write; check the disk, then start the server anew")

    async def _is_intact(self, identity: FileIdentity, opened: DiskFirmwareObject) -> bool:
        """Whether the file hashes to its name: read once, however many open it at the same time (F19)."""
        while (running := self._checks.get(identity)) is not None:
            await asyncio.wait([running])  # it may have been cancelled without a verdict: then the check is ours
        known = self._verdicts.get(identity)
        if known is None:
            finished = self._checks[identity] = asyncio.get_running_loop().create_future()
            try:
                known = await self._threads.run(opened.hash) == identity.sha256
            finally:
                del self._checks[identity]
                finished.set_result(None)
        self._remember(identity, known)
        return known

    def _remember(self, identity: FileIdentity, is_intact: bool) -> None:
        self._verdicts[identity] = is_intact
        self._verdicts.move_to_end(identity)
        if len(self._verdicts) > VERDICTS_MAX:
            self._verdicts.popitem(last=False)

    def _path(self, sha256: str) -> Path:
        """Where the object is. A text that is no SHA-256 names no object and never becomes a path (I11)."""
        if not _SHA256.fullmatch(sha256):
            raise FirmwareObjectMissingError("an object is named by its SHA-256 in lower-case hex")
        return self._objects / sha256[:2] / sha256[2:4] / sha256

    def _ago_ns(self, age_s: float) -> int:
        return int((self._now_s() - age_s) * 1_000_000_000)


class DiskFirmwareObject:
    """Implements the port FirmwareObject over an open file, which outlives deletion and replacement of its name."""

    def __init__(self, threads: _Threads) -> None:
        self._threads = threads
        self._file = -1
        self._size_bytes = 0

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def open(self, path: Path, sha256: str) -> FileIdentity:
        """In a thread, before anything else. Raises FirmwareObjectMissingError."""
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError as error:
            raise FirmwareObjectMissingError(f"the firmware store has no object {sha256}") from error
        identity = identity_of(self._file, sha256)
        self._size_bytes = identity.size_bytes
        return identity

    def hash(self) -> str:
        """In a thread: the SHA-256 of the whole file. Raises FirmwareObjectCorruptError when it cannot be read."""
        return hash_of(self._file, self._size_bytes)

    async def read(self, offset: int, length: int) -> bytes:
        available = min(length, self._size_bytes - offset)
        if available <= 0:
            return b""
        if available <= SMALL_READ_BYTES and len(cached := read_cached(self._file, offset, available)) == available:
            return cached
        return await self._threads.run(read_exactly, self._file, offset, available)

    def close(self) -> None:
        """May be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class _Threads:
    """The threads of one store, and what their failures mean."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="firmware-store")

    async def run(self, step: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """The step's result. Cancelled, it still waits for the step, so that files are closed after their last use.

        Raises StoreFullError and StoreUnavailableError for the disk's own errors.
        """
        running = asyncio.get_running_loop().run_in_executor(self._executor, lambda: step(*args, **kwargs))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await _ended(running)
            raise
        except OSError as error:
            if error.errno in _FULL:
                raise StoreFullError("the firmware disk is full; nothing was stored") from error
            raise StoreUnavailableError(f"the firmware disk failed: {error.strerror}") from error

    async def close(self) -> None:
        await asyncio.to_thread(self._executor.shutdown)


async def _ended(running: asyncio.Future[_T]) -> None:
    """Wait for the end, whatever it is, even when cancelled again meanwhile: the first cancellation is under way."""
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            continue
    running.exception()  # looked at, so that no one reports it as forgotten


async def _coalesced(blocks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The same bytes in blocks of at least BLOCK_BYTES, but for the last."""
    gathered = bytearray()
    async for block in blocks:
        gathered += block
        if len(gathered) >= BLOCK_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
