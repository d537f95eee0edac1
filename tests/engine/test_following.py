"""Dynamic jobs over a real store: who matches now, who matches later, and who does not (api-contract 7.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import (
    NOW_MS,
    Stage,
    add_devices,
    add_job,
    cancel,
    connect,
    count_errors,
    put_task,
    read_job,
    rows_of,
    set_stage,
    statuses_of,
    tasks_of,
)
from tests.reports.mouth import Device
from whimbrel.domain.group import GroupDraft, GroupType
from whimbrel.domain.group_expression import GroupRule
from whimbrel.domain.job import MATCHES_MAX, DynamicMode, Job, JobStatus, OverwriteMode, SelectionType
from whimbrel.domain.task import TaskStatus

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as made:
        yield made


async def add_dynamic(stage: Stage, *sources: str, now: bool = False, **changes: object) -> Job:
    """A running dynamic job for these source versions: for devices that match now, too, or only later ones."""
    kind = {
        "selection_type": SelectionType.DYNAMIC,
        "dynamic_mode": DynamicMode.NOW_AND_LATER if now else DynamicMode.LATER,
        "src_versions": sources,
        "is_filled": not now,
    }
    job = await add_job(stage.store, stage.place, **{**kind, **changes})
    async with stage.store.transaction() as store:
        await store.strategies.add(job)
    return job


async def add_group(stage: Stage, name: str, *, is_prefix: bool = True) -> int:
    rule = GroupRule(stage.place.product_key, name, is_prefix, "", "")
    draft = GroupDraft(stage.place.account_id, "g1", "group", "", "", GroupType.DYNAMIC, NOW_MS, "", rule)
    async with stage.store.transaction() as store:
        return await store.groups.add(draft)


async def end_strategy(stage: Stage, job: Job) -> None:
    async with stage.store.transaction() as store:
        assert await store.job_moves.end_strategy(job.id, NOW_MS)


def device(stage: Stage, device_id: int) -> Device:
    return Device(stage.store, device_id)


async def test_later(stage: Stage) -> None:
    """With DynamicMode 2 the devices of now get nothing; whoever reports the version from now on is told at once."""
    ids = await add_devices(stage.store, stage.place, 2, "1.0.0")
    await connect(stage.store, ids)
    job = await add_dynamic(stage, "1.0.0")
    await stage.engine.settle()
    assert await tasks_of(stage.store, job) == {}
    assert (await device(stage, ids[0]).version("1.5.0")).notices == ()
    [notice] = (await device(stage, ids[1]).version("1.0.0")).notices
    assert notice.device_id == ids[1]
    assert await statuses_of(stage.store, job) == {ids[1]: NOTIFIED}
    assert (await read_job(stage.store, job)).status is JobStatus.IN_PROGRESS


async def test_now_and_later(stage: Stage) -> None:
    """With DynamicMode 1 the devices that match now get their tasks, and a new device with its first report."""
    ids = await add_devices(stage.store, stage.place, 2, "1.0.0")
    ids += await add_devices(stage.store, stage.place, 1, "1.5.0", prefix="other")
    job = await add_dynamic(stage, "1.0.0", now=True)
    await stage.engine.settle()
    assert await statuses_of(stage.store, job) == {ids[0]: QUEUED, ids[1]: QUEUED}
    [new] = await add_devices(stage.store, stage.place, 1, prefix="new")
    await stage.engine.settle()
    assert new not in await tasks_of(stage.store, job)
    await device(stage, new).version("1.0.0")
    assert (await statuses_of(stage.store, job))[new] is NOTIFIED
    assert await count_errors(stage.store, [job]) == []


async def test_a_report_before_the_fill(stage: Stage) -> None:
    """A device that reports before the making of tasks came to it has one task."""
    ids = await add_devices(stage.store, stage.place, 3, "1.0.0")
    job = await add_dynamic(stage, "1.0.0", now=True)
    await device(stage, ids[1]).version("1.0.0")
    await stage.engine.settle()
    assert [row.task.device_id for row in await rows_of(stage.store, job)] == [ids[1], ids[0], ids[2]]


async def test_it_goes_on(stage: Stage) -> None:
    """The job does not end with its tasks: the next device is still taken."""
    ids = await add_devices(stage.store, stage.place, 2, "1.0.0")
    job = await add_dynamic(stage, "1.0.0")
    for device_id in ids:
        await device(stage, device_id).version("1.0.0")
        await device(stage, device_id).version("2.0.0")
        await stage.engine.settle()
    assert set((await statuses_of(stage.store, job)).values()) == {SUCCEEDED}
    assert (await read_job(stage.store, job)).status is JobStatus.IN_PROGRESS


async def test_one_open_task(stage: Stage) -> None:
    """A device that reports its version again and again has one task as long as that is open."""
    [device_id] = await add_devices(stage.store, stage.place, 1)
    job = await add_dynamic(stage, "1.0.0")
    for _ in range(3):
        await device(stage, device_id).version("1.0.0")
    assert len(await rows_of(stage.store, job)) == 1


@pytest.mark.parametrize("loops", [MATCHES_MAX - 1, MATCHES_MAX, MATCHES_MAX + 1])
async def test_at_most_so_many_matches(stage: Stage, loops: int) -> None:
    """A device that goes back to the old version again and again matches ten times, not once more."""
    [device_id] = await add_devices(stage.store, stage.place, 1)
    job = await add_dynamic(stage, "1.0.0")
    for _ in range(loops):
        await device(stage, device_id).version("1.0.0")
        await device(stage, device_id).version("2.0.0")
    rows = await rows_of(stage.store, job)
    assert [row.task.status for row in rows] == [SUCCEEDED] * min(loops, MATCHES_MAX)
    assert await count_errors(stage.store, [job]) == []


async def test_after_a_failure(stage: Stage) -> None:
    """A device that failed and reports the old version matches once more."""
    [device_id] = await add_devices(stage.store, stage.place, 1)
    job = await add_dynamic(stage, "1.0.0")
    await device(stage, device_id).version("1.0.0")
    await device(stage, device_id).progress("-1")
    await device(stage, device_id).version("1.0.0")
    assert [row.task.status for row in await rows_of(stage.store, job)] == [FAILED, NOTIFIED]


async def test_only_the_newest_job(stage: Stage) -> None:
    """Of two jobs for a version a device follows the newer one, and the older one again when that has ended."""
    [device_id] = await add_devices(stage.store, stage.place, 1)
    older = await add_dynamic(stage, "1.0.0", "1.1.0", firmware_id=1)
    newer = await add_dynamic(stage, "1.0.0", firmware_id=2, dest_version="3.0.0")
    await device(stage, device_id).version("1.0.0")
    assert await tasks_of(stage.store, older) == {}
    assert await statuses_of(stage.store, newer) == {device_id: NOTIFIED}
    await device(stage, device_id).version("3.0.0")
    await end_strategy(stage, newer)
    await device(stage, device_id).version("1.0.0")
    assert await statuses_of(stage.store, older) == {device_id: NOTIFIED}


async def test_another_module(stage: Stage) -> None:
    """The version counts for the module of the job only."""
    [device_id] = await add_devices(stage.store, stage.place, 1)
    job = await add_dynamic(stage, "1.0.0")
    await device(stage, device_id).version("1.0.0", module="mcu")
    assert await tasks_of(stage.store, job) == {}


async def test_a_conflict_is_said_once(stage: Stage) -> None:
    """A device that another job holds gets one failed task, not one at each report; and its turn when it is free."""
    [device_id] = await add_devices(stage.store, stage.place, 1, "1.0.0")
    static = await add_job(stage.store, stage.place)
    await stage.engine.settle()
    job = await add_dynamic(stage, "1.0.0", firmware_id=2, dest_version="3.0.0")
    for _ in range(3):
        await device(stage, device_id).version("1.0.0")
    [row] = await rows_of(stage.store, job)
    assert row.task.status is FAILED
    assert f"job {static.id}" in row.task.description
    await device(stage, device_id).version("2.0.0")
    await device(stage, device_id).version("1.0.0")
    assert [row.task.status for row in await rows_of(stage.store, job)] == [FAILED, NOTIFIED]


@pytest.mark.parametrize("status", [QUEUED, IN_PROGRESS])
async def test_overwriting(stage: Stage, status: TaskStatus) -> None:
    """With OverwriteMode 2 it takes the place of a task that has not begun, and of no other."""
    [device_id] = await add_devices(stage.store, stage.place, 1, "1.0.0")
    static = await add_job(stage.store, stage.place, need_push=False)
    await stage.engine.settle()
    if status is not QUEUED:
        await put_task(stage.store, (await tasks_of(stage.store, static))[device_id], status=status)
    changes = {"firmware_id": 2, "dest_version": "3.0.0", "overwrite_mode": OverwriteMode.OVERWRITE}
    job = await add_dynamic(stage, "1.0.0", **changes)
    for _ in range(2):
        await device(stage, device_id).version("1.0.0")
    is_free = status is QUEUED
    assert await statuses_of(stage.store, static) == {device_id: CANCELED if is_free else status}
    assert [row.task.status for row in await rows_of(stage.store, job)] == [NOTIFIED if is_free else FAILED]
    assert await count_errors(stage.store, [static, job]) == []


async def test_modules_side_by_side(stage: Stage) -> None:
    """With MultiModuleMode a task of another module is no conflict."""
    [device_id] = await add_devices(stage.store, stage.place, 1, "1.0.0")
    await add_job(stage.store, stage.place)
    await stage.engine.settle()
    job = await add_dynamic(stage, "1.0.0", module_name="mcu", multi_module_mode=True, firmware_id=2)
    for _ in range(2):
        await device(stage, device_id).version("1.0.0", module="mcu")
    assert [row.task.status for row in await rows_of(stage.store, job)] == [NOTIFIED]


async def test_the_end_of_the_strategy(stage: Stage) -> None:
    """Once it is ended nobody matches; the tasks there are go on, and the job is cancelled with the last of them."""
    ids = await add_devices(stage.store, stage.place, 2)
    job = await add_dynamic(stage, "1.0.0")
    await device(stage, ids[0]).version("1.0.0")
    await end_strategy(stage, job)
    await device(stage, ids[1]).version("1.0.0")
    await stage.engine.settle()
    assert await statuses_of(stage.store, job) == {ids[0]: NOTIFIED}
    running = await read_job(stage.store, job)
    assert (running.status, running.shown_status) == (JobStatus.IN_PROGRESS, JobStatus.CANCELED)
    await device(stage, ids[0]).version("2.0.0")
    await stage.engine.settle()
    assert (await read_job(stage.store, job)).status is JobStatus.CANCELED


async def test_a_large_one_is_ended_while_it_is_made(stage: Stage) -> None:
    """A strategy that ends while tasks are being made makes no more of them."""
    await add_devices(stage.store, stage.place, 1_300, "1.0.0")
    job = await add_dynamic(stage, "1.0.0", now=True)
    async with stage.store.transaction() as store:
        await store.fleet.fill(job, 500, NOW_MS)
    await end_strategy(stage, job)
    await stage.engine.settle()
    assert len(await tasks_of(stage.store, job)) == 500


async def test_cancelled_tasks_and_new_matches(stage: Stage) -> None:
    """Cancelling its tasks does not end the job: whoever reports afterwards matches (api-contract 10.7)."""
    ids = await add_devices(stage.store, stage.place, 2, "1.0.0")
    job = await add_dynamic(stage, "1.0.0", now=True)
    await stage.engine.settle()
    await cancel(stage.store, job, QUEUED)
    await stage.engine.settle()
    assert set((await statuses_of(stage.store, job)).values()) == {CANCELED}
    await device(stage, ids[0]).version("1.0.0")
    assert (await statuses_of(stage.store, job))[ids[0]] is NOTIFIED


async def test_a_group(stage: Stage) -> None:
    """A job for a dynamic group takes its devices at any other version: those of now, and whoever joins and reports."""
    group_row_id = await add_group(stage, "lamp")
    ids = await add_devices(stage.store, stage.place, 2, "1.0.0", prefix="lamp")
    others = await add_devices(stage.store, stage.place, 2, "1.0.0", prefix="pump")
    job = await add_dynamic(stage, now=True, group_row_id=group_row_id, group_id="g1")
    await stage.engine.settle()
    assert list(await tasks_of(stage.store, job)) == ids
    [new] = await add_devices(stage.store, stage.place, 1, prefix="lamp-new")
    [current] = await add_devices(stage.store, stage.place, 1, prefix="lamp-current")
    await device(stage, new).version("1.7.0")
    await device(stage, current).version("2.0.0")
    await device(stage, others[0]).version("1.0.0")
    assert list(await tasks_of(stage.store, job)) == [*ids, new]


async def test_a_group_that_was_deleted(stage: Stage) -> None:
    """Nobody joins a group that is no more."""
    group_row_id = await add_group(stage, "lamp")
    [device_id] = await add_devices(stage.store, stage.place, 1, prefix="lamp")
    job = await add_dynamic(stage, group_row_id=group_row_id, group_id="g1")
    async with stage.store.transaction() as store:
        group = await store.groups.by_group_id(stage.place.account_id, "g1")
        assert group is not None
        await store.groups.delete(group, NOW_MS)
    await device(stage, device_id).version("1.0.0")
    assert await tasks_of(stage.store, job) == {}


async def test_a_difference_for_a_group(stage: Stage) -> None:
    """Of a difference firmware only the group's devices at its source version match (I9)."""
    group_row_id = await add_group(stage, "lamp")
    ids = await add_devices(stage.store, stage.place, 2, prefix="lamp")
    job = await add_dynamic(stage, group_row_id=group_row_id, group_id="g1", required_version="1.0.0")
    await device(stage, ids[0]).version("1.0.0")
    await device(stage, ids[1]).version("1.5.0")
    assert list(await tasks_of(stage.store, job)) == [ids[0]]


async def test_confirmation_and_pace(stage: Stage) -> None:
    """A match waits for its confirmation where the job says so, and for its turn where the job has a pace (I5)."""
    ids = await add_devices(stage.store, stage.place, 12)
    await connect(stage.store, ids)
    confirmed = await add_dynamic(stage, "0.9.0", need_confirm=True)
    paced = await add_dynamic(stage, "1.0.0", firmware_id=2, maximum_per_minute=10)
    assert (await device(stage, ids[0]).version("0.9.0")).notices == ()
    assert await statuses_of(stage.store, confirmed) == {ids[0]: CONFIRM}
    for device_id in ids[1:]:
        assert (await device(stage, device_id).version("1.0.0")).notices == ()
    await stage.engine.settle()
    assert [notice.device_id for notice in stage.channel.sent] == ids[1:11]
    assert (await statuses_of(stage.store, paced))[ids[11]] is QUEUED
