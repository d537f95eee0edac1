"""Firmware rows and the uploads they are made of. Part of the port `store`."""

from __future__ import annotations

from typing import Protocol

from whimbrel.domain.firmware import Firmware, FirmwareDraft, FirmwareStatus, UploadedFile
from whimbrel.domain.paging import Listing, Page


class FirmwareRows(Protocol):
    async def add(self, draft: FirmwareDraft) -> int:
        """Its id. Raises FirmwareExistsError."""
        ...

    async def by_id(self, account_id: int, firmware_id: int) -> Firmware | None: ...
    async def by_link(self, firmware_id: int) -> Firmware | None:
        """Of whichever account: the caller holds a link that the account was given, and checks it (A14)."""
        ...

    async def page(
        self, account_id: int, product_key: str | None, dest_version: str | None, page: Page
    ) -> Listing[Firmware]: ...
    async def move(self, firmware_id: int, old: FirmwareStatus, new: FirmwareStatus, now_ms: int) -> bool:
        """Compare and set; False when the status is not `old`."""
        ...

    async def delete(self, firmware: Firmware) -> None: ...
    async def is_referenced(self, sha256: str, uploaded_after_ms: int) -> bool:
        """Whether firmware, an unfinished job or an upload younger than that needs the object."""
        ...


class Uploads(Protocol):
    async def issue(self, account_id: int, object_key: str, expires_ms: int, now_ms: int) -> None: ...
    async def begin(self, object_key: str, now_ms: int) -> bool:
        """Claim the one use of upload credentials; False when unknown, used or expired."""
        ...

    async def finish(self, object_key: str, file: UploadedFile) -> bool:
        """The file is stored; False when no upload of this key had begun."""
        ...

    async def by_key(self, account_id: int, object_key: str) -> UploadedFile | None:
        """The stored file of a finished upload."""
        ...

    async def mark_used(self, object_key: str) -> None: ...
    async def forget_before(self, issued_before_ms: int) -> int:
        """Drop rows of uploads that old; how many."""
        ...
