"""The server in plain Python, for `test_model.py`: devices, jobs, tasks, and what an engine that settles does."""

from __future__ import annotations

from collections.abc import Callable

from whimbrel.domain.job import MATCHES_MAX, Job, JobStatus
from whimbrel.domain.task import MINUTE_MS, OVERWRITABLE, TaskStatus
from whimbrel.engine.pace_window import WINDOW_SECONDS

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus


class ModelTask:
    """What a task should be."""

    def __init__(self, job: ModelJob, device: ModelDevice, status: TaskStatus) -> None:
        self.job = job
        self.device = device
        self.status = status
        self.src_version = device.version
        self.due_ms: int | None = None
        self.attempt, self.retries = 1, 0

    @property
    def is_deliverable(self) -> bool:
        if self.status is QUEUED and self.due_ms is not None:
            return False
        if self.status not in (QUEUED, NOTIFIED, IN_PROGRESS):
            return False
        return self.status is IN_PROGRESS or self.job.row.required_version in ("", self.device.version)

    @property
    def is_ready(self) -> bool:
        """Whether an engine would tell the device now."""
        return self.status is QUEUED and self.job.row.need_push and self.device.is_online and self.is_deliverable

    def end(self, status: TaskStatus) -> None:
        self.status, self.due_ms = status, None

    def fail(self, now_ms: int) -> None:
        """The device reported it."""
        self.end(FAILED)
        minutes, count = self.job.row.retry_minutes, self.job.row.retry_count
        if minutes is not None and count is not None and self.retries < count and not self.job.has_schedule_ended:
            self.status, self.attempt, self.retries = QUEUED, self.attempt + 1, self.retries + 1
            self.due_ms = now_ms + minutes * MINUTE_MS if minutes else None


class ModelDevice:
    """What the server should know of a device."""

    def __init__(self, device_id: int) -> None:
        self.id = device_id
        self.version = ""
        self.is_online = False
        self.session_id = 0
        self.tasks: list[ModelTask] = []

    @property
    def open_task(self) -> ModelTask | None:
        return next((task for task in self.tasks if task.status.is_open), None)


class ModelJob:
    """What a job should be."""

    def __init__(self, row: Job) -> None:
        self.row = row
        self.tasks: list[ModelTask] = []
        self.is_planned = row.status is JobStatus.PLANNED
        self.is_filled = row.is_filled
        self.is_withdrawn = self.has_schedule_ended = self.has_strategy_ended = self.is_cancelling = False
        self.told_s: list[float] = []

    @property
    def status(self) -> JobStatus:
        if self.is_withdrawn:
            return JobStatus.CANCELED
        if self.is_planned:
            return JobStatus.PLANNED
        statuses = {task.status for task in self.tasks}
        if not self.is_filled or any(status.is_open for status in statuses):
            return JobStatus.IN_PROGRESS
        if self.row.is_dynamic:
            return JobStatus.CANCELED if self.has_strategy_ended else JobStatus.IN_PROGRESS
        is_cancelled = statuses == {CANCELED} and not self.has_schedule_ended
        return JobStatus.CANCELED if is_cancelled else JobStatus.COMPLETED

    @property
    def room(self) -> int | None:
        pace = self.row.maximum_per_minute
        return None if pace is None else max(0, pace - len(self.told_s))

    def ready(self) -> list[ModelTask]:
        return [] if self.is_cancelling else [task for task in self.tasks if task.is_ready]

    def takes(self, device: ModelDevice) -> bool:
        sources = self.row.source_versions
        return device.version != self.row.dest_version and (not sources or device.version in sources)

    def give(self, device: ModelDevice) -> None:
        """A task for the device, by the rule of births (api-contract 7.3)."""
        held = device.open_task
        if held is not None and self.row.overwrites and held.status in OVERWRITABLE and not self.is_cancelling:
            held.end(CANCELED)
            held = None
        status = CONFIRM if self.row.need_confirm else QUEUED
        if self.is_cancelling:
            status = CANCELED
        task = ModelTask(self, device, FAILED if held else status)
        self.tasks.append(task)
        device.tasks.append(task)


#: Of the ready tasks of a job, those that were told, when there was room for so many.
Choose = Callable[[ModelJob, list[ModelTask], int], list[ModelTask]]


class Model:
    """`must_tell` collects the devices that must have been told, once for each notice."""

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self.devices: list[ModelDevice] = []
        self.jobs: list[ModelJob] = []
        self.must_tell: list[int] = []

    def settle(self, now_ms: int, now_s: float) -> None:
        """What the engine does, in its order: time, then the jobs by turns, then the windows of their paces."""
        for task in [task for job in self.jobs for task in job.tasks]:
            if task.due_ms is not None and task.due_ms <= now_ms:
                task.due_ms = None
                task.status = FAILED if task.status is IN_PROGRESS else task.status
        for job in self.jobs:
            if job.is_planned and not job.is_withdrawn and (job.row.schedule_ms or 0) <= now_ms:
                job.is_planned = False
        while self._look(now_ms, now_s) or self._forget(now_s):
            pass

    def _look(self, now_ms: int, now_s: float) -> bool:
        """One turn for each job that needed one when the look began."""
        needed = [(job, self._need(job, now_ms)) for job in self.jobs]
        for job, need in needed:
            if need == "end schedule":
                job.has_schedule_ended = job.is_cancelling = True
            elif need == "cancel":
                self._cancel(job)
            elif need:
                self._fill(job)
                self._notify(job, now_s)
        return any(need for _, need in needed)

    def _need(self, job: ModelJob, now_ms: int) -> str:
        if job.status is not JobStatus.IN_PROGRESS and not job.is_cancelling:
            return ""
        finish_ms = job.row.schedule_finish_ms
        if finish_ms is not None and finish_ms <= now_ms and not job.has_schedule_ended:
            return "end schedule"
        if job.is_cancelling:
            return "cancel"
        return "go on" if not job.is_filled or (job.ready() and job.room != 0) else ""

    def _cancel(self, job: ModelJob) -> None:
        for task in job.tasks:
            if task.status in OVERWRITABLE:
                task.end(CANCELED)
        was_filled = job.is_filled
        self._fill(job)
        job.is_cancelling = not was_filled

    def _fill(self, job: ModelJob) -> None:
        if job.is_filled:
            return
        job.is_filled = True
        have = {task.device for task in job.tasks}
        for device in self.devices:
            if job.takes(device) and device not in have:
                job.give(device)

    def _notify(self, job: ModelJob, now_s: float) -> None:
        ready, room = job.ready(), job.room
        if room is not None:
            ready = self._choose(job, ready, min(room, len(ready)))
            job.told_s += [now_s] * len(ready)
        for task in ready:
            task.status = NOTIFIED
            self.must_tell.append(task.device.id)

    def _forget(self, now_s: float) -> bool:
        forgot = False
        for job in self.jobs:
            young = [told_s for told_s in job.told_s if now_s - told_s < WINDOW_SECONDS]
            forgot |= len(young) < len(job.told_s)
            job.told_s = young
        return forgot

    def push(self, device: ModelDevice, *, again: bool) -> None:
        """At a connect or a report; what counts for a pace is left to the engine."""
        task = device.open_task
        if task is None or not task.is_deliverable or not task.job.row.need_push:
            return
        if task.status is QUEUED and task.job.room is not None:
            return
        if again or task.status is QUEUED:
            self.must_tell.append(device.id)
            task.status = NOTIFIED if task.status is QUEUED else task.status

    def follow(self, device: ModelDevice) -> None:
        """The newest dynamic job for the version that the device reports."""
        running = [job for job in self.jobs if job.row.is_dynamic and not job.has_strategy_ended and job.takes(device)]
        if not running:
            return
        job, held = running[-1], device.open_task
        matches = [task for task in job.tasks if task.device is device]
        if any(task.status.is_open for task in matches) or len(matches) >= MATCHES_MAX:
            return
        is_held = held is not None and not (job.row.overwrites and held.status in OVERWRITABLE)
        if not (matches and is_held):
            job.give(device)

    def restart(self, now_s: float) -> None:
        """The engine has forgotten when it told whom."""
        for device in self.devices:
            device.is_online = False
        for job in self.jobs:
            job.told_s = [now_s] * len(job.told_s)
