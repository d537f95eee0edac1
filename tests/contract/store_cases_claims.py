"""Cases of the store contract: what claims, silence and held jobs count, in one transaction and in several (I4, I6)."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.store_cases_rig import Rig
from tests.contract.store_cases_together import LONG_S, Two, broken_rules, until_somebody_waits
from tests.engine.world import (
    LINKS,
    NOW_MS,
    add_devices,
    add_job,
    add_place,
    connect,
    count_errors,
    fill,
    presence,
    put_task,
    read_job,
    tasks_of,
)
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.domain.claims import Standing
from whimbrel.domain.job import Job
from whimbrel.domain.rollout import GUARDED, Gate, Hold, Pace, Rollout
from whimbrel.domain.task import MINUTE_MS, Task, TaskStatus
from whimbrel.ports.store import Because, Store
from whimbrel.reports.declaration import ReportContext
from whimbrel.reports.get_firmware import PullMessage, pull

CAREFUL = Rollout(gate=Gate(), pace=Pace(first=2, growth=5), seed=7)
IN_PROGRESS, NOTIFIED, QUEUED = TaskStatus.IN_PROGRESS, TaskStatus.NOTIFIED, TaskStatus.QUEUED


async def made(store: Store, rollout: Rollout, devices: int) -> tuple[Job, list[Task]]:
    """A filled job, its devices online; its tasks in the order of their ids."""
    place = await add_place(store)
    await connect(store, await add_devices(store, place, devices, "1.0.0"))
    job = await add_job(store, place, rollout=rollout, is_gathered=not rollout.is_ordered)
    job = await fill(store, job)
    return job, sorted((await tasks_of(store, job)).values())


async def standing_of(store: Store, job: Job) -> Standing:
    async with store.snapshot() as snapshot:
        state = await snapshot.jobs.state(job.account_id, job.id)
    assert state is not None
    return state.standing


async def at_risk(store: Store, job: Job) -> Task:
    """The job's first task, told and in progress."""
    first = sorted((await tasks_of(store, job)).values())[0]
    told = await put_task(store, first, status=NOTIFIED, wave=1, era=1)
    running = await put_task(store, told, status=IN_PROGRESS)
    async with store.transaction() as transaction:
        await transaction.silence.watch(running, job, NOW_MS)
    return running


class TestClaims:
    @pytest.mark.parametrize("is_read_ahead", [False, True])
    async def test_I6_claims_of_one_batch(self, rig: Rig, is_read_ahead: bool) -> None:
        """Devices that ask in one batch count each other: together they get what they would get one by one."""
        job, tasks = await made(rig.store, CAREFUL, 10)
        answers = []
        async with rig.store.transaction() as store:
            devices = {task.device_id for task in tasks}
            await store.pacing.hold_turns(devices)
            if is_read_ahead:
                await store.read_ahead(devices, [])
            for task in tasks:
                context = ReportContext(task.device_id, NOW_MS, store, LINKS)
                answers.append(await pull(PullMessage(id="1"), context))
        assert sum(answer.notice is not None for answer in answers) == 2
        assert (await standing_of(rig.store, job)).exposed == 2
        assert await count_errors(rig.store, [job]) == []

    async def test_I8_a_claim_after_a_cancel(self, rig: Rig) -> None:
        """Who waited for the job's turn, and finds a cancel of its task there, tells nobody."""
        job, tasks = await made(rig.store, CAREFUL, 2)
        async with rig.store.transaction() as store:
            await store.jobs.cancel_tasks(job.id, frozenset({QUEUED}), NOW_MS)
        async with rig.store.transaction() as store:
            assert await store.pacing.claim(tasks[0], job, NOW_MS) is None

    async def test_I4_who_speaks_while_it_falls_silent(self, rig: Rig) -> None:
        """A report that was read before its device fell silent counts it as it was when the report is stored."""
        job, _ = await made(rig.store, GUARDED, 2)
        seen = await at_risk(rig.store, job)
        later_ms = NOW_MS + 30 * MINUTE_MS
        async with rig.store.transaction() as store:
            assert await store.silence.look(1, later_ms) == 1
        assert (await standing_of(rig.store, job)).silent == 1
        async with rig.store.transaction() as store:
            assert await store.tasks.change(seen, seen._replace(progress=50), later_ms)
        standing = await standing_of(rig.store, job)
        assert (standing.exposed, standing.silent, standing.failing) == (1, 0, 0)


class TestClaimsTogether:
    async def test_F05_who_comes_again_as_its_job_goes_on(self, two: Two, database: str) -> None:
        """A device that comes a second time while its job is held is told, whatever the engine takes off just then."""
        job, tasks = await made(two[0], GUARDED, 1)
        [task] = tasks
        async with two[0].transaction() as store:
            await store.presences.disconnected(presence(task.device_id), NOW_MS)
            told = task._replace(status=NOTIFIED, wave=1, era=1)
            assert await store.tasks.change(task, told, NOW_MS)
            await store.rollouts.hold(job.id, Hold.PAUSED, Because("a look", "key"), NOW_MS)
            await store.rollouts.tell_again(told)  # as when it came for the first time

        async def again() -> list[Task]:
            async with two[1].transaction() as store:
                return await store.rollouts.again(job, 10)

        async with asyncio.timeout(LONG_S):
            async with two[0].transaction() as store:
                await store.presences.connected(presence(task.device_id, 2), NOW_MS)
                await store.rollouts.tell_again(told)
                async with two[1].transaction() as other:
                    await other.rollouts.resume(job.id, Because("looked", "key"), NOW_MS)
                telling = asyncio.create_task(again())
                waiting = asyncio.create_task(until_somebody_waits(database))
                await asyncio.wait([telling, waiting], return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
            found = await telling
            if not found:
                found = await again()
        assert [told.id for told in found] == [task.id]

    async def test_I19_batches_that_begin_in_many_blocks(self, two: Two, database: str) -> None:
        """Two small batches whose devices begin in the same blocks, the other way around, do not wait in a ring."""
        job, tasks = await made(two[0], GUARDED, 1_100)
        told = [await put_task(two[0], task, status=NOTIFIED, wave=1, era=1) for task in (tasks[0], tasks[-1])]
        reached = asyncio.Event()

        async def batch(store: PostgresqlStore, order: list[Task], *, first: bool) -> None:
            async with store.transaction() as transaction:
                await transaction.silence.watch(order[0], job, NOW_MS)
                if first:
                    reached.set()
                    await asyncio.sleep(0.2)
                await transaction.silence.watch(order[1], job, NOW_MS)
                if not first:
                    await asyncio.sleep(0.2)

        async with asyncio.timeout(LONG_S):
            running = asyncio.create_task(batch(two[0], told, first=True))
            await reached.wait()
            await batch(two[1], told[::-1], first=False)
            await running
        assert await broken_rules(two[0]) == []
        assert (await read_job(two[0], job)).hold is Hold.NONE
