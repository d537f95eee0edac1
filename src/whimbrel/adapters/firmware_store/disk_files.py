"""The blocking half of the disk firmware store: what is done to one file or folder, in a thread of the store."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from whimbrel.crash_points import crash_here
from whimbrel.errors import FirmwareObjectCorruptError, StoreUnavailableError
from whimbrel.ports.firmware_store import StoredObject

BLOCK_BYTES = 1_048_576  # a thread hop per block: 1 MiB blocks cost a quarter of 64 KiB ones (stack.md 6)


class IncomingFile:
    """Bytes on their way in. Made without IO, so that `discard` can end it in whatever state a fault leaves it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_renamed = False
        self._size_bytes = 0
        self._sha256 = hashlib.sha256()
        self.md5 = hashlib.md5(usedforsecurity=False)  # an answer for old devices, never an identity (A27)
        self.descriptor = -1

    def create(self) -> None:
        self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        # The lock lives as long as this process: it tells another process's `start` that this is no leftover.
        fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        crash_here("firmware_store.created")

    def write(self, block: bytes) -> None:
        self._sha256.update(block)
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]
        self._size_bytes += len(block)
        crash_here("firmware_store.written")

    def compare(self) -> None:
        """Raises StoreUnavailableError unless the disk gives back what was written (F13). After a sync."""
        # Drop the synced pages, so that the bytes come from the disk and not from the memory they were written in.
        os.posix_fadvise(self.descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        digest, offset = hashlib.sha256(), 0
        while block := os.pread(self.descriptor, BLOCK_BYTES, offset):
            digest.update(block)
            offset += len(block)
        if (digest.digest(), offset) != (self._sha256.digest(), self._size_bytes):
            raise StoreUnavailableError("the firmware disk gave back other bytes than were written; check the disk")

    def rename(self, target: Path, modified_ns: int) -> None:
        os.utime(self.descriptor, ns=(modified_ns, modified_ns))
        self._path.replace(target)
        self._is_renamed = True

    def summary(self) -> StoredObject:
        return StoredObject(self._sha256.hexdigest(), self.md5.hexdigest(), self._size_bytes)

    def discard(self) -> None:
        """Remove what was not published."""
        if self.descriptor < 0:
            return
        if not self._is_renamed:
            self._path.unlink(missing_ok=True)
        os.close(self.descriptor)
        self.descriptor = -1


class FileIdentity(NamedTuple):
    """One state of one file; a file that was changed or replaced has another identity."""

    sha256: str
    inode: int
    size_bytes: int
    modified_ns: int


def identity_of(descriptor: int, sha256: str) -> FileIdentity:
    status = os.fstat(descriptor)
    return FileIdentity(sha256, status.st_ino, status.st_size, status.st_mtime_ns)


def read_exactly(descriptor: int, offset: int, length: int) -> bytes:
    """Raises FirmwareObjectCorruptError when the disk does not give all of these bytes, which it once stored."""
    try:
        block = os.pread(descriptor, length, offset)
    except OSError as error:
        raise FirmwareObjectCorruptError(f"a stored object cannot be read: {error.strerror}") from error
    if len(block) < length:
        raise FirmwareObjectCorruptError(f"a stored object ends at byte {offset + len(block)}, too early")
    return block


def hash_of(descriptor: int, size_bytes: int) -> str:
    """The SHA-256 of a file of that length. Raises FirmwareObjectCorruptError."""
    digest = hashlib.sha256()
    for offset in range(0, size_bytes, BLOCK_BYTES):
        digest.update(read_exactly(descriptor, offset, min(BLOCK_BYTES, size_bytes - offset)))
    return digest.hexdigest()


def read_cached(descriptor: int, offset: int, length: int) -> bytes:
    """What the page cache holds of these bytes, without ever waiting for the disk; perhaps nothing."""
    buffer = bytearray(length)
    try:
        return bytes(buffer[: os.preadv(descriptor, [buffer], offset, os.RWF_NOWAIT)])
    except OSError:
        return b""  # not in the cache, or a file system that cannot tell: the caller reads in a thread


def names_in(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if pattern.fullmatch(name))
    except FileNotFoundError:
        return []


def sync_folder(folder: Path, fsync: Callable[[int], None]) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_unless_locked(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return  # its writer finished meanwhile
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return  # another process is writing it
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """One holder over all threads and processes; the operating system frees it when its process dies."""
    descriptor = os.open(lock, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
