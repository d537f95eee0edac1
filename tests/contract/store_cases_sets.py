"""Contract of Targets and Fleet: target sets that are walked in an order of their own, and groups that change (I2)."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.contract.store_cases_groups import add_group, group_draft
from tests.contract.store_cases_moves import begin
from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    NOW_MS,
    Place,
    add_devices,
    add_place,
    cancel,
    count_errors,
    device_draft,
    fill,
    must_find,
    put_task,
    read_job,
    rows_of,
    tasks_of,
)
from whimbrel.domain.gray import KEYS, order_factor
from whimbrel.domain.group import Group
from whimbrel.domain.job import Job, TargetSelection
from whimbrel.domain.rollout import GUARDED
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store import Store

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
ORDERED = GUARDED._replace(seed=7)


async def fill_in_chunks(rig: Rig, job: Job, chunk: int) -> Job:
    """Step by step, the store opened anew between them."""
    while not job.is_filled:
        async with rig.store.transaction() as transaction:
            await transaction.fleet.fill(job, chunk, NOW_MS)
        job = await read_job(await rig.reopen(), job)
    return job


def in_order(place: Place, names: list[str], seed: int) -> list[str]:
    """Device names as the seed shuffles them."""
    return sorted(names, key=lambda name: device_draft(place, name).gray_key * order_factor(seed) % KEYS)


class TestOrderedJobs:
    @pytest.mark.parametrize("chunk", [1, 3, 40])
    @pytest.mark.parametrize("seed", [7, 8, 9])
    async def test_I2_all_of_a_product_in_the_order_of_the_seed(self, rig: Rig, chunk: int, seed: int) -> None:
        """Each device that was there when the job began, once, in the seed's order, over restarts."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        ids = await add_devices(rig.store, place, 30)
        await add_devices(rig.store, other, 5, prefix="theirs")
        job = await begin(rig.store, place, rollout=GUARDED._replace(seed=seed))
        await add_devices(rig.store, place, 5, prefix="late")
        await fill_in_chunks(rig, job, chunk)
        rows = await rows_of(rig.store, job)
        assert sorted(row.task.device_id for row in rows) == ids
        names = [row.device_name for row in rows]
        assert names == in_order(place, names, seed)
        assert await count_errors(rig.store, [job]) == []

    async def test_I3_conflicts_and_overwriting(self, rig: Rig) -> None:
        """They follow the same rules as those of a job in the order of ids."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 6)
        held = await fill(rig.store, await begin(rig.store, place))
        tasks = await tasks_of(rig.store, held)
        for device_id, status in zip(ids, (CONFIRM, NOTIFIED, IN_PROGRESS, FAILED), strict=False):
            await put_task(rig.store, tasks[device_id], status=status)
        waits = await fill(rig.store, await begin(rig.store, place, rollout=ORDERED), chunk=2)
        born = await tasks_of(rig.store, waits)
        assert [born[device_id].status for device_id in ids] == [FAILED, FAILED, FAILED, QUEUED, FAILED, FAILED]
        takes = await fill(rig.store, await begin(rig.store, place, rollout=ORDERED, overwrite_mode=2), chunk=2)
        born = await tasks_of(rig.store, takes)
        assert [born[device_id].status for device_id in ids] == [QUEUED, QUEUED, FAILED, QUEUED, QUEUED, QUEUED]
        assert await count_errors(rig.store, [held, waits, takes]) == []

    async def test_I8_what_is_cancelled_meanwhile_is_born_cancelled(self, rig: Rig) -> None:
        """A cancel between two steps holds for what was made before it and for what comes."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 9)
        job = await begin(rig.store, place, rollout=ORDERED)
        async with rig.store.transaction() as transaction:
            await transaction.fleet.fill(job, 4, NOW_MS)
        await cancel(rig.store, job, QUEUED)
        job = await fill(rig.store, await read_job(rig.store, job), chunk=4)
        while job.cancelling:
            async with rig.store.transaction() as transaction:
                await transaction.fleet.cancel(job, 4, NOW_MS)
            job = await read_job(rig.store, job)
        assert {task.status for task in (await tasks_of(rig.store, job)).values()} == {CANCELED}
        assert await count_errors(rig.store, [job]) == []


class TestCancelledSteps:
    async def test_F04_whoever_waits_for_a_step_may_be_cancelled(self, rig: Rig) -> None:
        """Wherever it is cancelled, the step is whole or not there, and the store goes on at once."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 400)
        job = await begin(rig.store, place)

        async def step() -> None:
            async with rig.store.transaction() as transaction:
                await transaction.fleet.fill(await must_find(transaction, place, job.id), 10, NOW_MS)

        for turns in range(30):
            job = await read_job(rig.store, job)
            work = asyncio.create_task(step())
            for _ in range(turns):
                await asyncio.sleep(0)
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
            # A commit that it shared with others may still be under way: it is over when the next one is.
            async with rig.store.transaction() as transaction:
                await must_find(transaction, place, job.id)
            after = await read_job(rig.store, job)
            assert after.fill_after - job.fill_after in (0, 10)
        job = await fill(rig.store, await read_job(rig.store, job))
        assert list(await tasks_of(rig.store, job)) == ids
        assert await count_errors(rig.store, [job]) == []


class TestGroupTargets:
    @pytest.mark.parametrize("ordered", [False, True])
    @pytest.mark.parametrize("steps", [0, 1, 3, 4, 5])
    async def test_I2_members_of_when_the_job_began(self, rig: Rig, steps: int, ordered: bool) -> None:
        """Whoever comes or goes afterwards, after however many steps, changes nothing about the set."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 12)
        group = await self.group_of(rig.store, place, ids[:10])
        job = await begin(
            rig.store,
            place,
            target_selection=TargetSelection.GROUP,
            group_row_id=group.id,
            rollout=ORDERED if ordered else GUARDED,
        )
        for _ in range(steps):
            async with rig.store.transaction() as transaction:
                await transaction.fleet.fill(await read_job(rig.store, job), 3, NOW_MS)
        async with rig.store.transaction() as transaction:
            await transaction.group_members.remove(group, [ids[0], ids[9]])
            await transaction.group_members.add(group, ids[10:])
        job = await fill_in_chunks(rig, await read_job(rig.store, job), 3)
        rows = await rows_of(rig.store, job)
        assert sorted(row.task.device_id for row in rows) == ids[:10]
        if ordered:
            names = [row.device_name for row in rows]
            assert names == in_order(place, names, 7)

    async def test_I2_a_deleted_group_keeps_its_members_until_they_are_gathered(self, rig: Rig) -> None:
        """Its purge waits for the job."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 10)
        group = await self.group_of(rig.store, place, ids)
        job = await begin(rig.store, place, target_selection=TargetSelection.GROUP, group_row_id=group.id)
        async with rig.store.transaction() as transaction:
            await transaction.groups.delete(group, NOW_MS)
            assert not await transaction.group_members.is_purge_due()
        job = await fill_in_chunks(rig, job, 3)
        assert list(await tasks_of(rig.store, job)) == ids
        async with rig.store.transaction() as transaction:
            assert await transaction.group_members.is_purge_due()

    async def test_I2_changes_and_steps_together(self, rig: Rig) -> None:
        """Members that change while steps are taken, by others at the same time, are those of before."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 60)
        group = await self.group_of(rig.store, place, ids[:50])
        job = await begin(rig.store, place, target_selection=TargetSelection.GROUP, group_row_id=group.id)

        async def change(number: int) -> None:
            async with rig.store.transaction() as transaction:
                await transaction.group_members.remove(group, [ids[number * 7]])
                await transaction.group_members.add(group, [ids[50 + number]])

        async def step() -> None:
            async with rig.store.transaction() as transaction:
                await transaction.hold(f"job:{job.id}")
                fresh = await transaction.jobs.by_id(job.account_id, job.id)
                assert fresh is not None
                if not fresh.is_filled:
                    await transaction.fleet.fill(fresh, 5, NOW_MS)

        await asyncio.gather(*(work for number in range(6) for work in (step(), change(number), step())))
        job = await fill(rig.store, await read_job(rig.store, job), chunk=5)
        assert list(await tasks_of(rig.store, job)) == ids[:50]

    @staticmethod
    async def group_of(store: Store, place: Place, device_ids: list[int]) -> Group:
        async with store.transaction() as transaction:
            group = await add_group(transaction, group_draft(place.account_id, 1))
            await transaction.group_members.add(group, device_ids)
        return group
