"""Contract of jobs that wait for somebody's approval: compare and set, and nobody is told before (A29, I8)."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.store_cases_rig import Rig
from tests.contract.store_cases_together import Two
from tests.engine.world import (
    LINKS,
    NOW_MS,
    Place,
    RecordingChannel,
    SteeredClock,
    add_devices,
    add_job,
    add_place,
    connect,
    must_find,
    read_job,
    tasks_of,
)
from tests.reports.mouth import Device
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import Job, JobStatus
from whimbrel.domain.rollout import GUARDED, Hold
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.ports.store import Because, Store

MAKER, OTHER, THIRD = Because("made", "maker"), Because("seen", "other"), Because("seen too", "user:third")
OPEN = frozenset(status for status in TaskStatus if status.is_open)


async def awaiting(store: Store, place: Place, **changes: object) -> Job:
    """A job that waits, for all devices there are."""
    held = {"created_by": MAKER.who, "hold": Hold.AWAITING_APPROVAL, "hold_reason": "wait", "rollout": GUARDED}
    job = await add_job(store, place, **{**held, **changes})
    async with store.transaction() as transaction:
        await transaction.rollouts.await_approval(job)
        await transaction.targets.freeze(job)
    return await read_job(store, job)


async def events_of(store: Store, job: Job) -> list[tuple[str, str, str]]:
    """Newest first."""
    async with store.snapshot() as snapshot:
        return [(event.kind, event.who, event.words) for event in await snapshot.rollouts.events(job.id, 9)]


class TestApproval:
    async def test_it_is_kept(self, rig: Rig) -> None:
        """Who made a job, and that it waits, survive the process (I1)."""
        job = await awaiting(rig.store, await add_place(rig.store))
        assert (job.hold, job.hold_reason, job.hold_ms) == (Hold.AWAITING_APPROVAL, "wait", NOW_MS)
        assert (job.created_by, job.approved_by) == ("maker", "")
        assert await events_of(rig.store, job) == [("AWAITING_APPROVAL", "maker", "wait")]
        await rig.reopen()
        assert await read_job(rig.store, job) == job

    async def test_A29_once_and_by_somebody_else(self, rig: Rig) -> None:
        """The maker's approval does nothing; of two others' the first counts."""
        place = await add_place(rig.store)
        job = await awaiting(rig.store, place)
        async with rig.store.transaction() as store:
            assert not await store.rollouts.approve(job.id, MAKER, NOW_MS + 1)
            assert await store.rollouts.approve(job.id, OTHER, NOW_MS + 2)
            assert not await store.rollouts.approve(job.id, THIRD, NOW_MS + 3)
            assert not await store.rollouts.reject(job.id, THIRD, NOW_MS + 3)
            job = await must_find(store, place, job.id)
        assert (job.hold, job.hold_reason, job.hold_ms, job.approved_by) == (Hold.NONE, "", None, "other")
        assert (await events_of(rig.store, job))[0] == ("APPROVED", "other", "seen")

    async def test_nothing_takes_its_place(self, rig: Rig) -> None:
        """Neither a pause nor a halt, and no resume lets it go."""
        job = await awaiting(rig.store, await add_place(rig.store))
        async with rig.store.transaction() as store:
            assert not await store.rollouts.hold(job.id, Hold.PAUSED, OTHER, NOW_MS)
            assert not await store.rollouts.hold(job.id, Hold.HALTED, Because("gate"), NOW_MS)
            assert not await store.rollouts.resume(job.id, OTHER, NOW_MS)
        assert await read_job(rig.store, job) == job

    async def test_rejected_is_for_good(self, rig: Rig) -> None:
        """Neither an approval nor a resume nor a hold follows it, and its words stay."""
        job = await awaiting(rig.store, await add_place(rig.store))
        async with rig.store.transaction() as store:
            assert await store.rollouts.reject(job.id, OTHER, NOW_MS + 1)
            assert not await store.rollouts.reject(job.id, THIRD, NOW_MS + 2)
            assert not await store.rollouts.approve(job.id, THIRD, NOW_MS + 2)
            assert not await store.rollouts.resume(job.id, THIRD, NOW_MS + 2)
            assert not await store.rollouts.hold(job.id, Hold.HALTED, Because("gate"), NOW_MS + 2)
        job = await read_job(rig.store, job)
        assert (job.hold, job.hold_reason, job.hold_ms, job.approved_by) == (Hold.REJECTED, "seen", NOW_MS + 1, "")

    async def test_what_does_not_wait(self, rig: Rig) -> None:
        """A job that runs, one that is paused, and one that has ended."""
        place = await add_place(rig.store)
        for hold in (Hold.NONE, Hold.PAUSED):
            job = await add_job(rig.store, place, hold=hold, created_by="maker")
            async with rig.store.transaction() as store:
                assert not await store.rollouts.approve(job.id, OTHER, NOW_MS)
                assert not await store.rollouts.reject(job.id, OTHER, NOW_MS)
        ended = await awaiting(rig.store, place, schedule_ms=NOW_MS + 5)
        async with rig.store.transaction() as store:
            assert await store.job_moves.cancel_planned(ended.id, NOW_MS)
            assert not await store.rollouts.approve(ended.id, OTHER, NOW_MS)
            assert not await store.rollouts.reject(ended.id, OTHER, NOW_MS)

    @pytest.mark.parametrize("is_planned", [False, True])
    async def test_I8_the_engine_tells_nobody(self, rig: Rig, is_planned: bool) -> None:
        """Its tasks are made, a planned one starts at its time, and nobody is told, who asks neither; then all are."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 4, "1.0.0")
        await connect(rig.store, ids)
        channel, clock = RecordingChannel(), SteeredClock()
        engine = Engine(rig.store, channel, InProcessWakeup(), clock, LINKS)
        job = await awaiting(rig.store, place, **({"schedule_ms": NOW_MS + 5} if is_planned else {}))
        clock.pass_ms(60_000)
        await engine.settle()
        device = Device(rig.store, ids[0])
        await device.connect(2)
        assert set((await read_job(rig.store, job)).cancelling) == set()
        assert {task.status for task in (await tasks_of(rig.store, job)).values()} == {TaskStatus.QUEUED}
        assert len(await tasks_of(rig.store, job)) == 4
        assert channel.sent == []
        async with rig.store.transaction() as store:
            assert await store.rollouts.approve(job.id, OTHER, clock.ms)
        await engine.settle()
        assert len(channel.sent) == 4

    async def test_a_rejected_job_ends(self, rig: Rig) -> None:
        """Its tasks are cancelled and it ends, without a word to a device."""
        place = await add_place(rig.store)
        await connect(rig.store, await add_devices(rig.store, place, 3, "1.0.0"))
        channel = RecordingChannel()
        engine = Engine(rig.store, channel, InProcessWakeup(), SteeredClock(), LINKS)
        job = await awaiting(rig.store, place)
        async with rig.store.transaction() as store:
            assert await store.rollouts.reject(job.id, OTHER, NOW_MS)
            await store.jobs.cancel_tasks(job.id, OPEN, NOW_MS)
        await engine.settle()
        job = await read_job(rig.store, job)
        assert (job.status, job.hold, channel.sent) == (JobStatus.CANCELED, Hold.REJECTED, [])

    async def test_I15_the_switch(self, rig: Rig) -> None:
        """Off until somebody puts it on, of one account only."""
        one, other = await add_place(rig.store), await add_place(rig.store, 2, "other")
        async with rig.store.transaction() as store:
            assert not await store.accounts.asks_approval(one.account_id)
            await store.accounts.put_asks_approval(one.account_id, True)
            assert await store.accounts.asks_approval(one.account_id)
            assert not await store.accounts.asks_approval(other.account_id)
            await store.accounts.put_asks_approval(one.account_id, False)
            assert not await store.accounts.asks_approval(one.account_id)


class TestApprovalTogether:
    async def test_A29_approvals_and_rejections_at_once(self, two: Two) -> None:
        """Of all who decide at the same moment, in two processes, exactly one does."""
        place = await add_place(two[0])
        for _ in range(5):
            job = await awaiting(two[0], place)

            async def decide(store: Store, number: int, job: Job = job) -> bool:
                because = Because("at once", f"key{number}")
                async with store.transaction() as transaction:
                    decision = transaction.rollouts.approve if number % 3 else transaction.rollouts.reject
                    return await decision(job.id, because, NOW_MS)

            decided = await asyncio.gather(*(decide(two[number % 2], number) for number in range(6)))
            assert sum(decided) == 1
            job = await read_job(two[0], job)
            winner = decided.index(True)
            assert job.hold is (Hold.NONE if winner % 3 else Hold.REJECTED)
            assert job.approved_by == (f"key{winner}" if winner % 3 else "")
