"""An uploaded list of devices is in the store once its upload is whole (api-contract 10.10; I2)."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.test_firmware_store import blocks_of
from tests.engine.world import NOW_MS, Stage, add_devices, add_job, fill, rows_of, set_stage
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.domain.form_upload import UploadPurpose
from whimbrel.domain.job import TargetSelection
from whimbrel.ports.store import DeviceList
from whimbrel.transfer.desk import StoreDesk
from whimbrel.transfer.device_lists import BLOCK_BYTES

KEY = "ota/devices/0123456789abcdef0123456789abcdef.csv"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as stage:
        yield stage


async def upload(stage: Stage, folder: Path, content: bytes) -> DeviceList | None:
    """What the store knows of the list once the desk has taken its file."""
    numbers = itertools.count()
    files = DiskFirmwareStore(folder / "firmware", lambda: f"{next(numbers):032x}")
    await files.start()
    stored = await files.put(blocks_of(content))
    desk = StoreDesk(stage.store, files)
    async with stage.store.transaction() as store:
        await store.uploads.issue(stage.place.account_id, KEY, NOW_MS, NOW_MS, UploadPurpose.DEVICE_LIST)
    await desk.begin(KEY, NOW_MS)
    await desk.finish(KEY, stored, NOW_MS)
    await files.close()
    async with stage.store.snapshot() as store:
        assert await store.uploads.by_key(stage.place.account_id, KEY, UploadPurpose.DEVICE_LIST) is not None
        return await store.device_lists.find(KEY)


async def test_names_become_targets(stage: Stage, tmp_path: Path) -> None:
    """A file of several blocks is read whole, and a job finds its devices in the store."""
    await add_devices(stage.store, stage.place, 3)
    names = [f"dev-{number:04d}" for number in range(BLOCK_BYTES // 4)]
    found = await upload(stage, tmp_path, "\r\n".join(names).encode())
    assert found == DeviceList(len(names), "")
    job = await add_job(
        stage.store,
        stage.place,
        target_selection=TargetSelection.SPECIFIC,
        device_list_key=KEY,
        is_gathered=False,
    )
    async with stage.store.transaction() as store:
        await store.targets.freeze(job)
        frozen = await store.jobs.by_id(job.account_id, job.id)
    assert frozen is not None
    job = await fill(stage.store, frozen)
    assert [row.device_name for row in await rows_of(stage.store, job)] == names[:3]


async def test_what_is_no_list_is_kept_with_its_fault(stage: Stage, tmp_path: Path) -> None:
    """The upload itself succeeds; the job that names it is told what is wrong."""
    found = await upload(stage, tmp_path, b"dev-0001\n\xff\n")
    assert found is not None
    assert found.fault == "line 2 is not UTF-8"
