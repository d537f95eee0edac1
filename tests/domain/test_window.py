"""Maintenance windows on the wall clock of a place, also on the days on which it is changed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.rollout import Window
from whimbrel.domain.window import DAY_MINUTES, DAYS, is_open, is_time_zone, next_change_ms, next_opening_ms

BERLIN, UTC_ZONE, LORD_HOWE = "Europe/Berlin", "UTC", "Australia/Lord_Howe"
MON, TUE, WED, THU, FRI, SAT, SUN = (1 << day for day in range(7))
EVERY_DAY = 127
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


def at(text: str, zone: str = BERLIN, fold: int = 0) -> int:
    """The wall clock's time in that zone, in milliseconds; `fold` 1 is the second of an hour that comes twice."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


def window(days: int, start: str, end: str) -> Window:
    def minute(text: str) -> int:
        hours, minutes = text.split(":")
        return int(hours) * 60 + int(minutes)

    return Window(days, minute(start), minute(end))


NIGHT = (window(EVERY_DAY, "22:00", "04:00"),)


def test_without_windows_it_is_always_open() -> None:
    """A job without windows is never closed, and nothing changes."""
    assert is_open((), "", 0)
    assert next_change_ms((), "", 0) is None
    assert next_opening_ms((), "", 0) is None


@pytest.mark.parametrize(("name", "is_known"), [(BERLIN, True), ("UTC", True), ("", False), ("Mars/Olympus", False)])
def test_time_zones(name: str, is_known: bool) -> None:
    """IANA names are time zones, nothing else is."""
    assert is_time_zone(name) is is_known


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/localtime", "Europe", "a" * 300, "Europe/\0Berlin"])
def test_A12_no_name_leads_elsewhere(name: str) -> None:
    """A name that is a path, a folder, or no name at all is not a time zone."""
    assert not is_time_zone(name)


@pytest.mark.parametrize(
    ("text", "is_in"),
    [
        ("2026-01-14T01:59:59.999", False),  # a Wednesday
        ("2026-01-14T02:00", True),
        ("2026-01-14T04:29:59.999", True),
        ("2026-01-14T04:30", False),
        ("2026-01-15T03:00", False),
        ("2026-01-21T03:00", True),
    ],
)
def test_from_its_start_to_before_its_end(text: str, is_in: bool) -> None:
    """On its days only, in its zone."""
    windows = (window(WED, "02:00", "04:30"),)
    assert is_open(windows, BERLIN, at(text)) is is_in
    assert is_open(windows, UTC_ZONE, at(text, UTC_ZONE)) is is_in


@pytest.mark.parametrize("day", range(7))
def test_days_are_bits(day: int) -> None:
    """Monday the lowest, Sunday the highest; 2026-01-12 is a Monday."""
    noon = [at(f"2026-01-{12 + number}T12:00") for number in range(7)]
    found = [is_open((Window(1 << day, 660, 780),), BERLIN, time_ms) for time_ms in noon]
    assert found == [number == day for number in range(7)]
    assert DAYS[day] == ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"][day]


@pytest.mark.parametrize(
    ("text", "is_in"),
    [
        ("2026-01-16T21:59", False),  # a Friday
        ("2026-01-16T22:00", True),
        ("2026-01-17T00:00", True),
        ("2026-01-17T03:59", True),
        ("2026-01-17T04:00", False),
        ("2026-01-17T22:00", False),
        ("2026-01-16T03:00", False),
    ],
)
def test_over_midnight(text: str, is_in: bool) -> None:
    """It ends on the day after the one it begins on."""
    assert is_open((window(FRI, "22:00", "04:00"),), BERLIN, at(text)) is is_in


@pytest.mark.parametrize("start_minute", [0, 1, 720, 1_439])
def test_equal_times_are_a_whole_day(start_minute: int) -> None:
    """24 hours from then, and all seven of them are always."""
    windows = (Window(WED, start_minute, start_minute),)
    start_ms = at("2026-01-14T00:00") + start_minute * MINUTE_MS
    assert [is_open(windows, BERLIN, start_ms + by_ms) for by_ms in (-1, 0, 24 * HOUR_MS - 1, 24 * HOUR_MS)] == [
        False,
        True,
        True,
        False,
    ]
    assert is_open((Window(EVERY_DAY, start_minute, start_minute),), BERLIN, start_ms - 1)


class TestClocksGoForward:
    """In Berlin 2026-03-29 has no hour from 2:00 to 3:00."""

    def test_a_window_over_the_gap_is_an_hour_shorter(self) -> None:
        """It opens and closes by the wall clock."""
        start_ms = at("2026-03-28T22:00")
        assert next_change_ms(NIGHT, BERLIN, start_ms) == start_ms + 5 * HOUR_MS == at("2026-03-29T04:00")

    def test_a_window_within_the_gap_is_as_long_as_it_would_be(self) -> None:
        """It is taken at the offset of before, so it is not lost on that day."""
        windows = (window(EVERY_DAY, "02:15", "02:45"),)
        before_ms = at("2026-03-29T01:59")
        opens_ms = next_opening_ms(windows, BERLIN, before_ms)
        assert opens_ms == at("2026-03-29T03:15")
        assert next_change_ms(windows, BERLIN, opens_ms) == opens_ms + 30 * MINUTE_MS

    def test_one_that_ends_in_the_gap(self) -> None:
        """It lasts as long as it would on any other day, and so do its neighbours."""
        windows = (window(EVERY_DAY, "01:30", "02:30"),)
        start_ms = at("2026-03-29T01:30")
        assert next_change_ms(windows, BERLIN, start_ms) == start_ms + HOUR_MS
        assert next_opening_ms(windows, BERLIN, start_ms + HOUR_MS) == at("2026-03-30T01:30")


class TestClocksGoBack:
    """In Berlin 2026-10-25 has the hour from 2:00 to 3:00 twice."""

    def test_a_window_over_it_is_an_hour_longer(self) -> None:
        """It opens and closes by the wall clock."""
        start_ms = at("2026-10-24T22:00")
        assert next_change_ms(NIGHT, BERLIN, start_ms) == start_ms + 7 * HOUR_MS

    def test_a_window_within_it_opens_once(self) -> None:
        """At the first time that the clock shows it: nobody is told twice as long for it."""
        windows = (window(EVERY_DAY, "02:15", "02:45"),)
        assert is_open(windows, BERLIN, at("2026-10-25T02:30"))
        assert not is_open(windows, BERLIN, at("2026-10-25T02:30", fold=1))

    def test_half_an_hour_is_enough(self) -> None:
        """Lord Howe Island moves its clocks by 30 minutes."""
        windows = (window(EVERY_DAY, "00:00", "06:00"),)
        start_ms = at("2026-04-05T00:00", LORD_HOWE)
        assert next_change_ms(windows, LORD_HOWE, start_ms) == start_ms + 6 * HOUR_MS + 30 * MINUTE_MS


def test_the_next_opening() -> None:
    """Today's, tomorrow's, or next week's on the same day."""
    windows = (window(WED, "02:00", "04:00"),)
    assert next_opening_ms(windows, BERLIN, at("2026-01-14T01:00")) == at("2026-01-14T02:00")
    assert next_opening_ms(windows, BERLIN, at("2026-01-14T03:00")) is None, "it is open"
    assert next_opening_ms(windows, BERLIN, at("2026-01-14T04:00")) == at("2026-01-21T02:00")


zones = st.sampled_from([BERLIN, UTC_ZONE, LORD_HOWE, "America/St_Johns", "Pacific/Apia", "Asia/Kolkata"])
some_windows = st.lists(
    st.builds(Window, st.integers(1, EVERY_DAY), st.integers(0, DAY_MINUTES - 1), st.integers(0, DAY_MINUTES - 1)),
    min_size=1,
    max_size=4,
).map(tuple)
times = st.integers(at("2026-01-01T00:00"), at("2028-01-01T00:00"))


@given(some_windows, zones, times)
def test_changes_are_where_it_changes(windows: tuple[Window, ...], zone: str, now_ms: int) -> None:
    """Until the next change it stays as it is, and what opens next is open then, within eight days."""
    change_ms = next_change_ms(windows, zone, now_ms)
    assert change_ms is not None
    assert now_ms < change_ms <= now_ms + 8 * 24 * HOUR_MS
    is_now = is_open(windows, zone, now_ms)
    assert is_open(windows, zone, change_ms - 1) is is_now
    opens_ms = next_opening_ms(windows, zone, now_ms)
    assert (opens_ms is None) is is_now
    if opens_ms is not None:
        assert is_open(windows, zone, opens_ms)
        assert not is_open(windows, zone, opens_ms - 1)


@given(some_windows, zones, times)
def test_the_wall_clock_decides(windows: tuple[Window, ...], zone: str, now_ms: int) -> None:
    """Away from changes of the clock it is open when day and time of the place say so."""
    wall = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(zone))
    offsets = {datetime.fromtimestamp(now_ms / 1000 + hours * 3600, ZoneInfo(zone)).utcoffset() for hours in (-26, 26)}
    if len(offsets) > 1:
        return
    minute, today, yesterday = wall.hour * 60 + wall.minute, wall.weekday(), (wall.weekday() - 1) % 7
    expected = any(
        (w.days >> today & 1 and w.start_minute <= minute and (minute < w.end_minute or w.end_minute <= w.start_minute))
        or (w.days >> yesterday & 1 and w.end_minute <= w.start_minute and minute < w.end_minute)
        for w in windows
    )
    assert is_open(windows, zone, now_ms) is expected
