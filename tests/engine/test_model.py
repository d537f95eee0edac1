"""Jobs, reports, connects, cancels and confirmations in any order, against a model in plain Python."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.engine.world import (
    LINKS,
    NOW_MS,
    Place,
    RecordingChannel,
    SteeredClock,
    add_devices,
    add_job,
    add_place,
    cancel,
    count_errors,
    open_store,
    read_job,
    tasks_of,
)
from tests.reports.mouth import Device
from whimbrel.adapters.store.consistency import ConsistencyCheck
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import Job, JobStatus
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.reports.declaration import Outcome

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
VERSIONS = ("1.0.0", "1.5.0", "2.0.0")
DEVICES_MAX = 5
JOBS_MAX = 4
MINUTE_MS = 60_000

versions = st.sampled_from(VERSIONS)
some = st.integers(0, 1_000)


class ModelTask:
    """What a task should be."""

    def __init__(self, job: ModelJob, device: ModelDevice, status: TaskStatus) -> None:
        self.job = job
        self.device = device
        self.status = status
        self.src_version = device.version
        self.due_ms: int | None = None

    @property
    def is_deliverable(self) -> bool:
        if self.status not in (QUEUED, NOTIFIED, IN_PROGRESS):
            return False
        return self.status is IN_PROGRESS or self.job.required in ("", self.device.version)

    def end(self, status: TaskStatus) -> None:
        self.status, self.due_ms = status, None


class ModelJob:
    """What a job should be; `tasks` by device id."""

    def __init__(self, row: Job) -> None:
        self.row = row
        self.dest, self.required = row.dest_version, row.required_version
        self.tasks: dict[int, ModelTask] = {}

    @property
    def status(self) -> JobStatus:
        statuses = {task.status for task in self.tasks.values()}
        if any(status.is_open for status in statuses):
            return JobStatus.IN_PROGRESS
        return JobStatus.CANCELED if statuses == {CANCELED} else JobStatus.COMPLETED


class ModelDevice:
    """What the server should know of a device."""

    def __init__(self, device_id: int) -> None:
        self.id = device_id
        self.version = ""
        self.is_online = False
        self.session_id = 0
        self.task: ModelTask | None = None

    @property
    def open_task(self) -> ModelTask | None:
        return self.task if self.task is not None and self.task.status.is_open else None


class Fleet(RuleBasedStateMachine):
    """Each rule does something to the server and to the model, lets the engine settle, and compares all."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.store = self.runner.run(self.open())
        self.place: Place = self.runner.run(add_place(self.store))
        self.clock, self.channel = SteeredClock(), RecordingChannel()
        self.engine = Engine(self.store, self.channel, InProcessWakeup(), self.clock, LINKS)
        self.devices: list[ModelDevice] = []
        self.jobs: list[ModelJob] = []
        self.told: list[int] = []
        self.must_tell: list[int] = []

    async def open(self) -> Any:
        return open_store(Path(self.folder.name))

    def teardown(self) -> None:
        check = ConsistencyCheck(Path(self.folder.name) / "whimbrel.db")
        broken = [finding for finding in check.findings() if not finding.holds]
        check.close()
        self.runner.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()
        assert broken == []

    # ---- both sides ----

    def speak(self, device: ModelDevice) -> Device:
        self.clock.pass_ms(1)  # no two reports come in the same millisecond
        mouth = Device(self.store, device.id)
        mouth.now_ms = self.clock.ms
        return mouth

    def hear(self, outcome: Outcome) -> None:
        self.told += [notice.device_id for notice in outcome.notices]
        if outcome.pull is not None and outcome.pull.notice is not None:
            self.told.append(outcome.pull.notice.device_id)

    def settle(self) -> None:
        """The engine on the server's side; on the model's: time runs out, queued tasks of online devices leave."""
        self.runner.run(self.engine.settle())
        for task in [task for job in self.jobs for task in job.tasks.values()]:
            if task.due_ms is not None and task.due_ms <= self.clock.ms:
                task.end(FAILED)
        for job in self.jobs:
            for device_id in sorted(job.tasks):
                task = job.tasks[device_id]
                if task.status is QUEUED and task.device.is_online and task.job.row.need_push and task.is_deliverable:
                    task.status = NOTIFIED
                    self.must_tell.append(device_id)

    def push(self, device: ModelDevice, *, again: bool) -> None:
        task = device.open_task
        if task is not None and task.is_deliverable and task.job.row.need_push and (again or task.status is QUEUED):
            self.must_tell.append(device.id)
            task.status = NOTIFIED if task.status is QUEUED else task.status

    # ---- what may happen ----

    @precondition(lambda self: len(self.devices) < DEVICES_MAX)
    @rule()
    def register(self) -> None:
        prefix = f"dev{len(self.devices)}"
        [device_id] = self.runner.run(add_devices(self.store, self.place, 1, prefix=prefix))
        self.devices.append(ModelDevice(device_id))

    @precondition(lambda self: len(self.jobs) < JOBS_MAX)
    @rule(
        dest=versions,
        required=st.sampled_from(["", "", "1.0.0"]),
        need_push=st.booleans(),
        need_confirm=st.booleans(),
        timeout_minutes=st.sampled_from([None, 3]),
    )
    def create_job(self, dest: str, required: str, **changes: Any) -> None:
        row = self.runner.run(add_job(self.store, self.place, dest_version=dest, required_version=required, **changes))
        job = ModelJob(row)
        for device in self.devices:
            if device.version == dest or (required and device.version != required):
                continue
            status = FAILED if device.open_task else CONFIRM if changes["need_confirm"] else QUEUED
            job.tasks[device.id] = ModelTask(job, device, status)
            if status is not FAILED:
                device.task = job.tasks[device.id]
        self.jobs.append(job)
        self.settle()

    @precondition(lambda self: self.devices)
    @rule(which=some)
    def connect(self, which: int) -> None:
        device = self.devices[which % len(self.devices)]
        device.session_id += 1
        self.hear(self.runner.run(self.speak(device).connect(device.session_id)))
        device.is_online = True
        self.push(device, again=True)
        self.settle()

    @precondition(lambda self: self.devices)
    @rule(which=some, is_late=st.booleans())
    def disconnect(self, which: int, is_late: bool) -> None:
        device = self.devices[which % len(self.devices)]
        self.hear(self.runner.run(self.speak(device).disconnect(device.session_id - is_late)))
        device.is_online = device.is_online and is_late
        self.settle()

    @precondition(lambda self: self.devices)
    @rule(which=some, version=versions)
    def report_version(self, which: int, version: str) -> None:
        device = self.devices[which % len(self.devices)]
        self.hear(self.runner.run(self.speak(device).version(version)))
        device.version, task = version, device.open_task
        if task is not None and version == task.job.dest:
            task.end(SUCCEEDED)
        elif task is not None and task.status is IN_PROGRESS and task.src_version not in ("", version):
            task.end(FAILED)
        self.push(device, again=False)
        self.settle()

    @precondition(lambda self: self.devices)
    @rule(which=some, step=st.sampled_from([0, 50, 100, -1, -4]))
    def report_progress(self, which: int, step: int) -> None:
        device = self.devices[which % len(self.devices)]
        self.hear(self.runner.run(self.speak(device).progress(str(step))))
        task = device.open_task
        if task is not None and task.status is not CONFIRM:
            if step < 0:
                task.end(FAILED)
            elif task.status is not IN_PROGRESS:
                minutes = task.job.row.timeout_minutes
                task.due_ms = None if minutes is None else self.clock.ms + minutes * MINUTE_MS
                task.status = IN_PROGRESS
        self.settle()

    @precondition(lambda self: self.devices)
    @rule(which=some)
    def pull(self, which: int) -> None:
        device = self.devices[which % len(self.devices)]
        self.hear(self.runner.run(self.speak(device).pull()))
        task = device.open_task
        if task is not None and task.is_deliverable:
            self.must_tell.append(device.id)
            task.status = NOTIFIED if task.status is QUEUED else task.status
        self.settle()

    @precondition(lambda self: self.jobs)
    @rule(which=some, statuses=st.sets(st.sampled_from([CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS]), min_size=1))
    def cancel_tasks(self, which: int, statuses: set[TaskStatus]) -> None:
        job = self.jobs[which % len(self.jobs)]
        if job.status is not JobStatus.IN_PROGRESS:
            return
        self.runner.run(cancel(self.store, job.row, *statuses))
        for task in job.tasks.values():
            if task.status in statuses:
                task.end(CANCELED)
        self.settle()

    @precondition(lambda self: self.jobs)
    @rule(which=some)
    def confirm(self, which: int) -> None:
        job = self.jobs[which % len(self.jobs)]
        waiting = [device_id for device_id, task in job.tasks.items() if task.status is CONFIRM]
        self.runner.run(self.confirm_tasks(job.row, waiting))
        for device_id in waiting:
            job.tasks[device_id].status = QUEUED
        self.settle()

    async def confirm_tasks(self, row: Job, device_ids: list[int]) -> None:
        rows = await tasks_of(self.store, row)
        async with self.store.transaction() as store:
            for device_id in device_ids:
                task = rows[device_id]
                assert await store.tasks.change(task, task._replace(status=QUEUED), self.clock.ms)
                await store.fleet.look_again_after(row.id, task.id - 1)

    @rule(minutes=st.sampled_from([1, 2, 3, 4]))
    def wait(self, minutes: int) -> None:
        self.clock.pass_ms(minutes * MINUTE_MS)
        self.settle()

    @rule()
    def restart(self) -> None:
        """The server comes back: nobody is connected, nothing is forgotten."""
        self.runner.run(self.store.close())
        self.store = self.runner.run(self.open())
        self.runner.run(self.clear_node())
        self.engine = Engine(self.store, self.channel, InProcessWakeup(), self.clock, LINKS)
        for device in self.devices:
            device.is_online = False
        self.settle()

    async def clear_node(self) -> None:
        async with self.store.transaction() as store:
            await store.presences.clear_node("main")

    # ---- what must hold ----

    @invariant()
    def agrees_with_the_model(self) -> None:
        """Every task and job is as the model says, counted right, and exactly the right devices were told."""
        for job in self.jobs:
            rows = self.runner.run(tasks_of(self.store, job.row))
            found = {device_id: (task.status, task.due_ms, task.src_version) for device_id, task in rows.items()}
            assert found == {d: (task.status, task.due_ms, task.src_version) for d, task in job.tasks.items()}
            assert self.runner.run(read_job(self.store, job.row)).status is job.status
        assert self.runner.run(count_errors(self.store, [job.row for job in self.jobs])) == []
        told = self.told + [notice.device_id for notice in self.channel.sent]
        assert sorted(told) == sorted(self.must_tell)
        assert self.clock.ms >= NOW_MS


Fleet.TestCase.settings = settings(
    max_examples=80, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


class TestModel(Fleet.TestCase):
    """A device follows one job at a time, and is told and judged as api-contract 6 and 7 say (I2-I4, I7-I9)."""
