"""Firmware rows and the uploads they are made of. Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.firmware import Firmware, FirmwareDraft, FirmwareStatus, UploadedFile
from whimbrel.domain.form_upload import UploadPurpose
from whimbrel.domain.paging import Listing, Page


class FirmwareFilter(NamedTuple):
    """Which firmware of an account; None is any. Of whatever has a module or a status only the newest are looked at."""

    product_key: str | None = None
    dest_version: str | None = None
    module_name: str | None = None
    status: FirmwareStatus | None = None


class FirmwareRows(Protocol):
    async def add(self, draft: FirmwareDraft) -> int:
        """Its id. Raises FirmwareExistsError."""
        ...

    async def by_id(self, account_id: int, firmware_id: int) -> Firmware | None:
        """With its files."""
        ...

    async def by_link(self, firmware_id: int) -> Firmware | None:
        """With its files, of whichever account: the caller checks the link that the account was given (A14)."""
        ...

    async def page(self, account_id: int, wanted: FirmwareFilter, page: Page) -> Listing[Firmware]:
        """Newest first, without their files."""
        ...

    async def move(self, firmware_id: int, old: FirmwareStatus, new: FirmwareStatus, now_ms: int) -> bool:
        """Compare and set; False when the status is not `old`."""
        ...

    async def modify(self, firmware: Firmware, now_ms: int) -> None:
        """Store its name, description and Udi. Raises FirmwareExistsError for a taken name."""
        ...

    async def delete(self, firmware: Firmware) -> None:
        """With the list of its files."""
        ...

    async def is_referenced(self, sha256: str, uploaded_after_ms: int) -> bool:
        """Whether firmware with any of its files, an unfinished job or an upload younger than that needs the object."""
        ...


class Uploads(Protocol):
    async def issue(
        self,
        account_id: int,
        object_key: str,
        expires_ms: int,
        now_ms: int,
        purpose: UploadPurpose = UploadPurpose.FIRMWARE,
    ) -> None: ...
    async def begin(self, object_key: str, now_ms: int) -> bool:
        """Claim the one use of upload credentials; False when unknown, used or expired."""
        ...

    async def finish(self, object_key: str, file: UploadedFile) -> bool:
        """The file is stored; False when no upload of this key had begun."""
        ...

    async def by_key(
        self, account_id: int, object_key: str, purpose: UploadPurpose = UploadPurpose.FIRMWARE
    ) -> UploadedFile | None:
        """The stored file of a finished upload for that purpose."""
        ...

    async def mark_used(self, object_key: str) -> None: ...
    async def forget_before(self, issued_before_ms: int) -> int:
        """Drop rows of uploads that old; how many."""
        ...
