"""Firmware over MQTT: a device asks for blocks of its task's file, one after another (device-protocol 8; I8, I10, I11).

A block leaves only for the device of an open task, of a job that sends over MQTT and has not been cancelled. What
allows it is looked up again when it is older than GRANT_SECONDS_MAX, in the database and so on every node: no block
leaves later than that after a cancel was answered. The bytes are those of the object that the job pins.

A device has one block on its way at a time: the next is read when the socket has taken the last. What fails for a while
(the store, the disk) is not answered, because the C SDK repeats a refused request three times at once and then gives
up, while it repeats an unanswered one after ten seconds. Progress is what the device reports; a block is no report.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from prometheus_client import Counter

from whimbrel.domain.download_link import ID_MAX
from whimbrel.domain.notice import STREAM_FILE_ID, may_stream
from whimbrel.errors import (
    FirmwareObjectCorruptError,
    FirmwareObjectMissingError,
    WhimbrelError,
)
from whimbrel.gateway.block_frames import (
    BLOCK_BYTES_MAX,
    CODE_BAD,
    CODE_BEYOND,
    CODE_DAMAGED,
    CODE_FOUND,
    CODE_UNKNOWN,
    BlockRequest,
    FoundBlock,
    read_request,
    reply_payload,
)
from whimbrel.gateway.open_files import OpenFiles
from whimbrel.ports.clock import Clock
from whimbrel.ports.firmware_store import FirmwareStore
from whimbrel.ports.store import Store

log = logging.getLogger(__name__)

FILE_DOWNLOAD: Final = "file_download"
"""The kind of message that a session hands over for a block request; no report has this name."""

GRANT_SECONDS_MAX: Final = 0.5  # half of what I8 gives to a cancel
REQUESTS_WAITING_MAX: Final = 8  # of a session, of at most 4 KiB each; the C SDK has one, its repeats come 10 s apart
BLOCKS_HELD_MAX: Final = 256
"""Blocks in memory at a time, over all sessions: 32 MiB of the largest. Further requests wait for their turn (I17)."""

blocks_total = Counter("whimbrel_mqtt_blocks_total", "Requests for a block of firmware over MQTT", ["result"])
_RESULTS = {
    CODE_FOUND: "sent",
    CODE_BAD: "bad",
    CODE_UNKNOWN: "unknown",
    CODE_BEYOND: "beyond",
    CODE_DAMAGED: "damaged",
}


class Grant(NamedTuple):
    """What a session may read blocks of; `looked_s` is when that was so."""

    task_id: int
    sha256: str
    file_bytes: int
    looked_s: float


class BlockDesk:
    """Finds blocks; one for all sessions of a process."""

    def __init__(self, store: Store, files: FirmwareStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.files = OpenFiles(files)
        self.turns = asyncio.Semaphore(BLOCKS_HELD_MAX)

    async def grant(self, device_id: int, task_id: int, held: Grant | None) -> Grant | None:
        """What the device may read of the task, None for nothing. Raises StoreUnavailableError."""
        now_s = self._clock.monotonic_s()
        if held is not None and held.task_id == task_id and now_s - held.looked_s < GRANT_SECONDS_MAX:
            return held
        if not 0 < task_id <= ID_MAX:
            return None
        async with self._store.snapshot() as store:
            found = await store.tasks.with_job(task_id)
        if found is None:
            return None
        task, job = found
        # Another device's task is as unknown as one that never was (A19).
        if task.device_id != device_id or not may_stream(task, job):
            return None
        return Grant(task_id, job.sha256, job.size_bytes, now_s)

    async def find(self, request: BlockRequest, grant: Grant | None) -> FoundBlock:
        """The block, or why there is none. Raises StoreUnavailableError."""
        size, offset = request.params.file_block.size, request.params.file_block.offset
        if grant is None or request.params.file_info.file_id != STREAM_FILE_ID:
            return FoundBlock(CODE_UNKNOWN)
        if size < 1 or offset < 0:
            return FoundBlock(CODE_BAD, grant.file_bytes)
        if offset >= grant.file_bytes:
            return FoundBlock(CODE_BEYOND, grant.file_bytes)
        length = min(size, BLOCK_BYTES_MAX, grant.file_bytes - offset)
        try:
            block = await self.files.read(grant.sha256, offset, length)
        except (FirmwareObjectCorruptError, FirmwareObjectMissingError) as error:
            log.error("task %d cannot be downloaded: %s", grant.task_id, error)
            return FoundBlock(CODE_DAMAGED, grant.file_bytes)
        return FoundBlock(CODE_FOUND, grant.file_bytes, block)


#: Sends a reply, and comes back when the socket has taken it or is gone.
SendBlock = Callable[[bytes], Awaitable[None]]


class BlockLine:
    """The block requests of one session, answered in their order."""

    __slots__ = ("_desk", "_device_id", "_grant", "_is_answering", "_send", "_waiting")

    def __init__(self, desk: BlockDesk, device_id: int, send: SendBlock) -> None:
        self._desk = desk
        self._device_id = device_id
        self._send = send
        self._grant: Grant | None = None
        self._waiting: deque[BlockRequest] = deque()
        self._is_answering = False

    def take(self, payload: bytes) -> bool:
        """Put a request in line; whether `answer` has to be started. Raises ReportError for what is no request.

        With a full line nothing is kept: the device repeats what stays unanswered.
        """
        request = read_request(payload)
        if len(self._waiting) >= REQUESTS_WAITING_MAX:
            blocks_total.labels("full").inc()
            return False
        self._waiting.append(request)
        was_answering, self._is_answering = self._is_answering, True
        return not was_answering

    def close(self) -> None:
        """The session has ended: what waits is forgotten."""
        self._waiting.clear()

    async def answer(self) -> None:
        """Answer what waits until nothing does."""
        try:
            while self._waiting:
                async with self._desk.turns:
                    if self._waiting:  # else the session ended before its turn came
                        await self._answer(self._waiting.popleft())
        finally:
            self._is_answering = False

    async def _answer(self, request: BlockRequest) -> None:
        try:
            task_id = request.params.file_info.stream_id
            self._grant = await self._desk.grant(self._device_id, task_id, self._grant)
            found = await self._desk.find(request, self._grant)
        except WhimbrelError as error:
            log.warning("device %d gets no block now: %s", self._device_id, error)
            blocks_total.labels("unavailable").inc()
            return
        blocks_total.labels(_RESULTS[found.code]).inc()
        await self._send(reply_payload(request, found))
