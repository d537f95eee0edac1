"""What the file door asks the store: may this upload begin, is it finished, what does a download link lead to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from whimbrel.domain.download_link import LinkClaim, LinkKind, is_expired, is_genuine, read_token
from whimbrel.domain.firmware import FirmwareFile, UploadedFile
from whimbrel.domain.form_upload import UploadPurpose
from whimbrel.domain.rollout import Hold
from whimbrel.domain.task import TaskStatus
from whimbrel.errors import UploadError
from whimbrel.ports.clock import Clock
from whimbrel.ports.firmware_store import FirmwareStore, StoredObject
from whimbrel.ports.store import Store
from whimbrel.transfer.cancel_watch import CancelledOf
from whimbrel.transfer.device_lists import read_device_list
from whimbrel.transfer.download import DownloadGrant, DownloadRefusal


class StoreDesk:
    """The `UploadDesk` of the form upload."""

    def __init__(self, store: Store, files: FirmwareStore) -> None:
        self._store = store
        self._files = files

    async def begin(self, object_key: str, now_ms: int) -> None:
        async with self._store.transaction() as store:
            is_ours = await store.uploads.begin(object_key, now_ms)
        if not is_ours:
            raise UploadError(
                "AccessDenied", "the upload credentials were used before or have expired; ask for new ones"
            )

    async def finish(self, object_key: str, stored: StoredObject, now_ms: int) -> None:
        if object_key.startswith(f"{UploadPurpose.DEVICE_LIST.folder}/"):
            await read_device_list(self._files, self._store, object_key, stored, now_ms)
        file = UploadedFile(object_key, stored.sha256, stored.md5, stored.size_bytes, now_ms, is_used=False)
        async with self._store.transaction() as store:
            is_finished = await store.uploads.finish(object_key, file)
        if not is_finished:
            raise UploadError("AccessDenied", "the upload took too long and was forgotten; ask for new credentials")


def cancelled_of(store: Store) -> CancelledOf:
    """What transfers under way ask of their tasks."""

    async def ask(task_ids: Sequence[int]) -> set[int]:
        async with store.snapshot() as snapshot:
            return await snapshot.tasks.cancelled(task_ids)

    return ask


class Links:
    """Resolves download links: bound to a task and its device, or to firmware (A14)."""

    def __init__(self, store: Store, clock: Clock, key: bytes) -> None:
        self._store = store
        self._clock = clock
        self._key = key

    async def resolve(self, token: str) -> DownloadGrant | DownloadRefusal:
        claim = read_token(token)
        if claim is None:
            return DownloadRefusal.NOT_FOUND
        if is_expired(claim, self._clock.now_ms() // 1000):
            return DownloadRefusal.FORBIDDEN
        return await (self._of_task(claim) if claim.kind is LinkKind.TASK else self._of_firmware(claim))

    async def _of_task(self, claim: LinkClaim) -> DownloadGrant | DownloadRefusal:
        async with self._store.snapshot() as store:
            found = await store.tasks.with_job(claim.id)
        # A link that leads nowhere and one that was forged look alike: whether a task exists is nobody's business.
        if found is None:
            return DownloadRefusal.FORBIDDEN
        task, job = found
        named = _Named(f"{job.firmware_name}-{job.dest_version}", job.sha256, job.size_bytes)
        grant = _grant(claim, named, job.files)
        if grant is None or not is_genuine(self._key, claim, task.device_id, grant.sha256):
            return DownloadRefusal.FORBIDDEN
        # A large cancel that was answered holds before the engine has come to the task (I8).
        if task.status is TaskStatus.CANCELED or task.status in job.cancelling or job.hold is Hold.HALTED:
            return DownloadRefusal.FORBIDDEN
        return grant._replace(is_for_device=True, task_id=task.id)

    async def _of_firmware(self, claim: LinkClaim) -> DownloadGrant | DownloadRefusal:
        async with self._store.snapshot() as store:
            firmware = await store.firmware.by_link(claim.id)
        if firmware is None:
            return DownloadRefusal.FORBIDDEN
        named = _Named(f"{firmware.name}-{firmware.dest_version}", firmware.sha256, firmware.size_bytes)
        grant = _grant(claim, named, () if firmware.is_one_object else firmware.files)
        if grant is None or not is_genuine(self._key, claim, None, grant.sha256):
            return DownloadRefusal.FORBIDDEN
        return grant


class _Named(NamedTuple):
    """What a job or firmware says of its one object."""

    name: str
    sha256: str
    size_bytes: int


def _grant(claim: LinkClaim, named: _Named, files: tuple[FirmwareFile, ...]) -> DownloadGrant | None:
    """What the claim leads to if it is genuine; None when it names a file that is not there."""
    if not files:
        return None if claim.file_number else DownloadGrant(named.sha256, named.size_bytes, named.name)
    file = next((file for file in files if file.number == claim.file_number), None)
    return DownloadGrant(file.sha256, file.size_bytes, f"{named.name}-{file.name}") if file else None
