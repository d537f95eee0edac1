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
    is_told,
    story,
)
from whimbrel.domain.task import Task, TaskStatus

CONFIRM, QUEUED, NOTIFIED, IN_PROGRESS, SUCCEEDED, FAILED, CANCELED = TaskStatus
MADE_MS, TOLD_MS, BEGUN_MS, ENDED_MS = 100, 200, 300, 400
DONE = [(MADE_MS, 1, QUEUED), (TOLD_MS, 1, NOTIFIED), (BEGUN_MS, 1, IN_PROGRESS)]


def task(status: TaskStatus, heard_ms: int, attempt: int = 1, words: str = "") -> Task:
    return Task(9, 5, 1, status, attempt, 0, None, "1.0.0", words, heard_ms=heard_ms)


def standing(now: Task, *, need_confirm: bool = False) -> TaskStanding:
    return TaskStanding(now, "default", need_confirm, MADE_MS)


def change(
    at_ms: int, status: TaskStatus, was: tuple[TaskStatus, int], attempt: int = 1, words: str = ""
) -> TaskChange:
    return TaskChange(at_ms, 9, 5, "default", attempt, status, *was, 0, words)


def begun() -> TaskChange:
    return change(BEGUN_MS, IN_PROGRESS, (NOTIFIED, TOLD_MS))


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
    ("was told", standing(task(NOTIFIED, TOLD_MS)), [], DONE[:2]),
    ("has begun, and goes on", standing(task(IN_PROGRESS, 350)), [begun()], DONE),
    (
        "succeeded",
        standing(task(SUCCEEDED, ENDED_MS)),
        [begun(), change(ENDED_MS, SUCCEEDED, (IN_PROGRESS, 350))],
        [*DONE, (ENDED_MS, 1, SUCCEEDED)],
    ),
    (
        "was told, and failed at once",
        standing(task(FAILED, ENDED_MS)),
        [change(ENDED_MS, FAILED, (NOTIFIED, TOLD_MS))],
        [*DONE[:2], (ENDED_MS, 1, FAILED)],
    ),
    (
        "is tried again after it was told",
        standing(task(QUEUED, ENDED_MS, 2)),
        [change(ENDED_MS, QUEUED, (NOTIFIED, TOLD_MS), 2)],
        [*DONE[:2], (ENDED_MS, 2, QUEUED)],
    ),
    ("was cancelled with many", standing(task(CANCELED, ENDED_MS)), [], [DONE[0], (ENDED_MS, 1, CANCELED)]),
    (
        "of which the oldest is kept no more",
        standing(task(SUCCEEDED, ENDED_MS)),
        [change(ENDED_MS, SUCCEEDED, (IN_PROGRESS, 350))],
        [DONE[0], (ENDED_MS, 1, SUCCEEDED)],
    ),
]


@pytest.mark.parametrize(("now", "changes", "expected"), [row[1:] for row in TASKS], ids=[row[0] for row in TASKS])
def test_a_task(now: TaskStanding, changes: list[TaskChange], expected: list[tuple[int, int, TaskStatus]]) -> None:
    """What is not written down is read off the task: that it was made and told, and where it is."""
    assert of_task(story(Kept((), changes, [now]))) == expected


def test_a_task_that_is_not_looked_at() -> None:
    """Of a task in an old job the changes alone are told."""
    assert of_task(story(Kept((), [begun()], ()))) == DONE[1:]


def test_a_version_has_its_task() -> None:
    """The version that the same report made a success of; another module's, or another time's, has none."""
    success = change(ENDED_MS, SUCCEEDED, (IN_PROGRESS, BEGUN_MS))
    changes = [
        VersionChange(ENDED_MS - 1, "default", None, "1.0.0"),
        VersionChange(ENDED_MS, "mcu", "1", "2"),
        VersionChange(ENDED_MS, "default", "1.0.0", "2.0.0"),
        success,
    ]
    events = story(Kept((), changes, ()))
    assert [event.kind for event in events[:2]] == [EventKind.TASK, EventKind.VERSION], "what came later comes first"
    assert [(event.before, event.after, event.task_id, event.job_id) for event in events[1:]] == [
        ("1.0.0", "2.0.0", 9, 5),
        ("1", "2", None, None),
        (None, "1.0.0", None, None),
    ]


def test_what_is_written_down() -> None:
    """Every move of a task but the claim, which is read off it, and progress alone, which is none."""
    for old, new in itertools.product(TaskStatus, repeat=2):
        is_claim = (old, new) == (QUEUED, NOTIFIED)
        assert is_told(task(old, 0), task(new, 0)) == (old is not new and not is_claim)
    assert is_told(task(QUEUED, 0, 1), task(QUEUED, 0, 2))
    assert not is_told(task(IN_PROGRESS, 0), task(IN_PROGRESS, 9)._replace(progress=50))
