"""Jobs of every kind, reports, connects, cancels and confirmations in any order, against a model in plain Python."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.engine.model import Model, ModelDevice, ModelJob, ModelTask
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
    rows_of,
)
from tests.reports.mouth import Device
from whimbrel.adapters.store.consistency import ConsistencyCheck
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import DynamicMode, Job, JobStatus, OverwriteMode, SelectionType
from whimbrel.domain.task import TaskStatus
from whimbrel.engine.execute import Engine
from whimbrel.reports.declaration import Outcome

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
VERSIONS = ("1.0.0", "1.5.0", "2.0.0")
DEVICES_MAX = 5
JOBS_MAX = 5
MINUTE_MS = 60_000

versions = st.sampled_from(VERSIONS)
some = st.integers(0, 1_000)
deliveries = st.fixed_dictionaries(
    {
        "need_push": st.booleans(),
        "need_confirm": st.sampled_from([False, False, True]),
        "timeout_minutes": st.sampled_from([None, 3]),
        "overwrite_mode": st.sampled_from([int(OverwriteMode.KEEP), int(OverwriteMode.OVERWRITE)]),
        "maximum_per_minute": st.sampled_from([None, None, 1, 2]),
    }
)
retries = st.sampled_from([(None, None), (0, 1), (2, 2)])
schedules = st.sampled_from([(None, None), (None, None), (2, None), (2, 4), (None, 3)])


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
        self.model = Model(self.choose)
        self.settled_from = 0
        self.told: list[int] = []

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
        self.settled_from = len(self.channel.sent)
        self.runner.run(self.engine.settle())
        self.model.settle(self.clock.ms, self.clock.s)

    def choose(self, job: ModelJob, ready: list[ModelTask], room: int) -> list[ModelTask]:
        """Whom the engine told is its choice, how many is not (I5)."""
        rows = self.runner.run(rows_of(self.store, job.row))
        sent = {notice.task_id for notice in self.channel.sent[self.settled_from :]}
        told = {row.task.device_id for row in rows if row.task.id in sent}
        chosen = [task for task in ready if task.device.id in told]
        assert len(chosen) == room
        return chosen

    def any_device(self, which: int) -> ModelDevice:
        return self.model.devices[which % len(self.model.devices)]

    def any_job(self, which: int) -> ModelJob:
        return self.model.jobs[which % len(self.model.jobs)]

    def in_minutes(self, minutes: int | None) -> int | None:
        return None if minutes is None else self.clock.ms + minutes * MINUTE_MS

    def add(self, delivery: dict[str, Any], retry: tuple[int | None, int | None], **changes: Any) -> ModelJob:
        changes |= {**delivery, "retry_minutes": retry[0], "retry_count": retry[1]}
        changes |= {"created_ms": self.clock.ms, "firmware_id": len(self.model.jobs) + 1}
        self.model.jobs.append(ModelJob(self.runner.run(add_job(self.store, self.place, **changes))))
        return self.model.jobs[-1]

    # ---- what may happen ----

    @initialize(online=st.integers(0, 3))
    def begin(self, online: int) -> None:
        """A few devices from the start, some of them online: else most runs are about next to nothing."""
        for _ in range(3):
            self.register()
        for number in range(online):
            self.connect(number)

    @precondition(lambda self: len(self.model.devices) < DEVICES_MAX)
    @rule()
    def register(self) -> None:
        prefix = f"dev{len(self.model.devices)}"
        [device_id] = self.runner.run(add_devices(self.store, self.place, 1, prefix=prefix))
        self.model.devices.append(ModelDevice(device_id))

    @precondition(lambda self: len(self.model.jobs) < JOBS_MAX)
    @rule(
        dest=versions,
        required=st.sampled_from(["", "", "1.0.0"]),
        delivery=deliveries,
        retry=retries,
        schedule=schedules,
    )
    def create_job(self, dest: str, required: str, schedule: tuple[int | None, int | None], **how: Any) -> None:
        begin_ms, finish_ms = map(self.in_minutes, schedule)
        self.add(
            **how,
            dest_version=dest,
            required_version=required,
            schedule_ms=begin_ms,
            schedule_finish_ms=finish_ms,
        )
        self.settle()

    @precondition(lambda self: len(self.model.jobs) < JOBS_MAX)
    @rule(
        dest=versions,
        sources=st.sets(versions, min_size=1),
        takes_now=st.booleans(),
        delivery=deliveries,
        retry=retries,
    )
    def create_dynamic_job(self, dest: str, sources: set[str], takes_now: bool, **how: Any) -> None:
        sources = sources - {dest} or {next(version for version in VERSIONS if version != dest)}
        job = self.add(
            **how,
            dest_version=dest,
            src_versions=tuple(sorted(sources)),
            selection_type=SelectionType.DYNAMIC,
            dynamic_mode=DynamicMode.NOW_AND_LATER if takes_now else DynamicMode.LATER,
            is_filled=not takes_now,
        )
        self.runner.run(self.follow(job.row))
        self.settle()

    async def follow(self, row: Job) -> None:
        async with self.store.transaction() as store:
            await store.strategies.add(row)

    @precondition(lambda self: self.model.devices)
    @rule(which=some)
    def connect(self, which: int) -> None:
        device = self.any_device(which)
        device.session_id += 1
        self.hear(self.runner.run(self.speak(device).connect(device.session_id)))
        device.is_online = True
        self.model.push(device, again=True)
        self.settle()

    @precondition(lambda self: self.model.devices)
    @rule(which=some, is_late=st.booleans())
    def disconnect(self, which: int, is_late: bool) -> None:
        device = self.any_device(which)
        self.hear(self.runner.run(self.speak(device).disconnect(device.session_id - is_late)))
        device.is_online = device.is_online and is_late
        self.settle()

    @precondition(lambda self: self.model.devices)
    @rule(which=some, version=versions)
    def report_version(self, which: int, version: str) -> None:
        device = self.any_device(which)
        self.hear(self.runner.run(self.speak(device).version(version)))
        device.version, task = version, device.open_task
        if task is not None and version == task.job.row.dest_version:
            task.end(SUCCEEDED)
        elif task is not None and task.status is IN_PROGRESS and task.src_version not in ("", version):
            task.fail(self.clock.ms)
        self.model.follow(device)
        self.model.push(device, again=False)
        self.settle()

    @precondition(lambda self: self.model.devices)
    @rule(which=some, step=st.sampled_from([0, 50, 100, -1, -4]))
    def report_progress(self, which: int, step: int) -> None:
        device = self.any_device(which)
        self.hear(self.runner.run(self.speak(device).progress(str(step))))
        task = device.open_task
        if task is not None and task.status is not CONFIRM and not (task.status is QUEUED and task.attempt > 1):
            if step < 0:
                task.fail(self.clock.ms)
            elif task.status is not IN_PROGRESS:
                minutes = task.job.row.timeout_minutes
                task.due_ms = None if minutes is None else self.clock.ms + minutes * MINUTE_MS
                task.status = IN_PROGRESS
        self.settle()

    @precondition(lambda self: self.model.devices)
    @rule(which=some)
    def pull(self, which: int) -> None:
        device = self.any_device(which)
        self.hear(self.runner.run(self.speak(device).pull()))
        task = device.open_task
        if task is not None and task.is_deliverable:
            self.model.must_tell.append(device.id)
            task.status = NOTIFIED if task.status is QUEUED else task.status
        self.settle()

    @precondition(lambda self: self.model.jobs)
    @rule(which=some, statuses=st.sets(st.sampled_from([CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS]), min_size=1))
    def cancel_tasks(self, which: int, statuses: set[TaskStatus]) -> None:
        job = self.any_job(which)
        if job.status is not JobStatus.IN_PROGRESS:
            return
        self.runner.run(cancel(self.store, job.row, *statuses))
        for task in job.tasks:
            if task.status in statuses:
                task.end(CANCELED)
        self.settle()

    @precondition(lambda self: self.model.jobs)
    @rule(which=some)
    def withdraw(self, which: int) -> None:
        """A planned job is cancelled, a dynamic one follows nothing any more."""
        job = self.any_job(which)
        ended = self.runner.run(self.end(job.row))
        assert ended == (job.status is JobStatus.PLANNED, job.row.is_dynamic and not job.has_strategy_ended)
        job.is_withdrawn |= ended[0]
        job.has_strategy_ended |= ended[1]
        self.settle()

    async def end(self, row: Job) -> tuple[bool, bool]:
        async with self.store.transaction() as store:
            was_planned = await store.job_moves.cancel_planned(row.id, self.clock.ms)
            return was_planned, await store.job_moves.end_strategy(row.id, self.clock.ms)

    @precondition(lambda self: self.model.jobs)
    @rule(which=some)
    def confirm(self, which: int) -> None:
        job = self.any_job(which)
        self.runner.run(self.confirm_tasks(job.row))
        for task in job.tasks:
            task.status = QUEUED if task.status is CONFIRM else task.status
        self.settle()

    async def confirm_tasks(self, row: Job) -> None:
        tasks = [found.task for found in await rows_of(self.store, row) if found.task.status is CONFIRM]
        async with self.store.transaction() as store:
            for task in tasks:
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
        self.model.restart(self.clock.s)
        self.settle()

    async def clear_node(self) -> None:
        async with self.store.transaction() as store:
            await store.presences.clear_node("main", self.clock.ms)

    # ---- what must hold ----

    @invariant()
    def agrees_with_the_model(self) -> None:
        """Every task and job is as the model says, counted right, and exactly the right devices were told."""
        for job in self.model.jobs:
            rows = [row.task for row in self.runner.run(rows_of(self.store, job.row))]
            found = [(t.device_id, t.status, t.due_ms, t.src_version, t.attempt, t.retries) for t in rows]
            assert found == [(t.device.id, t.status, t.due_ms, t.src_version, t.attempt, t.retries) for t in job.tasks]
            assert self.runner.run(read_job(self.store, job.row)).status is job.status
        assert self.runner.run(count_errors(self.store, [job.row for job in self.model.jobs])) == []
        told = self.told + [notice.device_id for notice in self.channel.sent]
        assert sorted(told) == sorted(self.model.must_tell)
        assert self.clock.ms >= NOW_MS


Fleet.TestCase.settings = settings(
    max_examples=80, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


class TestModel(Fleet.TestCase):
    """A device follows one job at a time, and is told, tried again and judged as api-contract 6 and 7 say (I2-I9)."""
