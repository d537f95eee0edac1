"""Contract of Failures and RolloutHistory: what happened over time (I17, ADR 0058)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.contract.store_cases_damage import execute, is_postgresql
from tests.contract.store_cases_rig import Rig
from tests.contract.store_cases_together import Two
from tests.contract.store_cases_together import broken_rules as broken_together
from tests.engine.world import (
    NOW_MS,
    Place,
    add_devices,
    add_job,
    add_place,
    fill,
    put_task,
    read_job,
    tasks_of,
)
from whimbrel.adapters.store.consistency import ConsistencyCheck, Finding
from whimbrel.adapters.store.consistency_postgresql import PostgresqlConsistencyCheck
from whimbrel.domain.failure import WORDED_FROM, WORDED_MAX, FailureCode
from whimbrel.domain.job import Job, JobStatus
from whimbrel.domain.paging import Page
from whimbrel.domain.rollout_history import INTERVAL_MS, SAMPLES_MAX, Sample
from whimbrel.domain.task import Task, TaskStatus, reopened
from whimbrel.ports.store import FailureReason, Store

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
MINUTE_MS = 60_000


RULES = {
    "counters_count_their_rows",
    "failures_have_their_reason",
    "samples_are_thinned",
    "stories_are_of_devices",
    "online_devices_have_a_session",
}


async def broken_rules(rig: Rig) -> list[Finding]:
    """What `whimbrel check` finds of what these cases are about: they put tasks into any state."""
    if is_postgresql(rig):
        asked = await PostgresqlConsistencyCheck.open(rig.place)
        try:
            found = [finding async for finding in asked.findings()]
        finally:
            await asked.close()
    else:
        check = ConsistencyCheck(Path(rig.place) / "whimbrel.db")
        found = list(check.findings())
        check.close()
    assert {finding.rule.name for finding in found} >= RULES
    return [finding for finding in found if finding.rule.name in RULES and not finding.holds]


async def add_running(store: Store, devices: int, **changes: object) -> tuple[Place, Job, list[Task]]:
    """A job with a running task for each device."""
    place = await add_place(store)
    await add_devices(store, place, devices, "1.0.0")
    job = await fill(store, await add_job(store, place, **changes))
    tasks = [await put_task(store, task, status=IN_PROGRESS) for task in (await tasks_of(store, job)).values()]
    return place, job, tasks


async def fail(store: Store, task: Task, description: str) -> Task:
    return await put_task(store, task, status=FAILED, description=description)


async def reasons_of(store: Store, job: Job) -> list[FailureReason]:
    async with store.snapshot() as snapshot:
        return await snapshot.failures.reasons(job.id)


async def tasks_behind(store: Store, job: Job, number: int, page: Page) -> tuple[list[int], int]:
    """The tasks of a page, and how many there are."""
    async with store.snapshot() as snapshot:
        listing = await snapshot.failures.tasks(job.id, number, page)
    return [row.task.id for row in listing.rows], listing.total


class TestFailures:
    async def test_grouped(self, rig: Rig) -> None:
        """Failures that are alike share a reason; each has its tasks, newest first, in pages."""
        _, job, tasks = await add_running(rig.store, 7)
        for number, task in enumerate(tasks[:4]):
            await fail(rig.store, task, f"step -2: HTTP 503 from https://ota.example/{number}")
        await fail(rig.store, tasks[4], "step -4: burning the firmware failed")
        await fail(rig.store, tasks[5], "timeout, 60 min after the first progress without the version")
        assert await reasons_of(rig.store, job) == [
            FailureReason(WORDED_FROM, FailureCode.DOWNLOAD_FAILED, "HTTP 503 from #", 4),
            FailureReason(FailureCode.TIMEOUT.value, FailureCode.TIMEOUT, "", 1),
            FailureReason(FailureCode.BURN_FAILED.value, FailureCode.BURN_FAILED, "", 1),
        ]
        ids = [task.id for task in tasks[3::-1]]
        assert await tasks_behind(rig.store, job, WORDED_FROM, Page(1, 3)) == (ids[:3], 4)
        assert await tasks_behind(rig.store, job, WORDED_FROM, Page(2, 3)) == (ids[3:], 4)
        assert await tasks_behind(rig.store, job, WORDED_FROM, Page(3, 3)) == ([], 4)
        assert await tasks_behind(rig.store, job, 999, Page(1, 3)) == ([], 0)
        assert await broken_rules(rig) == []

    async def test_I4_who_starts_again_leaves_its_reason(self, rig: Rig) -> None:
        """A re-upgrade takes the device out of its reason; when it fails anew, it has the new one."""
        _, job, tasks = await add_running(rig.store, 2)
        failed = [await fail(rig.store, task, "step -1: no") for task in tasks]
        again = reopened(failed[0], "1.0.0", need_confirm=False)
        assert again is not None
        async with rig.store.transaction() as store:
            assert await store.tasks.reopen(job, failed[0], again, NOW_MS)
        assert [reason.tasks for reason in await reasons_of(rig.store, job)] == [1]
        assert await broken_rules(rig) == []
        now = (await tasks_of(rig.store, job))[failed[0].device_id]
        await fail(rig.store, await put_task(rig.store, now, status=IN_PROGRESS), "step -1: never")
        assert [(reason.words, reason.tasks) for reason in await reasons_of(rig.store, job)] == [
            ("no", 1),
            ("never", 1),
        ]
        assert await broken_rules(rig) == []

    async def test_I17_at_most_fifty_have_words(self, rig: Rig) -> None:
        """The 51st counts under its code alone, with all that come later; those that are known stay known."""
        _, job, tasks = await add_running(rig.store, WORDED_MAX + 3)
        for number, task in enumerate(tasks[: WORDED_MAX - 1]):
            await fail(rig.store, task, f"step -1: {number}")
        async with rig.store.transaction() as store:
            for number, task in enumerate(tasks[WORDED_MAX - 1 : WORDED_MAX + 2], WORDED_MAX - 1):
                new = task._replace(status=FAILED, description=f"step -1: {number}")
                assert await store.tasks.change(task, new, NOW_MS)
        await fail(rig.store, tasks[-1], "step -1: 7")
        reasons = {reason.words: (reason.number, reason.tasks) for reason in await reasons_of(rig.store, job)}
        assert len(reasons) == WORDED_MAX + 1
        assert reasons[""] == (FailureCode.UPGRADE_FAILED.value, 2)
        assert reasons["7"] == (WORDED_FROM + 7, 2)
        assert await broken_rules(rig) == []

    async def test_silent_devices_have_a_reason(self, rig: Rig) -> None:
        """While a device keeps silent its task counts as SILENT; what it says then, or a cancel, ends that."""
        _, job, tasks = await add_running(rig.store, 3)
        for task in tasks:
            async with rig.store.transaction() as store:
                assert await store.tasks.change(task, task._replace(is_silent=True), NOW_MS)
        silent = [task._replace(is_silent=True) for task in tasks]
        number = FailureCode.SILENT.value
        assert await reasons_of(rig.store, job) == [FailureReason(number, FailureCode.SILENT, "", 3)]
        assert await tasks_behind(rig.store, job, number, Page(1, 2)) == ([silent[2].id, silent[1].id], 3)
        await put_task(rig.store, silent[0], is_silent=False)
        await fail(rig.store, silent[1], "step -3: no")
        async with rig.store.transaction() as store:
            await store.jobs.cancel_tasks(job.id, frozenset({IN_PROGRESS}), NOW_MS)
        async with rig.store.transaction() as store:
            await store.fleet.cancel(await read_job(rig.store, job), 100, NOW_MS)
        assert [(r.code, r.tasks) for r in await reasons_of(rig.store, job)] == [(FailureCode.CHECKSUM_FAILED, 1)]
        assert await tasks_behind(rig.store, job, number, Page(1, 2)) == ([], 0)
        assert await broken_rules(rig) == []

    async def test_who_is_born_failed(self, rig: Rig) -> None:
        """Devices that another job holds are a reason, too."""
        place, _, _ = await add_running(rig.store, 3)
        other = await fill(rig.store, await add_job(rig.store, place, firmware_id=2))
        number = FailureCode.CONFLICT.value
        assert await reasons_of(rig.store, other) == [FailureReason(number, FailureCode.CONFLICT, "", 3)]
        assert (await tasks_behind(rig.store, other, number, Page(1, 9)))[1] == 3
        assert await broken_rules(rig) == []

    async def test_in_a_batch(self, rig: Rig) -> None:
        """What was read ahead and fails is counted as one by one."""
        _, job, tasks = await add_running(rig.store, 6)
        async with rig.store.transaction() as store:
            await store.read_ahead([task.device_id for task in tasks], [])
            for number, task in enumerate(tasks):
                new = task._replace(status=FAILED, description=f"step -1: {'odd' if number % 2 else 'even'}")
                assert await store.tasks.change(task, new, NOW_MS)
        assert sorted((r.words, r.tasks) for r in await reasons_of(rig.store, job)) == [("even", 3), ("odd", 3)]
        assert await broken_rules(rig) == []


class TestFailuresTogether:
    async def test_I17_over_processes(self, two: Two) -> None:
        """Two processes find the same new reasons at once: each is there once, and there are not too many."""
        _, job, tasks = await add_running(two[0], 2 * (WORDED_MAX + 5))
        half = len(tasks) // 2

        async def report(store: Store, mine: list[Task]) -> None:
            for start in range(0, half, 5):
                async with store.transaction() as transaction:
                    for number, task in enumerate(mine[start : start + 5], start):
                        new = task._replace(status=FAILED, description=f"step -1: reason {number}")
                        assert await transaction.tasks.change(task, new, NOW_MS)

        await asyncio.gather(report(two[0], tasks[:half]), report(two[1], tasks[half:]))
        reasons = await reasons_of(two[0], job)
        assert len([reason for reason in reasons if reason.words]) == WORDED_MAX
        assert sum(reason.tasks for reason in reasons) == len(tasks)
        assert await broken_together(two[0]) == []


class TestRolloutHistory:
    async def sample(self, store: Store, job: Job, now_ms: int) -> list[Sample]:
        async with store.transaction() as transaction:
            await transaction.rollout_history.sample(0, job.id, now_ms)
        async with store.snapshot() as snapshot:
            return await snapshot.rollout_history.samples(job.id)

    async def test_when_due_and_changed(self, rig: Rig) -> None:
        """A sample a minute after the last one at the earliest, and only of what has changed."""
        _, job, tasks = await add_running(rig.store, 3)
        first = Sample(NOW_MS, 0, 0, 0, 3, 0, 0, 0, 0, 0)
        assert await self.sample(rig.store, job, NOW_MS) == [first]
        assert await self.sample(rig.store, job, NOW_MS + INTERVAL_MS) == [first]
        await put_task(rig.store, tasks[0], status=SUCCEEDED, progress=100)
        await fail(rig.store, tasks[1], "step -1: no")
        assert await self.sample(rig.store, job, NOW_MS + INTERVAL_MS - 1) == [first]
        second = Sample(NOW_MS + INTERVAL_MS, 0, 0, 0, 1, 1, 1, 0, 0, 0)
        assert await self.sample(rig.store, job, NOW_MS + INTERVAL_MS) == [first, second]
        async with rig.store.snapshot() as snapshot:
            assert await snapshot.rollout_history.now(job.id, 7) == second._replace(at_ms=7)
            assert await snapshot.rollout_history.next_jobs(0, 10) == [job.id]
            assert await snapshot.rollout_history.next_jobs(job.id, 10) == []

    async def test_at_risk_and_silent(self, rig: Rig) -> None:
        """Those of the job's era, as its pace counts them."""
        _, job, tasks = await add_running(rig.store, 3)
        await put_task(rig.store, tasks[0], era=1)
        await put_task(rig.store, tasks[1], era=1, is_silent=True)
        (sample,) = await self.sample(rig.store, job, NOW_MS)
        assert (sample.at_risk, sample.silent) == (2, 1)

    async def test_a_clock_that_was_set_back(self, rig: Rig) -> None:
        """Samples go on at once, not when the clock has come to where it was."""
        _, job, tasks = await add_running(rig.store, 2)
        await self.sample(rig.store, job, NOW_MS)
        await put_task(rig.store, tasks[0], status=SUCCEEDED, progress=100)
        back_ms = NOW_MS - 10 * INTERVAL_MS
        assert len(await self.sample(rig.store, job, back_ms)) == 2
        # And as often as before: what is still to come says nothing of what is due.
        await put_task(rig.store, tasks[1], status=SUCCEEDED, progress=100)
        assert len(await self.sample(rig.store, job, back_ms + INTERVAL_MS - 1)) == 2
        assert len(await self.sample(rig.store, job, back_ms + INTERVAL_MS)) == 3

    async def test_the_end(self, rig: Rig) -> None:
        """A job that ends is sampled, due or not; afterwards never again."""
        _, job, tasks = await add_running(rig.store, 1)
        await self.sample(rig.store, job, NOW_MS)
        await put_task(rig.store, tasks[0], status=SUCCEEDED, progress=100)
        async with rig.store.transaction() as store:
            assert await store.jobs.end(job.id, JobStatus.COMPLETED, NOW_MS + 1)
            assert not await store.jobs.end(job.id, JobStatus.COMPLETED, NOW_MS + 2)
        samples = await self.sample(rig.store, job, NOW_MS + INTERVAL_MS)
        assert [(sample.at_ms, sample.succeeded) for sample in samples] == [(NOW_MS, 0), (NOW_MS + 1, 1)]
        assert await broken_rules(rig) == []

    @pytest.mark.parametrize("more", [0, 1])
    async def test_I17_thinned(self, rig: Rig, more: int) -> None:
        """Of 500 samples nothing goes; of one more every other one does, and the next comes after twice the time."""
        _, job, tasks = await add_running(rig.store, 1)
        task = await put_task(rig.store, tasks[0], era=1)
        values = ", ".join(
            f"({job.id}, {NOW_MS + place}, {MINUTE_MS}, 0, 0, 0, 0, 0, 0, 0, 0, 0)" for place in range(SAMPLES_MAX - 1)
        )
        execute(rig, f"INSERT INTO job_sample VALUES {values}")
        at_ms = NOW_MS + SAMPLES_MAX + MINUTE_MS
        samples = await self.sample(rig.store, job, at_ms)
        assert len(samples) == SAMPLES_MAX
        if not more:
            return
        await put_task(rig.store, task, is_silent=True)
        samples = await self.sample(rig.store, job, at_ms + MINUTE_MS)
        assert len(samples) == SAMPLES_MAX // 2 + 1
        assert samples[0].at_ms == NOW_MS
        assert samples[-1] == Sample(at_ms + MINUTE_MS, 0, 0, 0, 1, 0, 0, 0, 1, 1)
        await put_task(rig.store, task._replace(is_silent=True), is_silent=False)
        assert await self.sample(rig.store, job, at_ms + 3 * MINUTE_MS - 1) == samples
        assert len(await self.sample(rig.store, job, at_ms + 3 * MINUTE_MS)) == len(samples) + 1
        assert await broken_rules(rig) == []
