"""What happened to a device, put together from what is kept of it (domain/device_story.py, ADR 0058)."""

from __future__ import annotations

import itertools

import pytest

from whimbrel.domain.device_story import (
    DeviceEvent,
    EventKind,
    Kept,
    Stay,
    TaskChange,
    TaskStanding,
    VersionChange,
    is_kept,
    story,
)
from whimbrel.domain.task import Task, TaskStatus

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
MADE_MS, TOLD_MS, BEGUN_MS, ENDED_MS = 100, 200, 300, 400
DONE = [(MADE_MS, 1, QUEUED), (TOLD_MS, 1, NOTIFIED), (BEGUN_MS, 1, IN_PROGRESS)]


def task(
    status: TaskStatus, heard_ms: int, told_ms: int | None = None, begun_ms: int | None = None, attempt: int = 1
) -> Task:
    return Task(9, 5, 1, status, attempt, 0, None, "1.0.0", "", heard_ms=heard_ms, told_ms=told_ms, begun_ms=begun_ms)


def standing(now: Task, *, need_confirm: bool = False) -> TaskStanding:
    return TaskStanding(now, "default", need_confirm, MADE_MS, "2.0.0")


def change(
    at_ms: int, status: TaskStatus, told_ms: int | None = None, begun_ms: int | None = None, attempt: int = 1
) -> TaskChange:
    return TaskChange(at_ms, 9, 5, "default", attempt, status, told_ms, begun_ms, 0, "")


def of_task(events: list[DeviceEvent]) -> list[tuple[int, int | None, TaskStatus | None]]:
    """Oldest first."""
    return [(event.at_ms, event.attempt, event.status) for event in events[::-1] if event.kind is EventKind.TASK]


def test_nothing() -> None:
    """A device of which nothing is kept has no story."""
    assert story(Kept((), (), ())) == []


def test_stays() -> None:
    """A stay is a coming and a going; the one that lasts has no going yet. Newest first."""
    events = story(Kept([Stay(10, 20, 3), Stay(30, None)], (), ()))
    assert [(event.at_ms, event.kind, event.connections) for event in events] == [
        (30, EventKind.ONLINE, None),
        (20, EventKind.OFFLINE, 3),
        (10, EventKind.ONLINE, None),
    ]


TASKS = [
    ("waits", standing(task(QUEUED, MADE_MS)), [], DONE[:1]),
    ("waits for consent", standing(task(CONFIRM, MADE_MS), need_confirm=True), [], [(MADE_MS, 1, CONFIRM)]),
    ("was born failed", standing(task(FAILED, MADE_MS)), [], [(MADE_MS, 1, FAILED)]),
    ("was told", standing(task(NOTIFIED, TOLD_MS, TOLD_MS)), [], DONE[:2]),
    ("has begun, and goes on", standing(task(IN_PROGRESS, 350, TOLD_MS, BEGUN_MS)), [], DONE),
    (
        "succeeded",
        standing(task(SUCCEEDED, ENDED_MS, TOLD_MS, BEGUN_MS)),
        [change(ENDED_MS, SUCCEEDED, TOLD_MS, BEGUN_MS)],
        [*DONE, (ENDED_MS, 1, SUCCEEDED)],
    ),
    (
        "was told, and failed at once",
        standing(task(FAILED, ENDED_MS, TOLD_MS)),
        [change(ENDED_MS, FAILED, TOLD_MS)],
        [*DONE[:2], (ENDED_MS, 1, FAILED)],
    ),
    (
        "is tried again",
        standing(task(QUEUED, ENDED_MS, attempt=2)),
        [change(ENDED_MS, QUEUED, TOLD_MS, BEGUN_MS, 2)],
        [*DONE, (ENDED_MS, 2, QUEUED)],
    ),
    (
        "is upgraded again after it failed",
        standing(task(NOTIFIED, 600, 600, attempt=2)),
        [change(ENDED_MS, FAILED, TOLD_MS, BEGUN_MS), change(500, QUEUED, TOLD_MS, BEGUN_MS, 2)],
        [*DONE, (ENDED_MS, 1, FAILED), (500, 2, QUEUED), (600, 2, NOTIFIED)],
    ),
    (
        "was confirmed",
        standing(task(QUEUED, ENDED_MS), need_confirm=True),
        [change(ENDED_MS, QUEUED)],
        [(MADE_MS, 1, CONFIRM), (ENDED_MS, 1, QUEUED)],
    ),
    (
        "was cancelled with many",
        standing(task(CANCELED, ENDED_MS, TOLD_MS)),
        [],
        [*DONE[:2], (ENDED_MS, 1, CANCELED)],
    ),
]


@pytest.mark.parametrize(("now", "changes", "expected"), [row[1:] for row in TASKS], ids=[row[0] for row in TASKS])
def test_a_task(now: TaskStanding, changes: list[TaskChange], expected: list[tuple[int, int, TaskStatus]]) -> None:
    """What is not written down is read off the task: that it was made and told, and where it is."""
    assert of_task(story(Kept((), changes, [now]))) == expected


def test_a_task_that_is_not_looked_at() -> None:
    """Of a task in an old job its changes alone are told."""
    changes = [change(ENDED_MS, FAILED, TOLD_MS, BEGUN_MS)]
    events = story(Kept((), changes, ()))
    assert of_task(events) == [*DONE[1:], (ENDED_MS, 1, FAILED)]
    assert {(event.before, event.after) for event in events} == {(None, None)}


def test_what_a_task_is_to_bring() -> None:
    """Each of its steps says from which version to which, also those that are written down."""
    kept = Kept(
        (), [change(ENDED_MS, FAILED, TOLD_MS, BEGUN_MS)], [standing(task(FAILED, ENDED_MS, TOLD_MS, BEGUN_MS))]
    )
    assert {(event.before, event.after) for event in story(kept)} == {("1.0.0", "2.0.0")}


def test_a_version_comes_before_its_success() -> None:
    """Both are by one report: what came later comes first."""
    changes = [VersionChange(ENDED_MS, "default", "1.0.0", "2.0.0", 9, 5), change(ENDED_MS, SUCCEEDED)]
    success, version = story(Kept((), changes, ()))
    assert (success.kind, success.status) == (EventKind.TASK, SUCCEEDED)
    assert version == DeviceEvent(
        ENDED_MS, EventKind.VERSION, module_name="default", before="1.0.0", after="2.0.0", task_id=9, job_id=5
    )


def test_what_is_written_down() -> None:
    """The end of an attempt, and what begins anew; that a device was told and has begun stands in its task."""
    for old, new in itertools.product(TaskStatus, repeat=2):
        assert is_kept(task(old, 0), task(new, 0)) == (old is not new and new not in (NOTIFIED, IN_PROGRESS))
    assert is_kept(task(QUEUED, 0), task(QUEUED, 0, attempt=2))
