"""Port: where firmware bytes live, content-addressed by SHA-256 (I11). Adapters: `disk` (default), `s3` (later)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple, Protocol


class StoredObject(NamedTuple):
    """What was stored: the identity (`sha256`, lower-case hex), the answer for old devices (`md5`) and the length."""

    sha256: str
    md5: str
    size_bytes: int


class FirmwareObject(Protocol):
    """An object opened for reading; its bytes were checked against its SHA-256 before the first read."""

    @property
    def size_bytes(self) -> int: ...

    async def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`; fewer only at the end. Raises FirmwareObjectCorruptError if bytes vanished."""
        ...

    def close(self) -> None: ...


class FirmwareStore(Protocol):
    """Immutable objects. Acknowledged means durable: after `put` returns, the object survives a power cut (I1, F01)."""

    async def put(self, blocks: AsyncIterator[bytes]) -> StoredObject:
        """Stream, hash, make durable, read back and compare, then publish under the SHA-256 all at once.

        An exception from `blocks` leaves nothing behind. Storing bytes that exist already is a success and makes the
        object young again (see `delete_unreferenced`). Raises StoreFullError.
        """
        ...

    async def open(self, sha256: str) -> FirmwareObject:
        """Raises FirmwareObjectMissingError, FirmwareObjectCorruptError."""
        ...

    async def url(self, sha256: str, expires_s: int) -> str | None:
        """A presigned URL of the object, or None when the caller must serve the bytes itself."""
        ...

    def list_older_than(self, age_s: float) -> AsyncIterator[str]:
        """SHA-256 of each object not put for `age_s` seconds: what a sweep of unreferenced objects may look at."""
        ...

    async def delete(self, sha256: str, older_than_s: float) -> bool:
        """Delete the object unless it was put again within `older_than_s` seconds; True when it is gone now."""
        ...

    async def ping(self) -> None:
        """Raises StoreUnavailableError when objects cannot be stored or read now."""
        ...
