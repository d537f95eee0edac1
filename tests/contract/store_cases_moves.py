"""Contract of Strategies, JobMoves, JobLists and of tasks that start again: how jobs move (I2, I3, I4)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    NOW_MS,
    Place,
    add_devices,
    add_job,
    add_place,
    cancel,
    count_errors,
    fill,
    must_find,
    put_task,
    read_job,
    rows_of,
    statuses_of,
    tasks_of,
)
from whimbrel.domain.job import (
    Job,
    JobStatus,
    SelectionType,
)
from whimbrel.domain.paging import Page
from whimbrel.domain.task import TaskStatus, reopened
from whimbrel.errors import DynamicJobConflictError
from whimbrel.ports.store import JobChange, Store

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


class TestStrategies:
    async def test_the_newest_is_followed(self, rig: Rig) -> None:
        """Of several dynamic jobs for a version the newest one, until its strategy ends."""
        place = await add_place(rig.store)
        dynamic = {"selection_type": SelectionType.DYNAMIC, "is_filled": True, "dynamic_mode": 2}
        jobs = [
            await add_job(rig.store, place, **dynamic, firmware_id=number, src_versions=("1", "2")[:number])
            for number in (1, 2)
        ]
        async with rig.store.transaction() as store:
            for job in jobs:
                await store.strategies.add(job)
            assert await store.strategies.of_version(place.product_id, "default", "1") == jobs[1]
            assert await store.strategies.of_version(place.product_id, "default", "2") == jobs[1]
            for product_id, module, version in (
                (place.product_id, "MCU", "1"),
                (place.product_id, "default", "3"),
                (place.product_id + 1, "default", "1"),
                (place.product_id, "default", ""),
            ):
                assert await store.strategies.of_version(product_id, module, version) is None
            assert await store.job_moves.end_strategy(jobs[1].id, NOW_MS + 1)
            assert not await store.job_moves.end_strategy(jobs[1].id, NOW_MS + 2)
            assert await store.strategies.of_version(place.product_id, "default", "1") == jobs[0]
        ended = await read_job(rig.store, jobs[1])
        assert (ended.strategy_ended_ms, ended.status) == (NOW_MS + 1, JobStatus.IN_PROGRESS)

    async def test_groups(self, rig: Rig) -> None:
        """Jobs for a group are found by it, oldest first."""
        place = await add_place(rig.store)
        dynamic = {"selection_type": SelectionType.DYNAMIC, "is_filled": True, "group_row_id": 7, "group_id": "g"}
        jobs = [await add_job(rig.store, place, **dynamic, firmware_id=number) for number in (1, 2)]
        async with rig.store.transaction() as store:
            for job in jobs:
                await store.strategies.add(job)
            assert await store.strategies.of_group(7) == jobs
            assert await store.strategies.of_group(0) == []

    async def test_one_for_a_firmware(self, rig: Rig) -> None:
        """A firmware has one for a version and one for a group; the refused job can be undone."""
        place = await add_place(rig.store)
        dynamic = {"selection_type": SelectionType.DYNAMIC, "is_filled": True}
        first, second = [await add_job(rig.store, place, **dynamic, src_versions=("1", v)) for v in ("2", "3")]
        async with rig.store.transaction() as store:
            await store.strategies.add(first)
        with pytest.raises(DynamicJobConflictError, match="version 1"):
            async with rig.store.transaction() as store:
                await store.strategies.add(second)
        async with rig.store.snapshot() as store:
            assert await store.strategies.of_version(place.product_id, "default", "3") is None

    async def test_a_device_matches_ten_times(self, rig: Rig) -> None:
        """Each match of a device without an open task of the job is a task, up to ten; of a static job only one."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2, "1.0.0")
        dynamic = await add_job(rig.store, place, selection_type=SelectionType.DYNAMIC, is_filled=True, fill_until=0)
        made = []
        for _ in range(12):
            async with rig.store.transaction() as store:
                made.append(await store.tasks.add_for(dynamic, (ids[0],), NOW_MS))
                assert await store.tasks.add_for(dynamic, (ids[0],), NOW_MS) == 0
            for row in await rows_of(rig.store, dynamic, QUEUED):
                await put_task(rig.store, row.task, status=CANCELED)
        assert made == [1] * 10 + [0, 0]
        static = await add_job(rig.store, place, is_filled=True)
        async with rig.store.transaction() as store:
            assert await store.tasks.add_for(static, (ids[1],), NOW_MS) == 1
        await put_task(rig.store, (await tasks_of(rig.store, static))[ids[1]], status=CANCELED)
        async with rig.store.transaction() as store:
            assert await store.tasks.add_for(static, (ids[1],), NOW_MS) == 0
        assert await count_errors(rig.store, [dynamic, static]) == []


class TestJobMoves:
    async def test_start(self, rig: Rig) -> None:
        """A planned job starts once, with the devices of then."""
        place = await add_place(rig.store)
        job = await add_job(rig.store, place, schedule_ms=NOW_MS + 5)
        assert (job.status, job.started_ms) == (JobStatus.PLANNED, None)
        ids = await add_devices(rig.store, place, 2)
        async with rig.store.transaction() as store:
            assert await store.job_moves.next_due_ms() == NOW_MS + 5
            assert await store.job_moves.start(job, NOW_MS + 6)
            assert not await store.job_moves.start(job, NOW_MS + 7)
            assert not await store.job_moves.cancel_planned(job.id, NOW_MS + 7)
            assert await store.job_moves.next_due_ms() is None
        await add_devices(rig.store, place, 1, prefix="late")
        job = await fill(rig.store, await read_job(rig.store, job))
        assert (job.status, job.started_ms) == (JobStatus.IN_PROGRESS, NOW_MS + 6)
        assert list(await tasks_of(rig.store, job)) == ids

    async def test_cancel_planned(self, rig: Rig) -> None:
        """A planned job is cancelled once, and never starts."""
        place = await add_place(rig.store)
        job = await add_job(rig.store, place, schedule_ms=NOW_MS + 5)
        async with rig.store.transaction() as store:
            assert await store.job_moves.cancel_planned(job.id, NOW_MS)
            assert not await store.job_moves.cancel_planned(job.id, NOW_MS)
            assert not await store.job_moves.start(job, NOW_MS)
            assert await store.job_moves.due(NOW_MS + 9, 9) == []

    async def test_end_schedule(self, rig: Rig) -> None:
        """At ScheduleFinishTime, once, the cancelling of what has not begun is asked for."""
        place = await add_place(rig.store)
        job = await add_job(rig.store, place, schedule_finish_ms=NOW_MS + 9)
        endless = await add_job(rig.store, place)
        async with rig.store.transaction() as store:
            assert await store.job_moves.next_due_ms() == NOW_MS + 9
            assert await store.job_moves.end_schedule(job.id, NOW_MS + 9)
            assert not await store.job_moves.end_schedule(job.id, NOW_MS + 10)
            assert not await store.job_moves.end_schedule(endless.id, NOW_MS + 10)
            assert await store.job_moves.next_due_ms() is None
        job = await read_job(rig.store, job)
        assert (job.cancelling, job.schedule_ended_ms) == ({CONFIRM, QUEUED, NOTIFIED}, NOW_MS + 9)

    async def test_change(self, rig: Rig) -> None:
        """Pace, tags, timeout and source versions change; the strategy follows the new versions."""
        place = await add_place(rig.store)
        dynamic = {"selection_type": SelectionType.DYNAMIC, "is_filled": True, "dynamic_mode": 1}
        job = await add_job(rig.store, place, **dynamic, src_versions=("1",))
        async with rig.store.transaction() as store:
            await store.strategies.add(job)
            await store.job_moves.change(job, JobChange(10, (), 5, ("2", "3")), NOW_MS + 1)
            assert await store.strategies.of_version(place.product_id, "default", "1") is None
            changed = await must_find(store, place, job.id)
            assert await store.strategies.of_version(place.product_id, "default", "3") == changed
            await store.job_moves.change(changed, JobChange(20, (), None), NOW_MS + 2)
        assert (changed.maximum_per_minute, changed.timeout_minutes, changed.src_versions) == (10, 5, ("2", "3"))
        assert not changed.is_filled
        last = await read_job(rig.store, job)
        assert (last.maximum_per_minute, last.src_versions) == (20, ("2", "3"))

    async def test_no_change_of_what_has_ended(self, rig: Rig) -> None:
        """A job that ended since it was read is not changed, and a dynamic one follows nothing again."""
        place = await add_place(rig.store)
        dynamic = {"selection_type": SelectionType.DYNAMIC, "is_filled": True, "dynamic_mode": 1}
        followed = await add_job(rig.store, place, **dynamic, src_versions=("1",))
        static = await add_job(rig.store, place)
        async with rig.store.transaction() as store:
            await store.strategies.add(followed)
            assert await store.job_moves.end_strategy(followed.id, NOW_MS)
            assert await store.jobs.end(static.id, JobStatus.COMPLETED, NOW_MS)
            assert not await store.job_moves.change(followed, JobChange(10, (), 5, ("2",)), NOW_MS + 1)
            assert not await store.job_moves.change(static, JobChange(10, (), None), NOW_MS + 1)
            assert await store.strategies.of_version(place.product_id, "default", "2") is None
        assert (await read_job(rig.store, followed)).src_versions == ("1",)
        assert (await read_job(rig.store, static)).maximum_per_minute is None

    async def test_no_cancel_of_what_has_ended(self, rig: Rig) -> None:
        """A cancel that comes as the job ends leaves nothing to do: no engine looks at an ended job."""
        place = await add_place(rig.store)
        job = await add_job(rig.store, place)
        async with rig.store.transaction() as store:
            assert await store.jobs.end(job.id, JobStatus.COMPLETED, NOW_MS)
            await store.jobs.cancel_tasks(job.id, frozenset({QUEUED}), NOW_MS)
        assert (await read_job(rig.store, job)).cancelling == frozenset()


class TestJobLists:
    async def test_of_firmware(self, rig: Rig) -> None:
        """A firmware's jobs, newest first, with their exact number."""
        place = await add_place(rig.store)
        jobs = [await add_job(rig.store, place) for _ in range(5)]
        await add_job(rig.store, place, firmware_id=2)
        async with rig.store.snapshot() as store:
            first = await store.job_lists.of_firmware(1, Page(1, 2))
            assert (list(first.rows), first.total) == (jobs[:2:-1], 5)
            last = await store.job_lists.of_firmware(1, Page(3, 2))
            assert (list(last.rows), last.total) == (jobs[:1], 5)
            beyond = await store.job_lists.of_firmware(1, Page(4, 2))
            assert (list(beyond.rows), beyond.total) == ([], 5)

    async def test_of_device(self, rig: Rig) -> None:
        """A firmware's jobs that have a task for the device; one with several tasks for it counts once."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2)
        dynamic = await add_job(rig.store, place, selection_type=SelectionType.DYNAMIC, is_filled=True)
        for _ in range(2):
            async with rig.store.transaction() as store:
                await store.tasks.add_for(dynamic, (ids[0],), NOW_MS)
            [row] = await rows_of(rig.store, dynamic, QUEUED)
            await put_task(rig.store, row.task, status=CANCELED)
        static = await fill(rig.store, await add_job(rig.store, place))
        await fill(rig.store, await add_job(rig.store, place, firmware_id=2))
        await add_job(rig.store, place)
        async with rig.store.snapshot() as store:
            listing = await store.job_lists.of_device(ids[0], 1, Page(1, 9))
            assert (list(listing.rows), listing.total) == ([static, dynamic], 2)
            listing = await store.job_lists.of_device(ids[1], 1, Page(2, 1))
            assert (list(listing.rows), listing.total) == ([], 1)

    async def test_open_of_device(self, rig: Rig) -> None:
        """A device's open tasks as lists show them, with their jobs."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        jobs = [
            await fill(rig.store, await add_job(rig.store, place, module_name=module, multi_module_mode=True))
            for module in MODULES
        ]
        async with rig.store.snapshot() as store:
            found = await store.job_lists.open_of_device(device_id)
        assert [job for _, job in found] == jobs
        assert [row for row, _ in found] == [row for job in jobs for row in await rows_of(rig.store, job)]


class TestReopen:
    async def test_I4_a_new_attempt(self, rig: Rig) -> None:
        """An ended task is started again, compared and set; its job goes on, and dispatch comes back to it."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2, "1.0.0")
        job = await fill(rig.store, await add_job(rig.store, place))
        tasks = [
            await put_task(rig.store, task, status=status, description="why")
            for task, status in zip((await tasks_of(rig.store, job)).values(), (FAILED, SUCCEEDED), strict=True)
        ]
        again = reopened(tasks[0], "1.5.0", need_confirm=False)
        assert again is not None
        async with rig.store.transaction() as store:
            assert await store.jobs.end(job.id, JobStatus.COMPLETED, NOW_MS)
            assert not await store.tasks.reopen(job, tasks[0]._replace(attempt=2), again, NOW_MS)
            assert await store.tasks.reopen(job, tasks[0], again, NOW_MS)
            assert not await store.tasks.reopen(job, tasks[0], again, NOW_MS)
        assert await tasks_of(rig.store, job) == {ids[0]: again, ids[1]: tasks[1]}
        reopened_job = await read_job(rig.store, job)
        assert (reopened_job.status, reopened_job.ended_ms) == (JobStatus.IN_PROGRESS, None)
        assert await count_errors(rig.store, [job]) == []

    @pytest.mark.parametrize("multi", [False, True])
    async def test_I3_a_busy_device(self, rig: Rig, multi: bool) -> None:
        """A device that another task holds refuses it, unless the modes let both be."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        job = await fill(rig.store, await add_job(rig.store, place, multi_module_mode=multi))
        task = await put_task(rig.store, (await tasks_of(rig.store, job))[device_id], status=FAILED)
        await fill(rig.store, await add_job(rig.store, place, module_name="MCU", multi_module_mode=True))
        again = reopened(task, None, need_confirm=False)
        assert again is not None
        async with rig.store.transaction() as store:
            assert await store.tasks.reopen(job, task, again, NOW_MS) is multi
        assert await statuses_of(rig.store, job) == {device_id: QUEUED if multi else FAILED}
        assert await count_errors(rig.store, [job]) == []

    async def test_cancelled_by_its_job(self, rig: Rig) -> None:
        """A task that a job's cancel took is started again as well."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        job = await fill(rig.store, await add_job(rig.store, place))
        await cancel(rig.store, job, QUEUED)
        for _ in range(2):
            async with rig.store.transaction() as store:
                await store.fleet.cancel(await must_find(store, place, job.id), 9, NOW_MS)
        task = (await tasks_of(rig.store, job))[device_id]
        again = reopened(task, None, need_confirm=False)
        assert again is not None
        async with rig.store.transaction() as store:
            assert await store.tasks.reopen(job, task, again, NOW_MS)
        assert await statuses_of(rig.store, job) == {device_id: QUEUED}
