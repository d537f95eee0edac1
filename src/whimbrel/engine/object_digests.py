"""The SHA-1 of firmware objects, which DDI clients check beside the identity that we keep (A27, ddi-protocol 1).

A chore has it taken of the objects that running jobs send, soon after a job was made; who needs one earlier, or one
that could not be taken then, has it taken at once. Reading goes block by block, hashing in a thread, so neither holds
the loop; and it goes on beside the engine's work, which never waits for it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence

from whimbrel.errors import FirmwareObjectCorruptError, FirmwareObjectMissingError, WhimbrelError
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
        self._ahead: asyncio.Task[None] | None = None

    async def of(self, sha256s: Sequence[str]) -> Mapping[str, str]:
        """Those that can be told; an object that is gone is left out. Raises StoreUnavailableError."""
        async with self._store.snapshot() as store:
            known = await store.object_digests.sha1s(sha256s)
        for sha256 in sha256s:
            if sha256 not in known and (sha1 := await self._take(sha256)) is not None:
                known[sha256] = sha1
        return known

    async def step(self) -> bool:
        """A chore of the engine: looks at the next jobs, each once, and has their objects hashed.

        False while they are, which may take minutes, and once all jobs were looked at.
        """
        if self._ahead is not None and not self._ahead.done():
            return False
        async with self._store.snapshot() as store:
            jobs = await store.object_digests.unknown(self._after_job_id, JOBS_PER_STEP)
        if not jobs:
            return False
        self._after_job_id = jobs[-1].job_id
        wanted = dict.fromkeys(sha256 for job in jobs for sha256 in job.sha256s)
        if wanted:
            self._ahead = asyncio.get_running_loop().create_task(self._take_each(list(wanted)))
        return True

    async def close(self) -> None:
        """Nothing is read any more. What was not finished is taken when it is asked for."""
        running = [*self._running.values(), *([self._ahead] if self._ahead is not None else [])]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _take_each(self, sha256s: Sequence[str]) -> None:
        for sha256 in sha256s:
            try:
                await self._take(sha256)
            except WhimbrelError as error:
                log.warning("the firmware object %s is hashed later: %s", sha256, error)

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
