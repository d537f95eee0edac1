"""How and when a job reaches its devices: schedule, retries, pace (api-contract 7.5 to 7.8)."""

from __future__ import annotations

from enum import IntEnum

SCHEDULE_AHEAD_MS_MIN, SCHEDULE_AHEAD_MS_MAX = 5 * 60_000, 7 * 24 * 3_600_000
SCHEDULE_LASTS_MS_MIN, SCHEDULE_LASTS_MS_MAX = 3_600_000, 30 * 24 * 3_600_000
MAXIMUM_PER_MINUTE_MIN, MAXIMUM_PER_MINUTE_MAX = 10, 10_000


class RetryInterval(IntEnum):
    """Minutes from a failure to the next attempt."""

    AT_ONCE = 0
    TEN = 10
    THIRTY = 30
    HOUR = 60
    DAY = 1440


class RetryCount(IntEnum):
    ONE = 1
    TWO = 2
    FIVE = 5


def schedule_fault(schedule_ms: int | None, finish_ms: int | None, now_ms: int) -> str:
    """What is wrong with a job's start and end, empty when nothing is. An end without a start is measured from now."""
    if schedule_ms is not None and not SCHEDULE_AHEAD_MS_MIN <= schedule_ms - now_ms <= SCHEDULE_AHEAD_MS_MAX:
        return "ScheduleTime must be 5 minutes to 7 days ahead, as milliseconds since 1970"
    start_ms = now_ms if schedule_ms is None else schedule_ms
    if finish_ms is not None and not SCHEDULE_LASTS_MS_MIN <= finish_ms - start_ms <= SCHEDULE_LASTS_MS_MAX:
        return "ScheduleFinishTime must be 1 hour to 30 days after the start, as milliseconds since 1970"
    return ""


def is_in_schedule(schedule_ms: int | None, finish_ms: int | None, now_ms: int) -> bool:
    """Whether a job's tasks may be confirmed now (api-contract 7.5)."""
    return (schedule_ms is None or schedule_ms <= now_ms) and (finish_ms is None or now_ms < finish_ms)
