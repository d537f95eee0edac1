"""Contract of Store: jobs and tasks one by one (I3, I4)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    NOW_MS,
    add_devices,
    add_job,
    add_place,
    cancel,
    connect,
    fill,
    job_draft,
    put_task,
    read_job,
    tasks_of,
)
from whimbrel.adapters.store.session import UniqueViolationError
from whimbrel.domain.job import JobStatus, JobType, Tag
from whimbrel.domain.task import TaskStatus

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus


class TestJobs:
    async def test_round_trip(self, rig: Rig) -> None:
        """A job is found as it was drafted, in progress."""
        place = await add_place(rig.store)
        changes = {
            "tags": (Tag("k", "值"), Tag("a", '"')),
            "timeout_minutes": 9,
            "need_push": False,
            "need_confirm": True,
        }
        draft = job_draft(place, 7, **changes)
        job = await add_job(rig.store, place, fill_until=7, **changes)
        assert {name: getattr(job, name) for name in draft._fields} == draft._asdict()
        assert (job.status, job.product_key, job.cancelling) == (JobStatus.IN_PROGRESS, place.product_key, frozenset())

    async def test_end(self, rig: Rig) -> None:
        """A job ends once, and then is no more among the unfinished."""
        place = await add_place(rig.store)
        jobs = [await add_job(rig.store, place) for _ in range(3)]
        async with rig.store.transaction() as store:
            assert [state.job.id for state in await store.jobs.running(0, 2)] == [jobs[0].id, jobs[1].id]
            assert [state.job.id for state in await store.jobs.running(jobs[1].id, 2)] == [jobs[2].id]
            assert await store.jobs.end(jobs[0].id, JobStatus.COMPLETED, NOW_MS + 1)
            assert not await store.jobs.end(jobs[0].id, JobStatus.CANCELED, NOW_MS + 2)
            assert [state.job for state in await store.jobs.running(0, 9)] == jobs[1:]
        ended = await read_job(rig.store, jobs[0])
        assert (ended.status, ended.ended_ms) == (JobStatus.COMPLETED, NOW_MS + 1)

    async def test_of_a_firmware(self, rig: Rig) -> None:
        """A firmware's unfinished jobs and its newest verification are found."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            assert not await store.jobs.has_unfinished(1)
            assert await store.jobs.latest_verify_counts(1) is None
        await add_job(rig.store, place, job_type=JobType.VERIFY)
        newest = await add_job(rig.store, place, job_type=JobType.VERIFY, is_filled=True)
        await add_job(rig.store, place)
        async with rig.store.transaction() as store:
            assert await store.jobs.has_unfinished(1)
            assert not await store.jobs.has_unfinished(2)
            await store.tasks.add_for(newest, (device_id,), NOW_MS)
        async with rig.store.snapshot() as store:
            assert await store.jobs.latest_verify_counts(1) == {s: int(s is QUEUED) for s in TaskStatus}


class TestTasks:
    async def test_I3_one_open_task_per_device(self, rig: Rig) -> None:
        """No sequence of writes puts a second open task on a device: the database itself refuses it."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        await fill(rig.store, await add_job(rig.store, place))
        second = await fill(rig.store, await add_job(rig.store, place))
        task = (await tasks_of(rig.store, second))[device_id]
        for status in (CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS):
            with pytest.raises(UniqueViolationError):
                await put_task(rig.store, task, status=status)
        assert (await tasks_of(rig.store, second))[device_id].status is FAILED

    async def test_I4_change_compares_and_sets(self, rig: Rig) -> None:
        """A change is made only to the task that the caller saw, by status and attempt."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        job = await fill(rig.store, await add_job(rig.store, place))
        task = (await tasks_of(rig.store, job))[device_id]
        ended = task._replace(status=SUCCEEDED, progress=100, description="done")
        async with rig.store.transaction() as store:
            assert not await store.tasks.change(task._replace(attempt=2), ended, NOW_MS)
            assert not await store.tasks.change(task._replace(status=NOTIFIED), ended, NOW_MS)
            assert await store.tasks.change(task, ended, NOW_MS)
            assert not await store.tasks.change(task, task._replace(status=CANCELED), NOW_MS)
            assert await store.tasks.with_job(task.id) == (ended, job)
        assert (await tasks_of(rig.store, job))[device_id] == ended

    async def test_I8_cancelled(self, rig: Rig) -> None:
        """Tasks are cancelled from the moment that it was asked for; each is told once, others and missing ones not."""
        place = await add_place(rig.store)
        device_ids = await add_devices(rig.store, place, 3)
        job = await fill(rig.store, await add_job(rig.store, place))
        tasks = await tasks_of(rig.store, job)
        first, second, third = (tasks[device_id] for device_id in device_ids)
        async with rig.store.transaction() as store:
            assert await store.tasks.change(first, first._replace(status=CANCELED), NOW_MS)
            assert await store.tasks.change(second, second._replace(status=NOTIFIED), NOW_MS)
        asked = [third.id, second.id, first.id, first.id, 10**12]
        async with rig.store.snapshot() as store:
            assert await store.tasks.cancelled(asked) == {first.id}
        await cancel(rig.store, job, NOTIFIED)
        async with rig.store.snapshot() as store:
            assert await store.tasks.cancelled(asked) == {first.id, second.id}

    async def test_open_of_device(self, rig: Rig) -> None:
        """A device's open task comes with its job, an ended one does not."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        await connect(rig.store, [device_id])
        for status in TaskStatus:
            job = await fill(rig.store, await add_job(rig.store, place, tags=(Tag("k", "v"),)))
            task = (await tasks_of(rig.store, job))[device_id]
            if status is not QUEUED:
                task = await put_task(rig.store, task, status=status)
            async with rig.store.snapshot() as store:
                expected = [(task, job)] if status.is_open else []
                assert await store.tasks.open_of_device(device_id) == expected
            if status.is_open:
                await put_task(rig.store, task, status=CANCELED)

    async def test_by_device_names(self, rig: Rig) -> None:
        """A job's tasks are found by device names, in one status or in any; names of other products find nothing."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        ids = await add_devices(rig.store, place, 2)
        await add_devices(rig.store, other, 1, prefix="theirs")
        job = await fill(rig.store, await add_job(rig.store, place))
        await put_task(rig.store, (await tasks_of(rig.store, job))[ids[0]], status=SUCCEEDED)
        async with rig.store.snapshot() as store:
            names = ("dev-0001", "dev-0000", "theirs-0000", "nobody")
            rows = await store.tasks.by_device_names(job.id, None, names)
            assert [row.device_name for row in rows] == ["dev-0001", "dev-0000"]
            rows = await store.tasks.by_device_names(job.id, SUCCEEDED, names)
            assert [row.device_name for row in rows] == ["dev-0000"]
