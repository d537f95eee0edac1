"""Contract of DeviceStories: what happened to a device (I17, ADR 0058)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_damage import execute
from tests.contract.store_cases_history import add_running, broken_rules, fail
from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    NODE,
    NOW_MS,
    add_devices,
    add_job,
    add_place,
    connect,
    fill,
    presence,
    put_task,
    tasks_of,
)
from whimbrel.domain.device_story import EVENTS_MAX, FLAP_MS, STAYS_MAX, Kept, Stay, TaskChange, VersionChange
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store import Store

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus


async def kept_of(store: Store, device_id: int) -> Kept:
    async with store.snapshot() as snapshot:
        return await snapshot.device_stories.of_device(device_id)


async def leave(store: Store, device_id: int, now_ms: int) -> None:
    async with store.transaction() as transaction:
        await transaction.presences.disconnected(presence(device_id), now_ms)


async def come(store: Store, device_id: int, now_ms: int) -> None:
    async with store.transaction() as transaction:
        assert await transaction.presences.connected(presence(device_id), now_ms)


class TestDeviceStories:
    async def test_changes_of_versions_and_tasks(self, rig: Rig) -> None:
        """Each change with what was before, oldest first; what repeats itself or only goes on is none."""
        place = await add_place(rig.store)
        (device_id,) = await add_devices(rig.store, place, 1, "1.0.0")
        job = await fill(rig.store, await add_job(rig.store, place))
        ((task),) = (await tasks_of(rig.store, job)).values()
        told = await put_task(rig.store, task, status=NOTIFIED)
        begun = (await tasks_of(rig.store, job))[device_id]
        assert (begun.told_ms, begun.begun_ms) == (NOW_MS, None)
        begun = await put_task(rig.store, begun, status=IN_PROGRESS, progress=20)
        begun = (await tasks_of(rig.store, job))[device_id]
        assert (begun.told_ms, begun.begun_ms) == (NOW_MS, NOW_MS)
        failed = await fail(rig.store, begun, "step -1: " + "x" * 300)
        async with rig.store.transaction() as store:
            for version in ("1.0.0", "1.1.0"):
                assert await store.module_versions.put(device_id, "default", version, NOW_MS + 1)
        kept = await kept_of(rig.store, device_id)
        said = "step -1: " + "x" * 191
        assert kept.changes == [
            VersionChange(NOW_MS, "default", None, "1.0.0"),
            TaskChange(NOW_MS, told.id, job.id, "default", 1, FAILED, NOW_MS, NOW_MS, 20, said),
            VersionChange(NOW_MS + 1, "default", "1.0.0", "1.1.0"),
        ]
        assert [(s.task.id, s.task.status, s.module_name, s.need_confirm, s.created_ms) for s in kept.tasks] == [
            (failed.id, FAILED, "default", False, NOW_MS)
        ]
        assert await broken_rules(rig) == []

    @pytest.mark.parametrize("is_ahead", [False, True])
    async def test_a_success_is_one_event_with_its_version(self, rig: Rig, is_ahead: bool) -> None:
        """Both are by one report, so one slot has them; a success without another version has its own."""
        _, job, tasks = await add_running(rig.store, 2)
        ids = [task.device_id for task in tasks]
        async with rig.store.transaction() as store:
            if is_ahead:
                await store.read_ahead(ids, ids)
            assert await store.module_versions.put(ids[0], "default", "2.0.0", NOW_MS + 1)
            for task in tasks:
                new = task._replace(status=SUCCEEDED, progress=100)
                assert await store.tasks.change(task, new, NOW_MS + 1)
        reported = VersionChange(NOW_MS, "default", None, "1.0.0")
        successes = [
            TaskChange(NOW_MS + 1, task.id, job.id, "default", 1, SUCCEEDED, NOW_MS, NOW_MS, 100, "") for task in tasks
        ]
        both = VersionChange(NOW_MS + 1, "default", "1.0.0", "2.0.0", tasks[0].id, job.id)
        assert (await kept_of(rig.store, ids[0])).changes == [reported, both, successes[0]]
        assert (await kept_of(rig.store, ids[1])).changes == [reported, successes[1]]
        rows = execute(rig, "SELECT device_id, events FROM device_story ORDER BY device_id")
        assert rows == [(device_id, 2) for device_id in ids]

    @pytest.mark.parametrize("changes", [EVENTS_MAX - 1, EVENTS_MAX, EVENTS_MAX + 1, 2 * EVENTS_MAX + 7])
    async def test_I17_events_are_a_ring(self, rig: Rig, changes: int) -> None:
        """The newest 50 are kept, in their order, one by one or many at once."""
        place = await add_place(rig.store)
        (device_id,) = await add_devices(rig.store, place, 1)
        for start in range(0, changes, 30):
            async with rig.store.transaction() as store:
                for number in range(start, min(start + 30, changes)):
                    assert await store.module_versions.put(device_id, "default", f"1.{number}", NOW_MS)
        found = [change.after for change in (await kept_of(rig.store, device_id)).changes]  # type: ignore[union-attr]
        assert found == [f"1.{number}" for number in range(changes)][-EVENTS_MAX:]

    async def test_stays(self, rig: Rig) -> None:
        """A device that came and went has a stay; while it is there, its stay lasts."""
        place = await add_place(rig.store)
        (device_id,) = await add_devices(rig.store, place, 1)
        assert (await kept_of(rig.store, device_id)).stays == []
        await come(rig.store, device_id, NOW_MS)
        assert (await kept_of(rig.store, device_id)).stays == [Stay(NOW_MS, None)]
        await leave(rig.store, device_id, NOW_MS + 10)
        assert (await kept_of(rig.store, device_id)).stays == [Stay(NOW_MS, NOW_MS + 10)]
        later = NOW_MS + 10 + FLAP_MS + 1
        await come(rig.store, device_id, later)
        await leave(rig.store, device_id, later + 5)
        expected = [Stay(NOW_MS, NOW_MS + 10), Stay(later, later + 5)]
        assert sorted((await kept_of(rig.store, device_id)).stays) == expected

    @pytest.mark.parametrize(("away_ms", "stays"), [(FLAP_MS - 1, 1), (FLAP_MS, 1), (FLAP_MS + 1, 2)])
    async def test_I17_who_is_back_at_once_has_stayed(self, rig: Rig, away_ms: int, stays: int) -> None:
        """Within a minute it is one stay, with the number of connections."""
        place = await add_place(rig.store)
        (device_id,) = await add_devices(rig.store, place, 1)
        now_ms = NOW_MS
        for _ in range(3):
            await come(rig.store, device_id, now_ms)
            await leave(rig.store, device_id, now_ms + 10)
            now_ms += 10 + away_ms
        found = sorted((await kept_of(rig.store, device_id)).stays)
        if stays == 1:
            assert found == [Stay(NOW_MS, now_ms - away_ms, 3)]
        else:
            assert [stay.connections for stay in found] == [1, 1, 1]

    async def test_I17_stays_are_a_ring(self, rig: Rig) -> None:
        """The newest 10 are kept."""
        place = await add_place(rig.store)
        (device_id,) = await add_devices(rig.store, place, 1)
        for number in range(STAYS_MAX + 3):
            await come(rig.store, device_id, NOW_MS + number * 10 * FLAP_MS)
            await leave(rig.store, device_id, NOW_MS + number * 10 * FLAP_MS + 1)
        found = sorted((await kept_of(rig.store, device_id)).stays)
        assert [stay.since_ms for stay in found] == [
            NOW_MS + number * 10 * FLAP_MS for number in range(3, STAYS_MAX + 3)
        ]

    async def test_every_way_to_leave(self, rig: Rig) -> None:
        """In a batch, with the node that held it, and when somebody disables the device."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 3)
        await connect(rig.store, ids)
        async with rig.store.transaction() as store:
            await store.read_ahead(ids, ids)
            await store.presences.disconnected(presence(ids[0]), NOW_MS + 1)
        async with rig.store.transaction() as store:
            device = await store.devices.by_name(place.account_id, place.product_key, "dev-0001")
            assert device is not None
            await store.device_changes.disable(device, NOW_MS + 2)
        async with rig.store.transaction() as store:
            assert await store.presences.clear_node(NODE, NOW_MS + 3) == 1
        for number, device_id in enumerate(ids, 1):
            assert (await kept_of(rig.store, device_id)).stays == [Stay(NOW_MS, NOW_MS + number)]
        assert await broken_rules(rig) == []

    async def test_come_and_gone_within_a_batch(self, rig: Rig) -> None:
        """Each coming and going is kept, also where one batch holds them all."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2)
        async with rig.store.transaction() as store:
            await store.read_ahead(ids, ids)
            for now_ms in (NOW_MS, NOW_MS + 5 * FLAP_MS):
                for device_id in ids:
                    assert await store.presences.connected(presence(device_id), now_ms)
                for device_id in ids:
                    await store.presences.disconnected(presence(device_id), now_ms + 1)
        for device_id in ids:
            assert sorted((await kept_of(rig.store, device_id)).stays) == [
                Stay(NOW_MS, NOW_MS + 1),
                Stay(NOW_MS + 5 * FLAP_MS, NOW_MS + 5 * FLAP_MS + 1),
            ]

    async def test_a_deleted_device_has_no_story(self, rig: Rig) -> None:
        """It is forgotten with the device, and what still happens to its tasks is not told."""
        _, job, tasks = await add_running(rig.store, 1)
        await connect(rig.store, [tasks[0].device_id])
        async with rig.store.transaction() as store:
            device = await store.devices.by_name(job.account_id, job.product_key, "dev-0000")
            assert device is not None
            await store.device_changes.delete(device, NOW_MS)
            assert await store.tasks.change(tasks[0], tasks[0]._replace(status=CANCELED), NOW_MS)
        kept = await kept_of(rig.store, tasks[0].device_id)
        assert (kept.stays, kept.changes) == ([], [])
        assert await broken_rules(rig) == []
