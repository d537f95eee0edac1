"""What a transaction has to write down when it ends: why tasks failed, and what happened to devices.

Late, so that a batch of reports is not interrupted for it, and in one order for all, so that nobody deadlocks.
"""

from __future__ import annotations

from typing import NamedTuple

from whimbrel.domain.device_story import EVENT_WORDS_LENGTH_MAX, VersionChange
from whimbrel.domain.failure import Failure
from whimbrel.domain.task import Task, TaskStatus

Row = dict[str, object]


class FailedTask(NamedTuple):
    """A task that has failed in this transaction."""

    job_id: int
    task_id: int
    failure: Failure


class LateChanges:
    def __init__(self) -> None:
        self._failed: list[FailedTask] = []
        self._events: dict[int, list[Row]] = {}

    def fail(self, failed: FailedTask) -> None:
        """The task is FAILED now and was not before."""
        self._failed.append(failed)

    def task_changed(self, old: Task, new: Task, now_ms: int) -> None:
        """An event of the task's device (see domain/device_story.TaskChange).

        With the version report that a task succeeds by, it is one event: the report's own is the newest then.
        """
        events = self._events.setdefault(new.device_id, [])
        is_by_report = new.status is TaskStatus.SUCCEEDED and bool(events) and events[-1]["task_id"] is None
        event = events[-1] if is_by_report and events[-1]["at_ms"] == now_ms else _event(new.device_id, now_ms)
        if not events or event is not events[-1]:
            events.append(event)
        event["task_id"] = new.id
        event["attempt"] = new.attempt
        event["status"] = new.status.value
        event["told_ms"] = old.told_ms
        event["begun_ms"] = old.begun_ms
        event["progress"] = new.progress
        event["words"] = new.description[:EVENT_WORDS_LENGTH_MAX] if new.description != old.description else ""

    def version_changed(self, device_id: int, change: VersionChange) -> None:
        """An event of the device."""
        event = _event(device_id, change.at_ms)
        event["module_name"] = change.module_name
        event["version_before"] = change.before
        event["version_after"] = change.after
        self._events.setdefault(device_id, []).append(event)

    def take_failed(self) -> list[FailedTask]:
        """In the order of their jobs, and forget them."""
        failed, self._failed = sorted(self._failed, key=lambda task: task[:2]), []
        return failed

    def take_events(self) -> tuple[list[Row], list[Row]]:
        """The parameters of `count_events` and of `put_event`, in the order of the devices, and forget them."""
        events, self._events = sorted(self._events.items()), {}
        counts: list[Row] = [{"device_id": device_id, "n": len(rows)} for device_id, rows in events]
        for _, rows in events:
            for later, row in enumerate(reversed(rows)):
                row["later"] = later
        return counts, [row for _, rows in events for row in rows]


def _event(device_id: int, at_ms: int) -> Row:
    """Of neither a version nor a task so far."""
    return {
        "device_id": device_id,
        "at_ms": at_ms,
        "later": 0,
        "task_id": None,
        "attempt": None,
        "status": None,
        "told_ms": None,
        "begun_ms": None,
        "progress": None,
        "words": None,
        "module_name": None,
        "version_before": None,
        "version_after": None,
    }
