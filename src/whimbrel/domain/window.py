"""Maintenance windows: the hours of the week, in a named time zone, in which a job's devices may be told."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from whimbrel.domain.rollout import Window

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
EVERY_DAY = "ALL"
DAY_MINUTES = 24 * 60
WINDOWS_MAX = 14
TIME_ZONE_LENGTH_MAX = 64
_DAYS_AHEAD = 15  # two weeks, for the clocks may skip a window, and the day on which they began
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def days_of(text: str) -> int | None:
    """`MON,TUE` or `ALL` as the bits of a window; None where it says something else."""
    names = DAYS if text == EVERY_DAY else tuple(text.split(","))
    if len(set(names)) != len(names) or not set(names) <= set(DAYS):
        return None
    return sum(1 << DAYS.index(name) for name in names)


def days_text(days: int) -> str:
    """The bits as callers write them."""
    names = [name for number, name in enumerate(DAYS) if days >> number & 1]
    return EVERY_DAY if len(names) == len(DAYS) else ",".join(names)


def minute_of(text: str) -> int | None:
    """`HH:MM` as the minute of the day; None where it is no such time."""
    found = _TIME.fullmatch(text)
    return int(found[1]) * 60 + int(found[2]) if found else None


def minute_text(minute: int) -> str:
    """The minute of the day as `HH:MM`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def is_time_zone(name: str) -> bool:
    """Whether the time zone is known here."""
    return _zone(name) is not None


def is_open(windows: tuple[Window, ...], time_zone: str, now_ms: int) -> bool:
    """Whether devices may be told now; without windows they always may."""
    return not windows or any(start <= now_ms < end for start, end in _times(windows, time_zone, now_ms))


def next_change_ms(windows: tuple[Window, ...], time_zone: str, now_ms: int) -> int | None:
    """When the next window opens or closes; None without windows."""
    if not windows:
        return None
    times = [time for span in _times(windows, time_zone, now_ms) for time in span if time > now_ms]
    return min(times, default=None)


def next_opening_ms(windows: tuple[Window, ...], time_zone: str, now_ms: int) -> int | None:
    """When devices may be told again; None when they may now, or without windows."""
    if is_open(windows, time_zone, now_ms):
        return None
    return min((start for start, _ in _times(windows, time_zone, now_ms) if start > now_ms), default=None)


def _times(windows: tuple[Window, ...], time_zone: str, now_ms: int) -> list[tuple[int, int]]:
    """Start and end, in milliseconds, of the windows that begin from yesterday to two weeks from now.

    The zone's wall clock decides: an hour that a change of the clocks skips makes a window shorter, and one that it
    repeats makes it longer. One that is skipped whole is none.
    """
    zone = _zone(time_zone)
    assert zone is not None, "a job is only made with a time zone that is known"
    today = datetime.fromtimestamp(now_ms / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    spans = []
    for day in (today + timedelta(days=number) for number in range(-1, _DAYS_AHEAD)):
        for window in windows:
            if window.days >> day.weekday() & 1:
                lasts = (window.end_minute - window.start_minute) % DAY_MINUTES or DAY_MINUTES
                start = day + timedelta(minutes=window.start_minute)
                spans.append((_instant_ms(start, zone), _instant_ms(start + timedelta(minutes=lasts), zone)))
    return [(start_ms, end_ms) for start_ms, end_ms in spans if start_ms < end_ms]


def _instant_ms(wall: datetime, zone: ZoneInfo) -> int:
    return round(wall.replace(tzinfo=zone).astimezone(UTC).timestamp() * 1000)


@lru_cache(64)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
