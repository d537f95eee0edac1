"""Contract of Failures, RolloutHistory and DeviceStories: what happened over time (I17, ADR 0058)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.contract.store_cases_damage import execute, is_postgresql
from tests.contract.store_cases_rig import Rig
from tests.contract.store_cases_together import Two
from tests.contract.store_cases_together import broken_rules as broken_together
from tests.engine.world import (
    NODE,
    NOW_MS,
    Place,
    add_devices,
    add_job,
    add_place,
    connect,
    fill,
    presence,
    put_task,
    read_job,
    tasks_of,
)
from whimbrel.adapters.store.consistency import ConsistencyCheck, Finding
from whimbrel.adapters.store.consistency_postgresql import PostgresqlConsistencyCheck
from whimbrel.domain.device_story import EVENTS_MAX, FLAP_MS, STAYS_MAX, Kept, Stay, TaskChange, VersionChange
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
        assert len(await self.sample(rig.store, job, NOW_MS - 1)) == 2

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
        successes = [TaskChange(NOW_MS + 1, t.id, job.id, "default", 1, SUCCEEDED, None, None, 100, "") for t in tasks]
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
