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
        columns: Row = {
            "task_id": new.id,
            "attempt": new.attempt,
            "status": new.status.value,
            "told_ms": old.told_ms,
            "begun_ms": old.begun_ms,
            "progress": new.progress,
            "words": new.description[:EVENT_WORDS_LENGTH_MAX] if new.description != old.description else "",
        }
        newest = self._events.get(new.device_id, [_NOTHING])[-1]
        if new.status is TaskStatus.SUCCEEDED and newest["task_id"] is None and newest["at_ms"] == now_ms:
            newest.update(columns)
        else:
            self._add(new.device_id, at_ms=now_ms, **columns)

    def version_changed(self, device_id: int, change: VersionChange) -> None:
        """An event of the device."""
        self._add(
            device_id,
            at_ms=change.at_ms,
            module_name=change.module_name,
            version_before=change.before,
            version_after=change.after,
        )

    def take_failed(self) -> list[FailedTask]:
        """In the order of their jobs, and forget them."""
        failed, self._failed = sorted(self._failed, key=lambda task: task[:2]), []
        return failed

    def take_events(self) -> tuple[list[Row], list[Row]]:
        """The parameters of `count_events` and of `put_event`, in the order of the devices, and forget them."""
        events, self._events = sorted(self._events.items()), {}
        counts: list[Row] = [{"device_id": device_id, "n": len(rows)} for device_id, rows in events]
        puts = [{**row, "later": len(rows) - place} for _, rows in events for place, row in enumerate(rows, 1)]
        return counts, puts

    def _add(self, device_id: int, **columns: object) -> None:
        self._events.setdefault(device_id, []).append({**_NOTHING, "device_id": device_id, **columns})


_NOTHING: Row = dict.fromkeys(
    (
        "at_ms",
        "task_id",
        "attempt",
        "status",
        "told_ms",
        "begun_ms",
        "progress",
        "words",
        "module_name",
        "version_before",
        "version_after",
    )
)
