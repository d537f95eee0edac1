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
    """A module runs another version; `before` is None when none had been reported. The task succeeded by it."""

    at_ms: int
    module_name: str
    before: str | None
    after: str
    task_id: int | None = None
    job_id: int | None = None


class TaskChange(NamedTuple):
    """An attempt of a task ended, or waits to begin. `told_ms`, `begun_ms`: of the attempt that was."""

    at_ms: int
    task_id: int
    job_id: int
    module_name: str
    attempt: int
    status: TaskStatus
    told_ms: int | None
    begun_ms: int | None
    progress: int
    words: str


class TaskStanding(NamedTuple):
    """One of the device's tasks as it is now."""

    task: Task
    module_name: str
    need_confirm: bool
    created_ms: int
    dest_version: str


class DeviceEvent(NamedTuple):
    """One line of the story. Of a kind only its own fields say something; a version change may have its task.

    `before` and `after` are what a version change did, and what a task is to do, while the task is known.
    """

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
    events = [event for stay in kept.stays for event in _of_stay(stay)]
    of_tasks: dict[tuple[int, int, TaskStatus], DeviceEvent] = {}
    aims = {standing.task.id: (standing.task.src_version, standing.dest_version) for standing in kept.tasks}
    for event in _of_tasks(kept):
        assert event.task_id is not None, "they are events of tasks"
        assert event.attempt is not None, "they are events of attempts"
        assert event.status is not None, "they are events of statuses"
        before, after = aims.get(event.task_id, (None, None))
        of_tasks.setdefault(
            (event.task_id, event.attempt, event.status), event._replace(before=before or None, after=after)
        )
    events += [_of_version(change) for change in kept.changes if isinstance(change, VersionChange)]
    return sorted([*events, *of_tasks.values()], key=lambda event: event.at_ms)[::-1]


def is_kept(old: Task, new: Task) -> bool:
    """Whether the change is one that is written down; that a device was told and has begun stands in its task."""
    is_on_its_way = new.status in (TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS)
    return (old.status, old.attempt) != (new.status, new.attempt) and not is_on_its_way


def _of_stay(stay: Stay) -> Iterable[DeviceEvent]:
    yield DeviceEvent(stay.since_ms, EventKind.ONLINE)
    if stay.until_ms is not None:
        yield DeviceEvent(stay.until_ms, EventKind.OFFLINE, connections=stay.connections)


def _of_version(change: VersionChange) -> DeviceEvent:
    return DeviceEvent(
        change.at_ms,
        EventKind.VERSION,
        module_name=change.module_name,
        before=change.before,
        after=change.after,
        task_id=change.task_id,
        job_id=change.job_id,
    )


def _of_tasks(kept: Kept) -> Iterable[DeviceEvent]:
    """What is written down comes first: what stands in the task says some of it again, and less exactly."""
    for change in kept.changes:
        if isinstance(change, TaskChange):
            yield from _of_change(change)
    for standing in kept.tasks:
        yield from _of_standing(standing)


def _of_change(change: TaskChange) -> Iterable[DeviceEvent]:
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
    begins_anew = change.status is TaskStatus.QUEUED and change.attempt > 1
    was = event._replace(attempt=change.attempt - 1) if begins_anew else event
    yield from _on_its_way(was, change.told_ms, change.begun_ms)
    yield event


def _of_standing(standing: TaskStanding) -> Iterable[DeviceEvent]:
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
    first = TaskStatus.CONFIRM if standing.need_confirm else TaskStatus.QUEUED
    is_born_so = task.attempt == 1 and standing.created_ms == task.heard_ms and task.told_ms is None
    if not is_born_so:
        yield now._replace(at_ms=standing.created_ms, attempt=1, status=first, progress=0, words="")
    yield from _on_its_way(now, task.told_ms, task.begun_ms)
    yield now


def _on_its_way(event: DeviceEvent, told_ms: int | None, begun_ms: int | None) -> Iterable[DeviceEvent]:
    for at_ms, status in ((told_ms, TaskStatus.NOTIFIED), (begun_ms, TaskStatus.IN_PROGRESS)):
        if at_ms is not None:
            yield event._replace(at_ms=at_ms, status=status, progress=0, words="")
