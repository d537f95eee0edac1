"""Tasks: one device inside one job, and every way its state may move (api-contract 6.5, device-protocol 3, 5, 9).

Pure functions from a task and a report to the changed task, or None where nothing changes. A final state has no way
out but a counted retry (I4); success is the version report alone (I7).
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

MINUTE_MS = 60_000
STEP_MIN, STEP_MAX = -4, 100
DESCRIPTION_LENGTH_MAX = 1024  # ours: a device's words are kept, but not without bound (I17)


class TaskStatus(Enum):
    """The wire's word and the code that rows carry; open states have the codes below `OPEN_BELOW`."""

    CONFIRM = 0
    QUEUED = 1
    NOTIFIED = 2
    IN_PROGRESS = 3
    SUCCEEDED = 4
    FAILED = 5
    CANCELED = 6

    @property
    def is_open(self) -> bool:
        return self.value < OPEN_BELOW


OPEN_BELOW = 4

_ENDS = frozenset({TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELED})

#: From each status, the statuses that may follow. Nothing else decides (api-contract 6.5).
#: FAILED -> QUEUED is a retry or a re-upgrade, CANCELED -> QUEUED a re-upgrade: always a new attempt (see `reopened`).
TRANSITIONS: dict[TaskStatus, frozenset[TaskStatus]] = {
    TaskStatus.CONFIRM: frozenset({TaskStatus.QUEUED, TaskStatus.SUCCEEDED, TaskStatus.CANCELED}),
    TaskStatus.QUEUED: frozenset({TaskStatus.NOTIFIED, TaskStatus.SUCCEEDED, TaskStatus.CANCELED}),
    TaskStatus.NOTIFIED: frozenset({TaskStatus.IN_PROGRESS, *_ENDS}),
    TaskStatus.IN_PROGRESS: _ENDS,
    TaskStatus.SUCCEEDED: frozenset(),
    TaskStatus.FAILED: frozenset({TaskStatus.QUEUED}),
    TaskStatus.CANCELED: frozenset({TaskStatus.QUEUED}),
}

#: What a job that overwrites takes the place of; a device that has begun is left alone (api-contract 7.3).
OVERWRITABLE = (TaskStatus.CONFIRM, TaskStatus.QUEUED, TaskStatus.NOTIFIED)

CANCELLED_WORDS = "cancelled by CancelOTATaskByJob"  # said when a cancelled task has no words: a large job stores none
CANCELLED_BY_DEVICE_WORDS = "cancelled by CancelOTATaskByDevice"

TIMED_OUT_WORDS = "timeout"  # these two begin what is said; the rest are numbers
WRONG_VERSION_WORDS = "report version is not conform"

SCHEDULE_ENDED_WORDS = "cancelled at the ScheduleFinishTime of its job"

STEP_MEANINGS = {
    -1: "the upgrade failed",
    -2: "the download failed",
    -3: "the checksum did not match",
    -4: "burning the firmware failed",
}


class Task(NamedTuple):
    """The moving state of a task. `progress` is percent.

    `due_ms` is when time moves it: a task in progress times out, a queued one that waits for its retry may leave.
    `retries` counts automatic ones, `attempt` those and re-upgrades. `is_confirmed`: somebody released it.
    `match_number`: which of its device's tasks in a dynamic job. `wave`, `era`: where the gate and the pace count it, 0
    for nowhere yet. `is_silent`: no word for longer than the gate allows. `heard_ms`: its last change in the store.
    `told_ms`, `begun_ms`: when its device was told of this attempt, and first spoke of it.
    """

    id: int
    job_id: int
    device_id: int
    status: TaskStatus
    attempt: int
    progress: int
    due_ms: int | None
    src_version: str
    description: str
    retries: int = 0
    is_confirmed: bool = False
    match_number: int = 1
    wave: int = 0
    era: int = 0
    is_silent: bool = False
    heard_ms: int = 0
    told_ms: int | None = None
    begun_ms: int | None = None

    @property
    def is_exposed(self) -> bool:
        """Whether its device was told of it and what came of it is not known (design.md part 4)."""
        return self.era > 0 and self.status in (TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS)

    @property
    def is_unheard(self) -> bool:
        """Whether its device was told of it and keeps silent."""
        return self.is_silent and self.status in (TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS)

    @property
    def is_proof(self) -> bool:
        """Whether it is a success of this job, and not of what the device did by itself."""
        return self.era > 0 and self.status is TaskStatus.SUCCEEDED

    @property
    def is_failing(self) -> bool:
        """Whether its device counts as failed or silent for the gate: until it succeeds, or somebody excuses it."""
        if self.wave == 0:
            return False
        return self.status is TaskStatus.FAILED or (self.status.is_open and (self.retries > 0 or self.is_silent))

    @property
    def is_waiting(self) -> bool:
        """Whether its device has started and neither succeeded nor counts as failing: it may yet do either."""
        return self.wave > 0 and self.status.is_open and not self.is_failing


class UpgradeGoal(NamedTuple):
    """What the task's job wants of the device; `wave` and `era` are the job's. `is_counted`: it tells in its turn."""

    dest_version: str
    timeout_minutes: int | None
    wave: int = 1
    era: int = 1
    is_counted: bool = False


def moved(task: Task, status: TaskStatus, description: str = "") -> Task | None:
    """The task in `status`, or None where the table forbids the move."""
    if status not in TRANSITIONS[task.status]:
        return None
    return task._replace(
        status=status,
        description=description or task.description,
        due_ms=None if status in _ENDS else task.due_ms,
        progress=100 if status is TaskStatus.SUCCEEDED else task.progress,
    )


def shown_description(task: Task) -> str:
    """Why a task failed or was cancelled, as callers read it. One that succeeded in the end gives no reason."""
    if task.status is TaskStatus.SUCCEEDED:
        return ""
    return task.description or (CANCELLED_WORDS if task.status is TaskStatus.CANCELED else "")


def told(task: Task, wave: int, era: int, *, has_started: bool = False) -> Task | None:
    """The queued task once its device is told, in this wave and era of its job; None when it is not queued.

    A device starts once in a job, and anew when somebody starts its task again: retries start in no wave, nor what it
    matches later when it `has_started` with what it matched before.
    """
    notified = moved(task, TaskStatus.NOTIFIED) if task.status is TaskStatus.QUEUED else None
    if notified is None:
        return None
    starts = task.wave == 0 and task.retries == 0 and not has_started
    return notified._replace(era=era, wave=wave if starts else task.wave)


def stamped(old: Task, new: Task, now_ms: int) -> Task:
    """The changed task with the times of its attempt: its device is told, or speaks of it for the first time, now."""
    if new.attempt != old.attempt:
        return new._replace(told_ms=None, begun_ms=None)
    if new.status is old.status or new.status not in (TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS):
        return new
    # A device may begin before the server has recorded that it was told.
    told_ms = now_ms if new.told_ms is None else new.told_ms
    return new._replace(told_ms=told_ms, begun_ms=now_ms if new.status is TaskStatus.IN_PROGRESS else None)


def confirmed(task: Task) -> Task | None:
    """The task once somebody released it, or None when it does not wait for that."""
    released = moved(task, TaskStatus.QUEUED) if task.status is TaskStatus.CONFIRM else None
    return None if released is None else released._replace(is_confirmed=True)


def reopened(task: Task, reported: str | None, *, need_confirm: bool) -> Task | None:
    """The task started again by ReupgradeOTATask, as a new attempt with all its retries (api-contract 11.3).

    None when it has not failed and was not cancelled, or was never confirmed though it needs to be. `reported` is the
    module's version now: the new attempt is judged by it. For the gate its device starts anew, so what is started again
    is watched like everything else (F21).
    """
    queued = moved(task, TaskStatus.QUEUED) if task.status in (TaskStatus.FAILED, TaskStatus.CANCELED) else None
    if queued is None or (need_confirm and not task.is_confirmed):
        return None
    return queued._replace(
        attempt=task.attempt + 1,
        retries=0,
        progress=0,
        due_ms=None,
        src_version=reported or "",
        description="",
        is_silent=False,
        wave=0,
    )


def after_progress(task: Task, step: int, words: str, goal: UpgradeGoal, now_ms: int) -> Task | None:
    """A progress report of -4..100: below 0 is a failure, else the percentage reached (device-protocol 5).

    A device may report before the server has recorded the notification (a pull and a push can cross), so a QUEUED
    task goes through NOTIFIED; not where the job counts whom it tells, which records that first (I6). A task that waits
    for confirmation was never sent: a report for it changes nothing. Who speaks is silent no more.
    """
    if task.status is TaskStatus.QUEUED and task.attempt == 1 and not goal.is_counted:
        task = told(task, goal.wave, goal.era, has_started=task.match_number > 1) or task
    # A queued one of another attempt was not sent yet: what is reported belongs to the attempt before (I13).
    if task.status not in (TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS):
        return None
    task = task._replace(is_silent=False)
    if step < 0:
        meaning = STEP_MEANINGS.get(step, STEP_MEANINGS[-1])
        return moved(task, TaskStatus.FAILED, f"step {step}: {words or meaning}"[:DESCRIPTION_LENGTH_MAX])
    if task.status is TaskStatus.NOTIFIED:
        # The timeout clock starts at the attempt's first progress report and never again (api-contract 7.6).
        due_ms = None if goal.timeout_minutes is None else now_ms + goal.timeout_minutes * MINUTE_MS
        task = task._replace(status=TaskStatus.IN_PROGRESS, due_ms=due_ms)
    return task._replace(progress=step)


def after_version(task: Task, version: str, goal: UpgradeGoal) -> Task | None:
    """A version report for the task's module: success, a wrong version, or nothing (device-protocol 3, I7)."""
    if not task.status.is_open:
        return None
    if version == goal.dest_version:
        return moved(task, TaskStatus.SUCCEEDED)
    # Of a device that had never reported before nobody knows the old version: what it says first may be just that.
    if task.status is TaskStatus.IN_PROGRESS and task.src_version not in ("", version):
        given = f"{WRONG_VERSION_WORDS}, the device reported {version}, wanted {goal.dest_version}"
        return moved(task, TaskStatus.FAILED, given)
    return None


def timed_out(task: Task, timeout_minutes: int) -> Task | None:
    """The task after its time ran out; never retried by itself (api-contract 7.6)."""
    return moved(
        task,
        TaskStatus.FAILED,
        f"{TIMED_OUT_WORDS}, {timeout_minutes} min after the first progress without the version",
    )


def birth_status(*, need_confirm: bool, has_open_task: bool, cancelled: frozenset[TaskStatus]) -> TaskStatus:
    """The first status of a task (api-contract 6.5, 7.3): a device with an open task fails at birth (I3).

    `cancelled` holds the states that a cancel already asked for while the job was still being filled.
    """
    if has_open_task:
        return TaskStatus.FAILED
    status = TaskStatus.CONFIRM if need_confirm else TaskStatus.QUEUED
    return TaskStatus.CANCELED if status in cancelled else status
