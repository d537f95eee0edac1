"""What the file door asks the store: upload credentials are used once, links lead where they belong (A13, A14)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import (
    LINKS,
    NOW_MS,
    Stage,
    add_devices,
    add_job,
    cancel,
    fill,
    firmware_draft,
    put_task,
    read_job,
    set_stage,
    tasks_of,
)
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.domain.download_link import LINK_SECONDS_MAX, LinkedFile, make_firmware_link, make_task_link
from whimbrel.domain.firmware import FirmwareFile, list_digest
from whimbrel.domain.job import Job
from whimbrel.domain.notice import make_notice
from whimbrel.domain.task import Task, TaskStatus
from whimbrel.errors import UploadError
from whimbrel.ports.firmware_store import StoredObject
from whimbrel.transfer.desk import Links, StoreDesk
from whimbrel.transfer.download import DownloadGrant, DownloadRefusal

KEY = "ota/firmware/0123456789abcdef0123456789abcdef.bin"
STORED = StoredObject("a" * 64, "b" * 32, 7)
UNUSED_FILES = DiskFirmwareStore(Path("unused"), new_name=str)  # only lists of devices are read, never firmware


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as stage:
        yield stage


@pytest.fixture
def links(stage: Stage) -> Links:
    return Links(stage.store, stage.clock, LINKS.key)


async def make_task(stage: Stage) -> tuple[Task, Job]:
    [device_id] = await add_devices(stage.store, stage.place, 1)
    job = await fill(stage.store, await add_job(stage.store, stage.place))
    return (await tasks_of(stage.store, job))[device_id], job


def token_of(task: Task, job: Job) -> str:
    return make_notice(task, job, LINKS, NOW_MS).url.rpartition("/")[2]


async def issue(stage: Stage, expires_ms: int = NOW_MS + 60_000) -> StoreDesk:
    async with stage.store.transaction() as store:
        await store.uploads.issue(stage.place.account_id, KEY, expires_ms, NOW_MS)
    return StoreDesk(stage.store, UNUSED_FILES)


async def test_a_task_link_leads_to_its_object(stage: Stage, links: Links) -> None:
    """A notice's link gives the bytes that the job has pinned, whatever happens to the firmware's row (I10)."""
    task, job = await make_task(stage)
    granted = await links.resolve(token_of(task, job))
    assert isinstance(granted, DownloadGrant)
    assert (granted.sha256, granted.size_bytes) == (job.sha256, job.size_bytes)


@pytest.mark.parametrize("status", list(TaskStatus))
async def test_A14_only_a_cancelled_task_revokes_its_link(stage: Stage, links: Links, status: TaskStatus) -> None:
    """A device that failed may try the download again; one whose task was cancelled may not."""
    task, job = await make_task(stage)
    await put_task(stage.store, task, status=status)
    is_granted = isinstance(await links.resolve(token_of(task, job)), DownloadGrant)
    assert is_granted is (status is not TaskStatus.CANCELED)


async def test_I8_a_cancel_holds_for_links_at_once(stage: Stage, links: Links) -> None:
    """A cancel that was answered refuses the link before the engine has come to the task."""
    task, job = await make_task(stage)
    token = token_of(task, job)
    await cancel(stage.store, job, TaskStatus.QUEUED)
    assert (await read_job(stage.store, job)).cancelling == {TaskStatus.QUEUED}
    assert await links.resolve(token) is DownloadRefusal.FORBIDDEN


@pytest.mark.parametrize(("seconds", "is_granted"), [(-1, True), (0, True), (1, False)])
async def test_A14_a_link_lives_a_day(stage: Stage, links: Links, seconds: int, is_granted: bool) -> None:
    """24 hours to the second."""
    task, job = await make_task(stage)
    token = token_of(task, job)
    stage.clock.pass_ms((LINK_SECONDS_MAX + seconds) * 1000)
    assert isinstance(await links.resolve(token), DownloadGrant) is is_granted


async def test_A14_foreign_links_lead_nowhere(stage: Stage, links: Links) -> None:
    """Junk is not found; another task's id, a changed expiry, a changed MAC and a missing task are all forbidden."""
    task, job = await make_task(stage)
    token = token_of(task, job)
    kind_id, expires, mac = token.split(".")
    assert await links.resolve("junk") is DownloadRefusal.NOT_FOUND
    for forged in (
        f"t{task.id + 1}.{expires}.{mac}",
        f"f{task.id}.{expires}.{mac}",
        f"{kind_id}.{int(expires) - 1}.{mac}",
        f"{kind_id}.{expires}.{'0' * 32}",
    ):
        assert await links.resolve(forged) is DownloadRefusal.FORBIDDEN


async def test_a_firmware_link_ends_with_its_firmware(stage: Stage, links: Links) -> None:
    """QueryOTAFirmware's link gives the file until the firmware is deleted."""
    async with stage.store.transaction() as store:
        firmware_id = await store.firmware.add(firmware_draft(stage.place))
        firmware = await store.firmware.by_id(stage.place.account_id, firmware_id)
    assert firmware is not None
    token = make_firmware_link(LINKS.key, firmware_id, LinkedFile(firmware.sha256), NOW_MS // 1000 + 60)
    assert isinstance(await links.resolve(token), DownloadGrant)
    async with stage.store.transaction() as store:
        await store.firmware.delete(firmware)
    assert await links.resolve(token) is DownloadRefusal.FORBIDDEN


async def test_A14_each_file_has_its_own_link(stage: Stage, links: Links) -> None:
    """Of a job with several files each link gives its own file's bytes, and is revoked with the task."""
    [device_id] = await add_devices(stage.store, stage.place, 1)
    files = tuple(FirmwareFile(n, f"part {n}", f"{n}" * 64, f"{n}" * 32, n, f"key{n}") for n in (1, 2))
    job = await fill(
        stage.store, await add_job(stage.store, stage.place, files=files, md5="", sha256=list_digest(files))
    )
    task = (await tasks_of(stage.store, job))[device_id]
    tokens = [file.url.rpartition("/")[2] for file in make_notice(task, job, LINKS, NOW_MS).files]
    granted = [await links.resolve(token) for token in tokens]
    assert granted == [
        DownloadGrant(file.sha256, file.size_bytes, f"firmware-2.0.0-{file.name}", True, task_id=task.id)
        for file in files
    ]
    crossed = tokens[0].replace("-1.", "-2.", 1)
    unnumbered = make_task_link(LINKS.key, task.id, device_id, LinkedFile(job.sha256), NOW_MS // 1000 + 60)
    absent = make_task_link(LINKS.key, task.id, device_id, LinkedFile(files[0].sha256, 3), NOW_MS // 1000 + 60)
    for token in (crossed, unnumbered, absent):
        assert await links.resolve(token) is DownloadRefusal.FORBIDDEN
    await put_task(stage.store, task, status=TaskStatus.CANCELED)
    for token in tokens:
        assert await links.resolve(token) is DownloadRefusal.FORBIDDEN


async def test_A14_a_number_is_no_part_of_a_single_files_link(stage: Stage, links: Links) -> None:
    """A genuine link that names a file where there is only one leads nowhere."""
    task, job = await make_task(stage)
    token = make_task_link(LINKS.key, task.id, task.device_id, LinkedFile(job.sha256, 1), NOW_MS // 1000 + 60)
    assert await links.resolve(token) is DownloadRefusal.FORBIDDEN


async def test_A13_credentials_are_used_once(stage: Stage) -> None:
    """The second use is refused, also after the first has finished."""
    desk = await issue(stage)
    await desk.begin(KEY, NOW_MS)
    with pytest.raises(UploadError, match="AccessDenied"):
        await desk.begin(KEY, NOW_MS)
    await desk.finish(KEY, STORED, NOW_MS)
    with pytest.raises(UploadError, match="AccessDenied"):
        await desk.finish(KEY, STORED, NOW_MS)
    async with stage.store.snapshot() as store:
        file = await store.uploads.by_key(stage.place.account_id, KEY)
    assert file is not None
    assert (file.sha256, file.md5, file.size_bytes, file.is_used) == (*STORED, False)


@pytest.mark.parametrize("early_ms", [1, 0])
async def test_A13_credentials_live_a_minute(stage: Stage, early_ms: int) -> None:
    """An upload may begin up to the last millisecond."""
    desk = await issue(stage, expires_ms=NOW_MS)
    await desk.begin(KEY, NOW_MS - early_ms)
    await desk.finish(KEY, STORED, NOW_MS + 3_600_000)
    async with stage.store.snapshot() as store:
        assert await store.uploads.by_key(stage.place.account_id, KEY) is not None


async def test_A13_credentials_expire(stage: Stage) -> None:
    """A millisecond later an upload does not begin."""
    desk = await issue(stage, expires_ms=NOW_MS)
    with pytest.raises(UploadError, match="AccessDenied"):
        await desk.begin(KEY, NOW_MS + 1)


async def test_A13_unknown_keys_are_refused(stage: Stage) -> None:
    """A key that was never given out begins nothing and finishes nothing."""
    desk = StoreDesk(stage.store, UNUSED_FILES)
    for step in (desk.begin(KEY, NOW_MS), desk.finish(KEY, STORED, NOW_MS)):
        with pytest.raises(UploadError, match="AccessDenied"):
            await step
