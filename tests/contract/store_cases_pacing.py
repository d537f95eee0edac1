"""Cases of the store contract: what time and pace decide (I2, I5, I6, api-contract 7.4 to 7.8)."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    NOW_MS,
    Place,
    add_devices,
    add_job,
    add_place,
    connect,
    count_errors,
    fill,
    put_task,
    read_job,
    statuses_of,
    tasks_of,
)
from whimbrel.domain.group import GroupDraft, GroupType
from whimbrel.domain.group_expression import GroupRule
from whimbrel.domain.job import Job, JobStatus, SelectionType
from whimbrel.domain.task import SCHEDULE_ENDED_WORDS, Task, TaskStatus
from whimbrel.ports.store import Store, job_turn
from whimbrel.ports.store.pacing import Notices

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
PACE = 10


async def make_ready(store: Store, tasks: list[Task]) -> None:
    async with store.transaction() as transaction:
        for task in tasks:
            await transaction.pacing.ready(task)


async def deliver(store: Store, job: Job, tasks_max: int) -> list[int]:
    """The devices told by one step."""
    async with store.transaction() as transaction:
        await transaction.hold(job_turn(job.id))
        return [task.device_id for task in await transaction.pacing.deliver(job, tasks_max, NOW_MS)]


async def dispatch(store: Store, job: Job, tasks_max: int) -> list[int]:
    async with store.transaction() as transaction:
        await transaction.hold(job_turn(job.id))
        job = (await transaction.jobs.by_id(job.account_id, job.id)) or job
        return [task.device_id for task in await transaction.fleet.dispatch(job, tasks_max, NOW_MS)]


async def notices_of(store: Store) -> list[Notices]:
    async with store.snapshot() as snapshot:
        return await snapshot.pacing.notices()


async def outlook(store: Store, job: Job) -> tuple[int | None, bool]:
    async with store.snapshot() as snapshot:
        state = await snapshot.jobs.state(job.account_id, job.id)
    assert state is not None
    return state.free, state.has_ready


async def paced(rig: Rig, devices: int, **changes: object) -> tuple[Job, list[int], list[Task]]:
    """A filled job with a pace, all its devices online."""
    place = await add_place(rig.store)
    ids = await add_devices(rig.store, place, devices)
    await connect(rig.store, ids)
    job = await fill(rig.store, await add_job(rig.store, place, **{"maximum_per_minute": PACE, **changes}))
    return job, ids, list((await tasks_of(rig.store, job)).values())


class TestPacing:
    async def test_I5_dispatch_stops_at_the_pace(self, rig: Rig) -> None:
        """A dispatch claims what the pace leaves, remembers it, and goes on there when there is room."""
        job, ids, _ = await paced(rig, 25)
        assert await outlook(rig.store, job) == (PACE, False)
        assert await dispatch(rig.store, job, 4) == ids[:4]
        assert await dispatch(rig.store, job, 500) == ids[4:10]
        await rig.reopen()
        assert await outlook(rig.store, job) == (0, False)
        assert await dispatch(rig.store, job, 500) == []
        assert sum(row.n for row in await notices_of(rig.store)) == PACE
        async with rig.store.transaction() as transaction:
            await transaction.pacing.forget(await transaction.pacing.notices())
        assert await dispatch(rig.store, job, 500) == ids[10:20]
        assert await count_errors(rig.store, [job]) == []

    async def test_I6_claims_at_the_same_time(self, rig: Rig) -> None:
        """Many who claim at once get together what one would get, each device once."""
        job, ids, tasks = await paced(rig, 40)
        await make_ready(rig.store, tasks[20:])
        steps = [deliver(rig.store, job, 3) if number % 2 else dispatch(rig.store, job, 3) for number in range(12)]
        told = [device_id for step in await asyncio.gather(*steps) for device_id in step]
        assert len(told) == len(set(told)) == PACE
        assert set(told) <= set(ids)
        assert await count_errors(rig.store, [job]) == []

    async def test_ready_tasks_leave(self, rig: Rig) -> None:
        """Ready tasks leave in the order of their ids, when queued, online and not waiting; each is looked at once."""
        job, ids, tasks = await paced(rig, 8, maximum_per_minute=None)
        await make_ready(rig.store, tasks[::-1] + tasks)
        await put_task(rig.store, tasks[1], status=SUCCEEDED)
        await put_task(rig.store, tasks[2], due_ms=NOW_MS + 1, attempt=2)
        async with rig.store.transaction() as transaction:
            await transaction.presences.clear_node("main", NOW_MS)
        await connect(rig.store, [*ids[:5], ids[6]])
        assert await outlook(rig.store, job) == (None, True)
        assert await deliver(rig.store, job, 4) == [ids[0], ids[3]]
        assert await deliver(rig.store, job, 9) == [ids[4], ids[6]]
        assert await outlook(rig.store, job) == (None, False)
        assert await deliver(rig.store, job, 9) == []
        assert await notices_of(rig.store) == [], "a job without a pace counts nothing"
        assert await count_errors(rig.store, [job]) == []

    async def test_without_room_nobody_loses_the_turn(self, rig: Rig) -> None:
        """While nothing may be told, queued tasks keep their turn; others are told again, which counts no more."""
        job, ids, tasks = await paced(rig, 14)
        assert await dispatch(rig.store, job, 500) == ids[:10]
        await make_ready(rig.store, tasks[9:])
        assert await deliver(rig.store, job, 500) == ids[9:10]
        assert await deliver(rig.store, job, 500) == []
        for task in tasks[10:]:
            await put_task(rig.store, task, status=CANCELED)
        assert await outlook(rig.store, job) == (0, True)
        assert await deliver(rig.store, job, 500) == []
        assert await outlook(rig.store, job) == (0, False)

    async def test_a_row_that_grew_stays(self, rig: Rig) -> None:
        """What was told since the rows were read is not forgotten with them."""
        job, _, _ = await paced(rig, 25)
        await dispatch(rig.store, job, 3)
        old = await notices_of(rig.store)
        await dispatch(rig.store, job, 2)
        async with rig.store.transaction() as transaction:
            await transaction.pacing.forget(old)
        assert sum(row.n for row in await notices_of(rig.store)) == 5

    async def test_I9_ready_differences(self, rig: Rig) -> None:
        """A difference leaves for devices at its source version only, whichever way they became ready."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2, "1.0.0")
        await connect(rig.store, ids)
        job = await fill(rig.store, await add_job(rig.store, place, required_version="1.0.0"))
        async with rig.store.transaction() as transaction:
            await transaction.module_versions.put(ids[0], "default", "1.5.0", NOW_MS)
        await make_ready(rig.store, list((await tasks_of(rig.store, job)).values()))
        assert await deliver(rig.store, job, 9) == ids[1:]


class TestTime:
    async def test_retries_that_are_due(self, rig: Rig) -> None:
        """A task that waited for its retry is ready from the millisecond it is due, if its job pushes."""
        for number, need_push in enumerate((True, False), 1):
            place = await add_place(rig.store, number)
            await add_devices(rig.store, place, 1, prefix=f"p{number}")
            job = await add_job(rig.store, place, need_push=need_push, retry_minutes=10, retry_count=1)
            job = await fill(rig.store, job)
            [task] = (await tasks_of(rig.store, job)).values()
            waiting = await put_task(rig.store, task, attempt=2, retries=1, due_ms=NOW_MS + 10)
            async with rig.store.transaction() as transaction:
                assert await transaction.fleet.time_out(9, NOW_MS + 9) == 0
                assert await transaction.fleet.time_out(9, NOW_MS + 10) == 1
            assert list((await tasks_of(rig.store, job)).values()) == [
                waiting._replace(due_ms=None, heard_ms=NOW_MS + 10)
            ]
            assert await outlook(rig.store, job) == (None, need_push)

    async def test_waiting_tasks_are_not_dispatched(self, rig: Rig) -> None:
        """Dispatch passes a task that waits for its retry."""
        job, ids, tasks = await paced(rig, 2)
        await put_task(rig.store, tasks[0], attempt=2, retries=1, due_ms=NOW_MS + 10)
        assert await dispatch(rig.store, job, 9) == ids[1:]

    async def test_planned_jobs_that_are_due(self, rig: Rig) -> None:
        """Planned jobs are due from their ScheduleTime on, the earliest first; running ones are listed apart."""
        place = await add_place(rig.store)
        times = (NOW_MS + 20, NOW_MS + 10, None, NOW_MS + 30)
        jobs = [await add_job(rig.store, place, schedule_ms=time, fill_until=0) for time in times]
        assert [job.status is JobStatus.PLANNED for job in jobs] == [True, True, False, True]
        async with rig.store.snapshot() as snapshot:
            assert await snapshot.job_moves.due(NOW_MS + 9, 9) == []
            assert await snapshot.job_moves.due(NOW_MS + 20, 9) == [jobs[1], jobs[0]]
            assert await snapshot.job_moves.due(NOW_MS + 99, 1) == [jobs[1]]
            assert await snapshot.job_moves.next_due_ms() == NOW_MS + 10
            assert [state.job for state in await snapshot.jobs.running(0, 9)] == [jobs[2]]

    @pytest.mark.parametrize("chunk", [1, 3, 9])
    async def test_the_end_of_a_schedule(self, rig: Rig, chunk: int) -> None:
        """Tasks that the end of the schedule cancels say so, also those born while it did; others keep their words."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 6)
        job = await add_job(rig.store, place, schedule_finish_ms=NOW_MS - 5)
        async with rig.store.transaction() as transaction:
            await transaction.fleet.fill(job, 4, NOW_MS - 10)
        tasks = await tasks_of(rig.store, job)
        await put_task(rig.store, tasks[ids[0]], status=FAILED, description="step -1")
        await put_task(rig.store, tasks[ids[1]], status=IN_PROGRESS)
        await put_task(rig.store, tasks[ids[2]], status=CANCELED)
        async with rig.store.transaction() as transaction:
            assert await transaction.job_moves.end_schedule(job.id, NOW_MS - 5)
        await fill(rig.store, await read_job(rig.store, job))
        while (await read_job(rig.store, job)).cancelling:
            async with rig.store.transaction() as transaction:
                found = await transaction.jobs.by_id(job.account_id, job.id)
                assert found is not None
                await transaction.fleet.cancel(found, chunk, NOW_MS)
            await rig.reopen()
        ended = await tasks_of(rig.store, job)
        assert [ended[device_id].status for device_id in ids] == [FAILED, IN_PROGRESS, *[CANCELED] * 4]
        words = [ended[device_id].description for device_id in ids]
        assert words == ["step -1", "", "", *[SCHEDULE_ENDED_WORDS] * 3]
        assert await count_errors(rig.store, [job]) == []


class TestFollowing:
    async def test_whom_a_device_follows(self, rig: Rig) -> None:
        """The newest running job for its product, module and version; none that is ended or wants what it has."""
        place, other = await add_place(rig.store), await add_place(rig.store, 2)
        [device_id] = await add_devices(rig.store, place, 1)
        jobs = [
            await add_dynamic(rig.store, place, ("1.0.0", "1.5.0")),
            await add_dynamic(rig.store, place, ("1.0.0",), firmware_id=2, dest_version="1.5.0"),
            await add_dynamic(rig.store, place, ("1.0.0",), firmware_id=3, module_name="mcu"),
            await add_dynamic(rig.store, other, ("1.0.0",), firmware_id=4),
        ]
        assert await followed(rig.store, device_id, "1.0.0") == jobs[1]
        assert await followed(rig.store, device_id, "1.5.0") == jobs[0]
        assert await followed(rig.store, device_id, "9") is None
        assert await followed(rig.store, device_id, "1.0.0", "mcu") == jobs[2]
        async with rig.store.transaction() as transaction:
            assert await transaction.job_moves.end_strategy(jobs[1].id, NOW_MS)
        assert await followed(rig.store, device_id, "1.0.0") == jobs[0]

    async def test_groups(self, rig: Rig) -> None:
        """A device of the group follows at every version but the target's; whoever is newer wins over versions, too."""
        place = await add_place(rig.store)
        [inside] = await add_devices(rig.store, place, 1, prefix="lamp")
        [outside] = await add_devices(rig.store, place, 1, prefix="pump")
        rule = GroupRule(place.product_key, "lamp", True, "", "")
        draft = GroupDraft(place.account_id, "g1", "group", "", "", GroupType.DYNAMIC, NOW_MS, "", rule)
        async with rig.store.transaction() as transaction:
            group_row_id = await transaction.groups.add(draft)
        by_version = await add_dynamic(rig.store, place, ("1.0.0",))
        by_group = await add_dynamic(rig.store, place, (), firmware_id=2, group_row_id=group_row_id, group_id="g1")
        assert await followed(rig.store, inside, "1.0.0") == by_group
        assert await followed(rig.store, inside, "anything") == by_group
        assert await followed(rig.store, inside, "2.0.0") is None
        assert await followed(rig.store, outside, "1.0.0") == by_version

    async def test_matches(self, rig: Rig) -> None:
        """How often a device has matched, and whether a task of that is open."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1, "1.0.0")
        job = await add_dynamic(rig.store, place, ("1.0.0",))
        seen = []
        for status in (None, SUCCEEDED, FAILED):
            async with rig.store.transaction() as transaction:
                seen.append(await transaction.strategies.matches(job.id, device_id))
                await transaction.tasks.add_for(job, (device_id,), NOW_MS)
                seen.append(await transaction.strategies.matches(job.id, device_id))
            for task in (await tasks_of(rig.store, job)).values():
                if task.status.is_open and status is not None:
                    await put_task(rig.store, task, status=status)
        assert seen == [(0, False), (1, True), (1, True), (1, True), (1, False), (2, True)]
        assert set((await statuses_of(rig.store, job)).values()) == {FAILED}


async def add_dynamic(store: Store, place: Place, sources: tuple[str, ...], **changes: object) -> Job:
    kind = {"selection_type": SelectionType.DYNAMIC, "dynamic_mode": 2, "is_filled": True, "src_versions": sources}
    job = await add_job(store, place, **kind, **changes)
    async with store.transaction() as transaction:
        await transaction.strategies.add(job)
    return job


async def followed(store: Store, device_id: int, version: str, module_name: str = "default") -> Job | None:
    async with store.snapshot() as snapshot:
        return await snapshot.strategies.of_device(device_id, module_name, version)
