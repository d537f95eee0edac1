"""What happened to a device, put together from what is kept of it (ADR 0058).

Kept are its last stays online, its last changes of versions and tasks, and the tasks themselves. What can be read off
those is not written down again: when a task was made and told, what a large cancel made of it, and that a device is
online now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.task import Task, TaskStatus, shown_description

EVENTS_MAX = 50  # kept of a device, versions and tasks together; the oldest gives its place to the newest (I17)
STAYS_MAX = 10  # kept of a device, apart from those, so that one that flaps loses nothing else (I17)
FLAP_MS = 60_000  # who is back within this time has not left: its stay goes on
EVENT_WORDS_LENGTH_MAX = 200


class EventKind(StrEnum):
    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    VERSION = "VERSION"
    TASK = "TASK"


class Stay(NamedTuple):
    """A time online; `until_ms` None while it lasts. `connections`: how often the device came within it."""

    since_ms: int
    until_ms: int | None
    connections: int = 1


class VersionChange(NamedTuple):
    """A module runs another version; `before` is None when nothing had been reported of it."""

    at_ms: int
    module_name: str
    before: str | None
    after: str


class TaskChange(NamedTuple):
    """A task moved. `was_ms`: since when it was in `was_status`, as far as the store knows."""

    at_ms: int
    task_id: int
    job_id: int
    module_name: str
    attempt: int
    status: TaskStatus
    was_status: TaskStatus
    was_ms: int
    progress: int
    words: str


class TaskStanding(NamedTuple):
    """One of the device's tasks as it is now."""

    task: Task
    module_name: str
    need_confirm: bool
    created_ms: int


class DeviceEvent(NamedTuple):
    """One line of the story. Of a kind only its own fields say something; a version change may have its task."""

    at_ms: int
    kind: EventKind
    connections: int | None = None
    module_name: str | None = None
    before: str | None = None
    after: str | None = None
    task_id: int | None = None
    job_id: int | None = None
    attempt: int | None = None
    status: TaskStatus | None = None
    progress: int | None = None
    words: str = ""


class Kept(NamedTuple):
    """What is kept of a device; changes oldest first."""

    stays: Sequence[Stay]
    changes: Sequence[VersionChange | TaskChange]
    tasks: Sequence[TaskStanding]


def story(kept: Kept) -> list[DeviceEvent]:
    """What happened, newest first. Of one moment, what came later comes first."""
    changes = [change for change in kept.changes if isinstance(change, TaskChange)]
    events = [event for stay in kept.stays for event in _of_stay(stay)]
    events += [event for standing in kept.tasks for event in _of_standing(standing, changes)]
    for change in kept.changes:
        events += _of_task(change) if isinstance(change, TaskChange) else [_of_version(change, changes)]
    return sorted(events, key=lambda event: event.at_ms)[::-1]


def is_told(old: Task, new: Task) -> bool:
    """Whether the change is one that a story keeps. That a device was told is read off its task until the next."""
    is_claim = old.status is TaskStatus.QUEUED and new.status is TaskStatus.NOTIFIED
    return (old.status, old.attempt) != (new.status, new.attempt) and not is_claim


def _of_stay(stay: Stay) -> Iterable[DeviceEvent]:
    yield DeviceEvent(stay.since_ms, EventKind.ONLINE)
    if stay.until_ms is not None:
        yield DeviceEvent(stay.until_ms, EventKind.OFFLINE, connections=stay.connections)


def _of_version(change: VersionChange, changes: Iterable[TaskChange]) -> DeviceEvent:
    """By the task that succeeded with the same report."""
    event = DeviceEvent(
        change.at_ms, EventKind.VERSION, module_name=change.module_name, before=change.before, after=change.after
    )
    for task in changes:
        is_same_report = (task.at_ms, task.module_name) == (change.at_ms, change.module_name)
        if is_same_report and task.status is TaskStatus.SUCCEEDED:
            return event._replace(task_id=task.task_id, job_id=task.job_id)
    return event


def _of_task(change: TaskChange) -> Iterable[DeviceEvent]:
    event = DeviceEvent(
        change.at_ms,
        EventKind.TASK,
        module_name=change.module_name,
        task_id=change.task_id,
        job_id=change.job_id,
        attempt=change.attempt,
        status=change.status,
        progress=change.progress,
        words=change.words,
    )
    if change.was_status is TaskStatus.NOTIFIED:
        attempt = change.attempt - 1 if change.status is TaskStatus.QUEUED else change.attempt
        yield event._replace(at_ms=change.was_ms, attempt=attempt, status=TaskStatus.NOTIFIED, progress=0, words="")
    yield event


def _of_standing(standing: TaskStanding, changes: Iterable[TaskChange]) -> Iterable[DeviceEvent]:
    """How the task began, and where it is, unless a change says so."""
    task = standing.task
    now = DeviceEvent(
        task.heard_ms,
        EventKind.TASK,
        module_name=standing.module_name,
        task_id=task.id,
        job_id=task.job_id,
        attempt=task.attempt,
        status=task.status,
        progress=task.progress,
        words=shown_description(task)[:EVENT_WORDS_LENGTH_MAX],
    )
    of_task = [change for change in changes if change.task_id == task.id]
    first = TaskStatus.CONFIRM if standing.need_confirm else TaskStatus.QUEUED
    is_born_so = not of_task and task.attempt == 1 and standing.created_ms == task.heard_ms
    if is_born_so:
        yield now
        return
    yield now._replace(at_ms=standing.created_ms, attempt=1, status=first, progress=0, words="")
    is_first = (task.status, task.attempt) == (first, 1)
    if not is_first and (task.status, task.attempt) not in {(change.status, change.attempt) for change in of_task}:
        yield now
