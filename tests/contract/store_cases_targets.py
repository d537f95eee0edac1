"""Contract of Targets and DeviceLists (I2)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    NOW_MS,
    Place,
    add_devices,
    add_job,
    add_place,
    count_errors,
    device_draft,
    fill,
    read_job,
    rows_of,
    tasks_of,
)
from whimbrel.domain.device_list import PART_NAMES_MAX, DeviceListReader
from whimbrel.domain.gray import KEYS, gray_devices, gray_start
from whimbrel.domain.job import (
    Job,
    TargetSelection,
    is_candidate,
)
from whimbrel.domain.paging import Page
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store import DeviceList, Store

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
OPEN = (CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS)
MODULES = ("default", "MCU")
VERSIONS = (None, "1.0.0", "1.5.0", "2.0.0")


async def begin(store: Store, place: Place, **changes: object) -> Job:
    """A job whose target set is frozen, and nothing gathered or filled yet."""
    job = await add_job(store, place, **{"is_gathered": False, **changes})
    async with store.transaction() as transaction:
        await transaction.targets.freeze(job)
    return await read_job(store, job)


class TestGray:
    @pytest.mark.parametrize("chunk", [1, 3, 50])
    @pytest.mark.parametrize("percent", ["0.001", "37.5", "99.9", "100"])
    async def test_I2_the_first_by_key_from_the_jobs_start(self, rig: Rig, chunk: int, percent: str) -> None:
        """Exactly the share, in the order of the keys from the job's start and around, over restarts."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 30, "1.0.0")
        await add_devices(rig.store, place, 8, "1.5.0", prefix="other")
        await add_devices(rig.store, place, 4, prefix="mute")
        job = await begin(
            rig.store,
            place,
            target_selection=TargetSelection.GRAY,
            gray_percent=percent,
            src_versions=("1.0.0", "1.5.0"),
        )
        assert job.gray_left == gray_devices(percent, 38)
        await add_devices(rig.store, place, 5, "1.0.0", prefix="late")
        while not job.is_filled:
            async with rig.store.transaction() as transaction:
                await transaction.fleet.fill(job, chunk, NOW_MS)
            job = await read_job(await rig.reopen(), job)
        keys = await self.keys_of(rig.store, place, job)
        candidates = sorted(
            (key - gray_start(job.id)) % KEYS
            for name, (key, version) in keys.items()
            if is_candidate(version, job.source_versions) and not name.startswith("late")
        )
        taken = {row.device_name for row in await rows_of(rig.store, job)}
        assert sorted((keys[name][0] - gray_start(job.id)) % KEYS for name in taken) == candidates[: len(taken)]
        assert (len(taken), job.gray_left) == (gray_devices(percent, 38), 0)
        assert await count_errors(rig.store, [job]) == []

    @staticmethod
    async def keys_of(store: Store, place: Place, job: Job) -> dict[str, tuple[int, str | None]]:
        """Device name to its key and version, as the digest of its IotId makes it."""
        found: dict[str, tuple[int, str | None]] = {}
        async with store.snapshot() as snapshot:
            listing = await snapshot.devices.page(job.account_id, job.product_id, Page(1, 1_000))
            for device in listing.rows:
                version = await snapshot.module_versions.get(device.id, job.module_name)
                draft = device_draft(place, device.device_name)
                found[device.device_name] = (draft.gray_key, version)
        return found

    async def test_versions_are_counted(self, rig: Rig) -> None:
        """Candidates come from counters: of devices that report the version now, in this product and module."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        ids = await add_devices(rig.store, place, 5, "1.0.0")
        await add_devices(rig.store, other, 3, "1.0.0", prefix="theirs")
        async with rig.store.transaction() as store:
            await store.module_versions.put(ids[0], "default", "1.0.1", NOW_MS)
            await store.module_versions.put(ids[1], "default", "1.0.0", NOW_MS)
            await store.module_versions.put(ids[2], "MCU", "1.0.1", NOW_MS)
        for versions, candidates in ((("1.0.0",), 4), (("1.0.1",), 1), (("1.0.0", "1.0.1"), 5), (("9",), 0)):
            job = await begin(
                rig.store, place, target_selection=TargetSelection.GRAY, gray_percent="100", src_versions=versions
            )
            assert job.gray_left == candidates
            assert job.is_filled is (candidates == 0)


class TestDeviceLists:
    async def put(self, store: Store, key: str, names: list[str]) -> None:
        reader = DeviceListReader()
        parts = [*reader.take("\n".join(names).encode()), *reader.finish()]
        for _ in range(2):  # an upload that was cut off and repeated
            async with store.transaction() as transaction:
                for part in parts:
                    await transaction.device_lists.put_part(key, part)
                await transaction.device_lists.finish(key, DeviceList(reader.names, ""), NOW_MS)

    async def test_I2_a_list_is_gathered_in_parts(self, rig: Rig) -> None:
        """Each part is one step, over restarts; unknown names are skipped, repeated ones merged, widths differ."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        await add_devices(rig.store, place, 20)
        await add_devices(rig.store, other, 1, prefix="theirs")
        names = [f"dev-{number % 20:04d}" for number in range(PART_NAMES_MAX + 30)]
        names += ["theirs-0000", "nobody", "a-name-of-thirty-two-characters-"]
        await self.put(rig.store, "list", names)
        job = await begin(rig.store, place, target_selection=TargetSelection.SPECIFIC, device_list_key="list")
        await add_devices(rig.store, place, 1, prefix="nobody")
        steps = 0
        while not job.is_filled:
            async with rig.store.transaction() as transaction:
                await transaction.fleet.fill(job, 7, NOW_MS)
            job = await read_job(await rig.reopen(), job)
            steps += 1
        assert {row.device_name for row in await rows_of(rig.store, job)} == set(names[:20])
        assert steps == 3 + 3
        assert await count_errors(rig.store, [job]) == []

    async def test_what_was_found(self, rig: Rig) -> None:
        """A list is found once it was read, with its fault when it has one."""
        async with rig.store.transaction() as store:
            assert await store.device_lists.find("list") is None
            await store.device_lists.finish("list", DeviceList(3, "line 4 is bad"), NOW_MS)
            assert await store.device_lists.find("list") == DeviceList(3, "line 4 is bad")

    async def test_old_lists_are_forgotten(self, rig: Rig) -> None:
        """One at a time, unless a job has not gathered its targets from it yet."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 1)
        for key in ("used", "idle"):
            await self.put(rig.store, key, ["dev-0000"])
        job = await begin(rig.store, place, target_selection=TargetSelection.SPECIFIC, device_list_key="used")
        async with rig.store.transaction() as store:
            assert not await store.device_lists.forget_before(NOW_MS)
            assert await store.device_lists.forget_before(NOW_MS + 1)
            assert not await store.device_lists.forget_before(NOW_MS + 1)
            assert await store.device_lists.find("idle") is None
        job = await fill(rig.store, job)
        assert len(await tasks_of(rig.store, job)) == 1
        async with rig.store.transaction() as store:
            assert await store.device_lists.forget_before(NOW_MS + 1)
            assert await store.device_lists.find("used") is None
