"""The SHA-1 of firmware objects, which DDI clients check beside the identity that we keep (A27, ddi-protocol 1).

A chore takes it of every object that a running job sends, soon after the job was made; who needs one earlier has it
taken at once. Reading goes block by block, hashing in a thread, so neither holds the loop.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence

from whimbrel.errors import FirmwareObjectCorruptError, FirmwareObjectMissingError
from whimbrel.ports.firmware_store import FirmwareStore
from whimbrel.ports.store import Store

log = logging.getLogger(__name__)

BLOCK_BYTES = 1_048_576
JOBS_PER_STEP = 100


class ObjectDigesting:
    """One for a process: an object is read once, however many ask for it meanwhile."""

    def __init__(self, store: Store, files: FirmwareStore) -> None:
        self._store = store
        self._files = files
        self._running: dict[str, asyncio.Task[str | None]] = {}
        self._after_job_id = 0
        self._gone: set[str] = set()

    async def of(self, sha256s: Sequence[str]) -> Mapping[str, str]:
        """Those that can be told; an object that is gone is left out. Raises StoreUnavailableError."""
        async with self._store.snapshot() as store:
            known = await store.object_digests.sha1s(sha256s)
        for sha256 in sha256s:
            if sha256 not in known and (sha1 := await self._take(sha256)) is not None:
                known[sha256] = sha1
        return known

    async def step(self) -> bool:
        """A chore of the engine: one object, or the next jobs that have none; False once all jobs were looked at."""
        async with self._store.snapshot() as store:
            found = await store.object_digests.unknown(self._after_job_id, JOBS_PER_STEP)
        wanted = next(((job_id, sha256) for job_id, sha256 in found if sha256 not in self._gone), None)
        if wanted is None:
            return False
        if await self._take(wanted[1]) is None:
            self._gone.add(wanted[1])  # another rule says so aloud; here it is not asked for again
        return True

    async def _take(self, sha256: str) -> str | None:
        """The object's SHA-1, stored; None when it is gone."""
        task = self._running.get(sha256)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._hash(sha256))
            self._running[sha256] = task
            task.add_done_callback(lambda _: self._running.pop(sha256, None))
        # Cancelling one who asked must not take the answer from the others.
        return await asyncio.shield(task)

    async def _hash(self, sha256: str) -> str | None:
        sha1 = hashlib.sha1(usedforsecurity=False)
        try:
            opened = await self._files.open(sha256)
        except (FirmwareObjectMissingError, FirmwareObjectCorruptError) as error:
            log.error("the firmware object %s cannot be hashed: %s", sha256, error)
            return None
        try:
            for offset in range(0, opened.size_bytes, BLOCK_BYTES):
                block = await opened.read(offset, BLOCK_BYTES)
                await asyncio.to_thread(sha1.update, block)
        except FirmwareObjectCorruptError as error:
            log.error("the firmware object %s cannot be hashed: %s", sha256, error)
            return None
        finally:
            opened.close()
        async with self._store.transaction() as store:
            await store.object_digests.put(sha256, sha1.hexdigest())
        return sha1.hexdigest()
