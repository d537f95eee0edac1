"""The engine is killed between any two steps of time and pace, and ends where an undisturbed one ends (F04-F06, I5)."""

from __future__ import annotations

import asyncio
import shutil
import signal
from pathlib import Path

import pytest

from tests.engine.test_crash import RUNS_MAX, run_child
from tests.engine.world import (
    NOW_MS,
    add_devices,
    add_job,
    add_place,
    connect,
    count_errors,
    fill,
    open_store,
    put_task,
    read_job,
    tasks_of,
)
from tests.reports.mouth import Device
from whimbrel.adapters.store.consistency import ConsistencyCheck
from whimbrel.domain.job import DynamicMode, Job, JobStatus, SelectionType
from whimbrel.domain.task import SCHEDULE_ENDED_WORDS, Task, TaskStatus

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
DEVICES = 30
PACE = 10


class Scene:
    """A job that begins, one whose schedule ends, one with a pace, one with retries that are due, and a dynamic one."""

    jobs: list[Job]

    async def play(self, folder: Path) -> None:
        store = open_store(folder)
        places = [await add_place(store, number) for number in range(1, 6)]
        fleets = [
            await add_devices(store, place, count, "1.0.0", prefix=f"p{number}")
            for number, (place, count) in enumerate(zip(places, (700, 1_200, DEVICES, 600, 700), strict=True))
        ]
        begins = await add_job(store, places[0], schedule_ms=NOW_MS, fill_until=0)
        ends = await fill(store, await add_job(store, places[1], schedule_finish_ms=NOW_MS))
        paced = await add_job(store, places[2], maximum_per_minute=PACE)
        retried = await fill(store, await add_job(store, places[3], retry_minutes=10, retry_count=1))
        for task in (await tasks_of(store, retried)).values():
            await put_task(store, task, attempt=2, retries=1, due_ms=NOW_MS)
        kind = {"selection_type": SelectionType.DYNAMIC, "dynamic_mode": DynamicMode.NOW_AND_LATER}
        dynamic = await add_job(store, places[4], src_versions=("1.0.0",), **kind)
        async with store.transaction() as transaction:
            await transaction.strategies.add(dynamic)
        for fleet in fleets:
            await connect(store, fleet[::5])
        paced = await fill(store, paced)
        for device_id in fleets[2]:
            await Device(store, device_id).connect(2)
        self.jobs = [begins, ends, paced, retried, dynamic]
        await store.close()

    async def outcome(self, folder: Path) -> list[tuple[JobStatus, list[Task]]]:
        store = open_store(folder)
        found = []
        for job in self.jobs:
            # Jobs fill in turn, so a kill changes which of them has which ids.
            tasks = [task._replace(id=0) for task in (await tasks_of(store, job)).values()]
            found.append(((await read_job(store, job)).status, tasks))
        assert await count_errors(store, self.jobs) == []
        await store.close()
        check = ConsistencyCheck(folder / "whimbrel.db")
        assert [finding for finding in check.findings() if not finding.holds] == []
        check.close()
        return found


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, Path]:
    folder = tmp_path_factory.mktemp("scene")
    made = Scene()
    asyncio.run(made.play(folder))
    return made, folder


@pytest.mark.parametrize(("point", "every"), [("engine.stepped", 1), ("engine.committed", 1), ("engine.committed", 3)])
async def test_F04_killed_between_steps(scene: tuple[Scene, Path], tmp_path: Path, point: str, every: int) -> None:
    """Killed again and again, it starts, ends, paces, retries and follows as undisturbed, and tells nobody twice."""
    played, source = scene
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    shutil.copytree(source, undisturbed)
    shutil.copytree(source, killed)
    status, told_undisturbed = await run_child(undisturbed, "")
    assert status == 0
    kills, told = 0, list[int]()
    while kills < RUNS_MAX:
        status, devices = await run_child(killed, f"{point}:{every if point == 'engine.committed' else kills + 1}")
        told += devices
        if status == 0:
            break
        assert status == -signal.SIGKILL
        kills += 1
    assert 3 <= kills < RUNS_MAX
    outcome = await played.outcome(killed)
    assert outcome == await played.outcome(undisturbed)
    assert len(told) == len(set(told)), "a device was told twice although its claim was durable"
    assert set(told) <= set(told_undisturbed)
    (begins, _), (ends, cancelled), (_, paced), (_, retried), (dynamic, followers) = outcome
    assert (begins, ends, dynamic) == (JobStatus.IN_PROGRESS, JobStatus.COMPLETED, JobStatus.IN_PROGRESS)
    assert {(task.status, task.description) for task in cancelled} == {(CANCELED, SCHEDULE_ENDED_WORDS)}
    assert sum(task.status is NOTIFIED for task in paced) == PACE
    assert [(task.due_ms, task.attempt) for task in retried] == [(None, 2)] * 600
    assert sum(task.status is NOTIFIED for task in retried) == 120
    assert len(followers) == 700
