"""When a job may start and end (api-contract 7.5)."""

from __future__ import annotations

import pytest

from whimbrel.domain.delivery import (
    SCHEDULE_AHEAD_MS_MAX,
    SCHEDULE_AHEAD_MS_MIN,
    SCHEDULE_LASTS_MS_MAX,
    SCHEDULE_LASTS_MS_MIN,
    is_in_schedule,
    schedule_fault,
)

NOW_MS = 1_700_000_000_000


def test_the_limits_are_the_contracts() -> None:
    """5 minutes to 7 days ahead, for 1 hour to 30 days."""
    assert (SCHEDULE_AHEAD_MS_MIN, SCHEDULE_AHEAD_MS_MAX) == (300_000, 604_800_000)
    assert (SCHEDULE_LASTS_MS_MIN, SCHEDULE_LASTS_MS_MAX) == (3_600_000, 2_592_000_000)


@pytest.mark.parametrize(
    ("ahead_ms", "is_good"),
    [
        (SCHEDULE_AHEAD_MS_MIN - 1, False),
        (SCHEDULE_AHEAD_MS_MIN, True),
        (SCHEDULE_AHEAD_MS_MAX, True),
        (SCHEDULE_AHEAD_MS_MAX + 1, False),
        (0, False),
        (-NOW_MS, False),
    ],
)
def test_start(ahead_ms: int, is_good: bool) -> None:
    """A start too soon or too late is a fault that names ScheduleTime."""
    fault = schedule_fault(NOW_MS + ahead_ms, None, NOW_MS)
    assert fault == "" if is_good else "ScheduleTime" in fault


@pytest.mark.parametrize("start_ms", [None, NOW_MS + SCHEDULE_AHEAD_MS_MIN])
@pytest.mark.parametrize(
    ("lasts_ms", "is_good"),
    [
        (SCHEDULE_LASTS_MS_MIN - 1, False),
        (SCHEDULE_LASTS_MS_MIN, True),
        (SCHEDULE_LASTS_MS_MAX, True),
        (SCHEDULE_LASTS_MS_MAX + 1, False),
    ],
)
def test_end(start_ms: int | None, lasts_ms: int, is_good: bool) -> None:
    """The end is measured from the start, or from now without one."""
    fault = schedule_fault(start_ms, (start_ms or NOW_MS) + lasts_ms, NOW_MS)
    assert fault == "" if is_good else "ScheduleFinishTime" in fault


def test_no_schedule_is_no_fault() -> None:
    """A job without times is right."""
    assert schedule_fault(None, None, NOW_MS) == ""


@pytest.mark.parametrize(
    ("start_ms", "finish_ms", "is_inside"),
    [(None, None, True), (10, None, True), (11, None, False), (None, 11, True), (None, 10, False), (10, 11, True)],
)
def test_is_in_schedule(start_ms: int | None, finish_ms: int | None, is_inside: bool) -> None:
    """The start belongs to the range, the end does not."""
    assert is_in_schedule(start_ms, finish_ms, 10) is is_inside
