"""The engine is killed between any two of its steps, and ends where an undisturbed one ends (F03-F06, I2)."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.engine.world import (
    Place,
    add_devices,
    add_job,
    add_place,
    cancel,
    connect,
    count_errors,
    fill,
    firmware_draft,
    open_store,
    put_task,
    read_job,
    tasks_of,
)
from whimbrel.domain.firmware import FirmwareStatus
from whimbrel.domain.job import Job, JobStatus, JobType
from whimbrel.domain.task import Task, TaskStatus

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
FLEET = 2_300  # three steps of 1,000 rows
ONLINE_EVERY = 5
RUNS_MAX = 40


class Scene:
    """Jobs that together need every kind of step."""

    jobs: list[Job]
    online: list[int]
    place: Place

    async def play(self, folder: Path) -> None:
        """Set it up: a fill and dispatch, a cancel in the middle, and a verification that is about to end."""
        store = open_store(folder)
        self.place = await add_place(store)
        ids = await add_devices(store, self.place, FLEET)
        self.online = ids[::ONLINE_EVERY]
        async with store.transaction() as transaction:
            draft = firmware_draft(self.place, status=int(FirmwareStatus.VERIFYING))
            firmware_id = await transaction.firmware.add(draft)
        verify = await add_job(store, self.place, job_type=JobType.VERIFY, firmware_id=firmware_id, is_filled=True)
        async with store.transaction() as transaction:
            await transaction.tasks.add_for(verify, (ids[0],), 1)
        await put_task(store, (await tasks_of(store, verify))[ids[0]], status=SUCCEEDED)
        main = await add_job(store, self.place)
        other = await add_place(store, 2)
        await add_devices(store, other, 1_500, prefix="other")
        cancelled = await fill(store, await add_job(store, other))
        await cancel(store, cancelled, QUEUED)
        await connect(store, self.online)
        self.jobs = [verify, main, cancelled]
        await store.close()

    async def outcome(self, folder: Path) -> tuple[list[JobStatus], list[list[Task]], int]:
        """What is left of it: job statuses, all tasks, the firmware's status."""
        store = open_store(folder)
        statuses = [(await read_job(store, job)).status for job in self.jobs]
        tasks = [list((await tasks_of(store, job)).values()) for job in self.jobs]
        async with store.snapshot() as snapshot:
            firmware = await snapshot.firmware.by_id(self.place.account_id, 1)
        assert await count_errors(store, self.jobs) == []
        await store.close()
        assert firmware is not None
        return statuses, tasks, firmware.status


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, Path]:
    folder = tmp_path_factory.mktemp("scene")
    made = Scene()
    asyncio.run(made.play(folder))
    return made, folder


async def run_child(folder: Path, crash_at: str, *options: str) -> tuple[int, list[int]]:
    """Exit status and the devices that were told."""
    environment = os.environ | {"WHIMBREL_CRASH_AT": crash_at}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.engine.crash_child",
        str(folder),
        *options,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
    )
    output, _ = await child.communicate()
    assert child.returncode is not None
    return child.returncode, [int(line) for line in output.splitlines()]


@pytest.mark.parametrize(("point", "every"), [("engine.stepped", 1), ("engine.committed", 1), ("engine.committed", 3)])
async def test_F04_killed_between_steps(scene: tuple[Scene, Path], tmp_path: Path, point: str, every: int) -> None:
    """Killed again and again at its steps, the engine ends with the same jobs, tasks and verdict as undisturbed."""
    played, source = scene
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    shutil.copytree(source, undisturbed)
    shutil.copytree(source, killed)
    assert await run_child(undisturbed, "") == (0, played.online)
    kills, told = 0, list[int]()
    while kills < RUNS_MAX:
        # A step that is killed before its commit is taken again by the next run: such a run must go one step further.
        nth = every if point == "engine.committed" else kills + 1
        status, devices = await run_child(killed, f"{point}:{nth}")
        told += devices
        if status == 0:
            break
        assert status == -signal.SIGKILL
        kills += 1
    assert 2 <= kills < RUNS_MAX
    assert await played.outcome(killed) == await played.outcome(undisturbed)
    assert len(told) == len(set(told)), "a device was told twice although its claim was durable"
    statuses, tasks, firmware_status = await played.outcome(killed)
    assert statuses == [JobStatus.COMPLETED, JobStatus.IN_PROGRESS, JobStatus.CANCELED]
    assert [task.device_id for task in tasks[1] if task.status is NOTIFIED] == played.online
    assert {task.status for task in tasks[2]} == {CANCELED}
    assert firmware_status == FirmwareStatus.VERIFIED


@pytest.mark.parametrize(("point", "is_repeated"), [("engine.stepped", False), ("orders.told", True)])
async def test_F05_F06_killed_around_orders(
    scene: tuple[Scene, Path], tmp_path: Path, point: str, is_repeated: bool
) -> None:
    """Killed before a claim is durable, or between telling and forgetting: nobody is forgotten, and only what was told
    and not yet forgotten is told again.
    """
    played, source = scene
    killed = tmp_path / "killed"
    shutil.copytree(source, killed)
    kills, told = 0, list[int]()
    while kills < RUNS_MAX:
        # Orders that were told are told again: only a run that passes the point oftener than the last gets further.
        status, devices = await run_child(killed, f"{point}:{kills + 1}", "--orders")
        told += devices
        if status == 0:
            break
        assert status == -signal.SIGKILL
        kills += 1
    assert 1 <= kills < RUNS_MAX
    assert sorted(set(told)) == played.online
    assert (len(told) > len(set(told))) is is_repeated
