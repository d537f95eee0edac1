"""Contract of Fleet: a job's tasks by the thousand, in bounded steps (I2, I3, I8, I9, F04)."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    NOW_MS,
    Place,
    add_devices,
    add_job,
    add_place,
    cancel,
    connect,
    count_errors,
    device_draft,
    fill,
    must_find,
    put_task,
    read_job,
    rows_of,
    statuses_of,
    tasks_of,
)
from whimbrel.domain.job import Job, targets_version
from whimbrel.domain.task import Task, TaskStatus, birth_status
from whimbrel.ports.store import Store

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
OPEN = (CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS)


async def dispatch(store: Store, job: Job, tasks_max: int = 1_000) -> list[Task]:
    async with store.transaction() as transaction:
        fresh = await must_find(transaction, Place(job.account_id, job.product_id, job.product_key), job.id)
        return await transaction.fleet.dispatch(fresh, tasks_max, NOW_MS)


async def cancel_step(store: Store, job: Job, tasks_max: int) -> None:
    async with store.transaction() as transaction:
        fresh = await must_find(transaction, Place(job.account_id, job.product_id, job.product_key), job.id)
        await transaction.fleet.cancel(fresh, tasks_max, NOW_MS)


class TestFill:
    @pytest.mark.parametrize("chunk", [1, 2, 9, 10, 11])
    async def test_I2_chunks_give_the_target_set(self, rig: Rig, chunk: int) -> None:
        """Chunks of any size, with the store opened anew between them, give each target its task, once."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 10)
        job = await add_job(rig.store, place)
        later = await add_devices(rig.store, place, 3, prefix="later")
        while not job.is_filled:
            async with rig.store.transaction() as transaction:
                await transaction.fleet.fill(job, chunk, NOW_MS)
            job = await read_job(await rig.reopen(), job)
        tasks = [row.task for row in await rows_of(rig.store, job)]
        assert [task.device_id for task in tasks] == ids
        assert not set(later) & {task.device_id for task in tasks}
        assert await count_errors(rig.store, [job]) == []

    async def test_F04_a_chunk_is_all_or_nothing(self, rig: Rig) -> None:
        """A chunk whose transaction fails leaves neither tasks nor a moved cursor."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 4)
        job = await add_job(rig.store, place)
        with pytest.raises(KeyError):
            await self.fill_and_fail(rig.store, job)
        assert await read_job(rig.store, job) == job
        assert await rows_of(rig.store, job) == []

    @staticmethod
    async def fill_and_fail(store: Store, job: Job) -> None:
        async with store.transaction() as transaction:
            await transaction.fleet.fill(job, 2, NOW_MS)
            raise KeyError("the body fails")

    async def test_an_empty_product_is_filled_at_once(self, rig: Rig) -> None:
        """A job for a product without devices has its whole target set after one step."""
        job = await add_job(rig.store, await add_place(rig.store))
        async with rig.store.transaction() as transaction:
            await transaction.fleet.fill(job, 1_000, NOW_MS)
        assert (await read_job(rig.store, job)).is_filled

    async def test_I15_other_products_are_left_alone(self, rig: Rig) -> None:
        """Devices of another product between the job's own get no task."""
        mine, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        ids = []
        for number in range(6):
            ids += await add_devices(rig.store, (mine, other)[number % 2], 1, prefix=f"n{number}")
        job = await fill(rig.store, await add_job(rig.store, mine), chunk=1)
        assert list(await tasks_of(rig.store, job)) == ids[::2]

    async def test_I3_conflicts_are_born_failed(self, rig: Rig) -> None:
        """A device with an open task gets a failed one that names the open one; an ended task is no conflict."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 4)
        first = await fill(rig.store, await add_job(rig.store, place))
        tasks = await tasks_of(rig.store, first)
        for device_id, status in zip(ids, (CONFIRM, SUCCEEDED, FAILED, CANCELED), strict=True):
            await put_task(rig.store, tasks[device_id], status=status)
        second = await fill(rig.store, await add_job(rig.store, place))
        born = await tasks_of(rig.store, second)
        assert [born[device_id].status for device_id in ids] == [FAILED, QUEUED, QUEUED, QUEUED]
        assert str(tasks[ids[0]].id) in born[ids[0]].description
        assert str(first.id) in born[ids[0]].description
        assert [born[device_id].description for device_id in ids[1:]] == [""] * 3
        assert await count_errors(rig.store, [first, second]) == []

    async def test_named_devices_follow_the_same_rule(self, rig: Rig) -> None:
        """`add_for` gives exactly the tasks that a fill would have given these devices."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 3, "1.0.0")
        ids += await add_devices(rig.store, place, 1, "2.0.0", prefix="there")
        ids += await add_devices(rig.store, place, 1, None, prefix="mute")
        busy = await add_job(rig.store, place, is_filled=True)
        job = await add_job(rig.store, place, is_filled=True, required_version="1.0.0")
        async with rig.store.transaction() as transaction:
            assert await transaction.tasks.add_for(busy, (ids[1],), NOW_MS) == 1
            assert await transaction.tasks.add_for(job, tuple(ids), NOW_MS) == 3
        statuses = await statuses_of(rig.store, job)
        assert statuses == {ids[0]: QUEUED, ids[1]: FAILED, ids[2]: QUEUED}
        assert "another job" in (await tasks_of(rig.store, job))[ids[1]].description
        assert await count_errors(rig.store, [busy, job]) == []


class TestFillEqualsTheRule:
    """The statement over a fleet and the pure rule for one device are the same rule (design.md part 3)."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(seed=st.integers(0, 2**32))
    async def test_random_fleets(self, rig: Rig, seed: int) -> None:
        """On a random fleet of up to 300 devices both give equal answers."""
        await self.compare(rig.fresh(), random.Random(seed), 300)

    @pytest.mark.fuzz
    @pytest.mark.parametrize("seed", range(5))
    async def test_large_fleets(self, rig: Rig, seed: int) -> None:
        """On random fleets of up to 10,000 devices both give equal answers."""
        await self.compare(rig.fresh(), random.Random(seed), 10_000)

    async def compare(self, store: Store, dice: random.Random, devices_max: int) -> None:
        place = await add_place(store)
        versions = await self.populate(store, place, dice, dice.randrange(1, devices_max))
        busy = {device_id for device_id in versions if dice.random() < 0.2}
        await self.occupy(store, place, busy, dice)
        cancelled = frozenset(dice.sample(OPEN, dice.choice([0, 0, 1, 2])))
        required = dice.choice(["", "", "1.0.0", "2.0.0"])
        need_confirm = dice.random() < 0.5
        job = await add_job(store, place, required_version=required, need_confirm=need_confirm, module_name="MCU")
        await cancel(store, job, *cancelled)
        job = await fill(store, await read_job(store, job), chunk=dice.choice([1 + devices_max // 7, 1_000]))
        born = await tasks_of(store, job)
        expected = {
            device_id: birth_status(need_confirm=need_confirm, has_open_task=device_id in busy, cancelled=cancelled)
            for device_id, version in versions.items()
            if targets_version(version, job.dest_version, job.source_versions)
        }
        errors = await count_errors(store, [job])
        await store.close()
        assert {device_id: task.status for device_id, task in born.items()} == expected
        assert all(task.src_version == (versions[device_id] or "") for device_id, task in born.items())
        assert all(bool(task.description) is (task.status is FAILED) for task in born.values())
        assert errors == []

    @staticmethod
    async def populate(store: Store, place: Place, dice: random.Random, count: int) -> dict[int, str | None]:
        """Devices of which some reported a version of the job's module, some one of another module, some nothing."""
        versions: dict[int, str | None] = {}
        async with store.transaction() as transaction:
            for number in range(count):
                device_id = await transaction.devices.add(device_draft(place, f"dev-{number}"))
                versions[device_id] = dice.choice([None, "1.0.0", "1.0.1", "2.0.0", "2.0.0 "])
                if versions[device_id] is not None:
                    await transaction.module_versions.put(device_id, "MCU", str(versions[device_id]), NOW_MS)
                if dice.random() < 0.3:
                    await transaction.module_versions.put(device_id, "default", dice.choice(["1.0.0", "2.0.0"]), NOW_MS)
        return versions

    @staticmethod
    async def occupy(store: Store, place: Place, device_ids: set[int], dice: random.Random) -> None:
        """An older job that holds these devices by tasks in every open state, and has ended for others."""
        job = await fill(store, await add_job(store, place, module_name="other"))
        async with store.transaction() as transaction:
            for task in (await tasks_of(store, job)).values():
                states = OPEN if task.device_id in device_ids else (SUCCEEDED, FAILED, CANCELED)
                await transaction.tasks.change(task, task._replace(status=dice.choice(states)), NOW_MS)


class TestDispatch:
    async def test_online_devices_once(self, rig: Rig) -> None:
        """The queued tasks of online devices are claimed as NOTIFIED, each once, in order; others stay queued."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 6)
        job = await fill(rig.store, await add_job(rig.store, place))
        await connect(rig.store, ids[::2])
        claimed = [task for _ in range(4) for task in await dispatch(rig.store, job, 2)]
        assert [task.device_id for task in claimed] == ids[::2]
        assert {task.status for task in claimed} == {NOTIFIED}
        assert list((await statuses_of(rig.store, job)).values()) == [NOTIFIED, QUEUED] * 3
        assert await dispatch(rig.store, job) == []
        assert await count_errors(rig.store, [job]) == []

    @pytest.mark.parametrize("status", [status for status in TaskStatus if status is not QUEUED])
    async def test_only_queued_tasks(self, rig: Rig, status: TaskStatus) -> None:
        """A task in any other state is not claimed, one that waits for confirmation least of all."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 1)
        job = await fill(rig.store, await add_job(rig.store, place))
        await put_task(rig.store, (await tasks_of(rig.store, job))[ids[0]], status=status)
        await connect(rig.store, ids)
        assert await dispatch(rig.store, job) == []
        assert await statuses_of(rig.store, job) == {ids[0]: status}

    async def test_I9_the_source_version_is_checked_again(self, rig: Rig) -> None:
        """A device that has left the difference's source version since the fill is not claimed."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2, "1.0.0")
        job = await fill(rig.store, await add_job(rig.store, place, required_version="1.0.0"))
        await connect(rig.store, ids)
        async with rig.store.transaction() as transaction:
            await transaction.module_versions.put(ids[0], "default", "1.0.1", NOW_MS)
        assert [task.device_id for task in await dispatch(rig.store, job)] == ids[1:]

    async def test_look_again(self, rig: Rig) -> None:
        """Tasks that became ready behind the cursor are claimed after the cursor was set back, and only those."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 3)
        job = await fill(rig.store, await add_job(rig.store, place, need_confirm=True))
        await connect(rig.store, ids)
        tasks = await tasks_of(rig.store, job)
        await put_task(rig.store, tasks[ids[2]], status=QUEUED)
        assert len(await dispatch(rig.store, job)) == 1
        await put_task(rig.store, tasks[ids[1]], status=QUEUED)
        assert await dispatch(rig.store, job) == []
        async with rig.store.transaction() as transaction:
            await transaction.fleet.look_again_after(job.id, tasks[ids[1]].id - 1)
            await transaction.fleet.look_again_after(job.id, tasks[ids[2]].id + 9)
        assert [task.device_id for task in await dispatch(rig.store, job)] == [ids[1]]


class TestCancel:
    @pytest.mark.parametrize("chunk", [1, 3, 7, 8])
    async def test_I8_asked_states_are_cancelled(self, rig: Rig, chunk: int) -> None:
        """Open tasks in the states asked for become CANCELED, over restarts; all others stay; then the ask is done."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, len(TaskStatus))
        job = await fill(rig.store, await add_job(rig.store, place))
        tasks = await tasks_of(rig.store, job)
        for device_id, status in zip(ids, TaskStatus, strict=True):
            if status is not QUEUED:
                await put_task(rig.store, tasks[device_id], status=status, due_ms=9 if status is IN_PROGRESS else None)
        await cancel(rig.store, job, QUEUED)
        await cancel(rig.store, job, IN_PROGRESS, SUCCEEDED)
        while (await read_job(rig.store, job)).cancelling:
            await cancel_step(rig.store, job, chunk)
            await rig.reopen()
        expected = [CONFIRM, CANCELED, NOTIFIED, CANCELED, SUCCEEDED, FAILED, CANCELED]
        assert list((await statuses_of(rig.store, job)).values()) == expected
        assert {task.due_ms for task in (await tasks_of(rig.store, job)).values()} == {None}
        assert await count_errors(rig.store, [job]) == []

    async def test_a_job_being_filled(self, rig: Rig) -> None:
        """A cancel asked for during the fill also takes the tasks that come later: they are born CANCELED."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 6)
        job = await add_job(rig.store, place)
        async with rig.store.transaction() as transaction:
            await transaction.fleet.fill(job, 2, NOW_MS)
        await cancel(rig.store, job, QUEUED)
        for _ in range(3):
            await cancel_step(rig.store, job, 1)
        assert (await read_job(rig.store, job)).cancelling == {QUEUED}
        await fill(rig.store, await read_job(rig.store, job), chunk=2)
        while (await read_job(rig.store, job)).cancelling:
            await cancel_step(rig.store, job, 1)
        assert set((await statuses_of(rig.store, job)).values()) == {CANCELED}
        assert await count_errors(rig.store, [job]) == []


class TestTimeOut:
    async def test_overdue_tasks_fail(self, rig: Rig) -> None:
        """Tasks fail from the millisecond they are due, the longest overdue first, at most as many as asked for."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 4)
        job = await fill(rig.store, await add_job(rig.store, place, timeout_minutes=7))
        tasks = await tasks_of(rig.store, job)
        for device_id, due_ms in zip(ids, (30, 10, 20, None), strict=True):
            await put_task(rig.store, tasks[device_id], status=IN_PROGRESS, due_ms=due_ms)
        seen = []
        for now_ms, at_most in [(9, 5), (10, 5), (30, 1), (30, 5), (99, 5)]:
            async with rig.store.transaction() as transaction:
                failed = await transaction.fleet.time_out(at_most, now_ms)
                seen.append((failed, await transaction.fleet.next_due_ms()))
        assert seen == [(0, 10), (1, 20), (1, 30), (1, None), (0, None)]
        ended = await tasks_of(rig.store, job)
        assert [ended[device_id].status for device_id in ids] == [FAILED, FAILED, FAILED, IN_PROGRESS]
        assert "timeout, 7 min" in ended[ids[0]].description
        assert await count_errors(rig.store, [job]) == []
