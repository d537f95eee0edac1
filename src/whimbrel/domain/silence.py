"""When a device that was told of an upgrade counts as silent (design.md part 4): a brick says nothing."""

from __future__ import annotations

from whimbrel.domain.rollout import Gate
from whimbrel.domain.task import MINUTE_MS, TaskStatus

HOUR_MS = 60 * MINUTE_MS
HEARD_EVERY_MS = MINUTE_MS // 2  # a device that says the same again is noted as heard this often, below every limit


def silent_from_ms(status: TaskStatus, gate: Gate | None, heard_ms: int) -> int | None:
    """From when the device of a task in this status is silent, last heard or told then; None when it never is."""
    if gate is None:
        return None
    if status is TaskStatus.NOTIFIED:
        return heard_ms + gate.silent_hours * HOUR_MS
    return heard_ms + gate.silent_minutes * MINUTE_MS if status is TaskStatus.IN_PROGRESS else None


def told_before_ms(gate: Gate, now_ms: int) -> int:
    """Who was told at or before this time and has reported no progress is silent."""
    return now_ms - gate.silent_hours * HOUR_MS


def heard_before_ms(gate: Gate, now_ms: int) -> int:
    """Who was in progress and said its last word at or before this time is silent."""
    return now_ms - gate.silent_minutes * MINUTE_MS
