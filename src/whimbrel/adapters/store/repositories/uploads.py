"""Uploads: single-use credentials, and the files they left."""

from __future__ import annotations

from whimbrel.adapters.store.session import Session
from whimbrel.domain.firmware import UploadedFile
from whimbrel.domain.form_upload import UploadPurpose


class UploadRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def issue(
        self,
        account_id: int,
        object_key: str,
        expires_ms: int,
        now_ms: int,
        purpose: UploadPurpose = UploadPurpose.FIRMWARE,
    ) -> None:
        await self._session.run(
            "issue_upload",
            account_id=account_id,
            object_key=object_key,
            expires_ms=expires_ms,
            now_ms=now_ms,
            purpose=purpose.value,
        )

    async def begin(self, object_key: str, now_ms: int) -> bool:
        return await self._session.run("begin_upload", object_key=object_key, now_ms=now_ms) == 1

    async def finish(self, object_key: str, file: UploadedFile) -> bool:
        changed = await self._session.run(
            "finish_upload",
            object_key=object_key,
            stored_ms=file.stored_ms,
            sha256=file.sha256,
            md5=file.md5,
            size_bytes=file.size_bytes,
        )
        return changed == 1

    async def by_key(
        self, account_id: int, object_key: str, purpose: UploadPurpose = UploadPurpose.FIRMWARE
    ) -> UploadedFile | None:
        row = await self._session.one(
            "upload_by_key", account_id=account_id, object_key=object_key, purpose=purpose.value
        )
        return UploadedFile._make((*row[:5], bool(row[5]))) if row else None

    async def mark_used(self, object_key: str) -> None:
        await self._session.run("mark_upload_used", object_key=object_key)

    async def forget_before(self, issued_before_ms: int) -> int:
        return await self._session.run("forget_uploads", issued_before_ms=issued_before_ms)
