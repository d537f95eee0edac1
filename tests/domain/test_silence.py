"""When a device counts as silent, at its limits and one beside them."""

from __future__ import annotations

import pytest

from whimbrel.domain.rollout import Gate
from whimbrel.domain.silence import HEARD_EVERY_MS, heard_before_ms, silent_from_ms, told_before_ms
from whimbrel.domain.task import TaskStatus

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
NOW_MS = 1_700_000_000_000
NOTIFIED, IN_PROGRESS = TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS


def test_the_defaults() -> None:
    """30 minutes after its last word, 24 hours after the notice (design.md part 4)."""
    assert silent_from_ms(IN_PROGRESS, Gate(), 0) == 30 * MINUTE_MS
    assert silent_from_ms(NOTIFIED, Gate(), 0) == 24 * HOUR_MS


@pytest.mark.parametrize("status", [status for status in TaskStatus if status not in (NOTIFIED, IN_PROGRESS)])
def test_others_never_are(status: TaskStatus) -> None:
    """Who was not told, or is through, owes nobody a word."""
    assert silent_from_ms(status, Gate(), 0) is None


@pytest.mark.parametrize("status", list(TaskStatus))
def test_without_a_gate_nobody_is(status: TaskStatus) -> None:
    """A job without a gate asks nobody for a word."""
    assert silent_from_ms(status, None, 0) is None


@pytest.mark.parametrize("gate", [Gate(), Gate(silent_minutes=1, silent_hours=1), Gate(silent_minutes=1440)])
@pytest.mark.parametrize(("late_ms", "is_silent"), [(-1, False), (0, True), (1, True)])
def test_from_when(gate: Gate, late_ms: int, is_silent: bool) -> None:
    """What the store looks for at a time is who is silent from then on, to the millisecond."""
    heard_ms = NOW_MS - gate.silent_minutes * MINUTE_MS - late_ms
    assert (heard_ms <= heard_before_ms(gate, NOW_MS)) is is_silent
    assert (silent_from_ms(IN_PROGRESS, gate, heard_ms) or 0) <= NOW_MS or not is_silent
    told_ms = NOW_MS - gate.silent_hours * HOUR_MS - late_ms
    assert (told_ms <= told_before_ms(gate, NOW_MS)) is is_silent
    assert ((silent_from_ms(NOTIFIED, gate, told_ms) or 0) <= NOW_MS) is is_silent


def test_words_are_noted_often_enough() -> None:
    """A device that repeats itself is noted well within the shortest silence that can be asked for."""
    assert HEARD_EVERY_MS <= MINUTE_MS // 2
