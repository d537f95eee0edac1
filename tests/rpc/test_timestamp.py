"""The form of a request's time stamp and its window of 15 minutes (api-contract 3.4, threat-model 3)."""

from __future__ import annotations

import pytest

from whimbrel import errors
from whimbrel.rpc.signature import TIMESTAMP_WINDOW_MS, check_timestamp

NOW_MS = 1_732_009_663_000  # 2024-11-19T09:47:43Z


@pytest.mark.parametrize("offset_s", [-900, -899, 0, 899, 900])
def test_times_inside_the_window(offset_s: int) -> None:
    """A clock up to 15 minutes off, either side, is accepted."""
    check_timestamp("2024-11-19T09:47:43Z", NOW_MS + offset_s * 1000)


@pytest.mark.parametrize("offset_ms", [-900_001, 900_001, -901_000, 901_000, 10**15])
def test_times_outside_the_window(offset_ms: int) -> None:
    """One millisecond more than 15 minutes is expired, either side."""
    with pytest.raises(errors.InvalidTimeStampExpiredError):
        check_timestamp("2024-11-19T09:47:43Z", NOW_MS + offset_ms)


def test_the_window_is_the_contracts() -> None:
    """api-contract 3.4: 15 minutes."""
    assert TIMESTAMP_WINDOW_MS == 900_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-1-1T1:1:1Z",
        "2024-11-19T09:47:43",
        "2024-11-19T09:47:43Z\n",
        " 2024-11-19T09:47:43Z",
        "2024-11-19t09:47:43z",
        "2024-11-19 09:47:43Z",
        "2024-11-19T09:47:43+00:00",
        "2024-11-19T09:47:43.000Z",
        "20241119T094743Z",
        "2024-W47-2T09:47:43Z",
        "٢٠٢٤-11-19T09:47:43Z",
        "２024-11-19T09:47:43Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-11-19T24:00:00Z",
        "2024-11-19T09:60:00Z",
        "2024-11-19T09:47:60Z",
        "0000-01-01T00:00:00Z",
        "-024-11-19T09:47:43Z",
        "1732009663000",
    ],
)
def test_other_time_stamps_are_malformed(text: str) -> None:
    """Only `YYYY-MM-DDThh:mm:ssZ` in ASCII digits, of a day and second that exist, is a time stamp."""
    with pytest.raises(errors.InvalidTimeStampFormatError):
        check_timestamp(text, NOW_MS)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z"])
def test_far_times_are_expired(text: str) -> None:
    """The ends of the calendar are well-formed and expired, not a crash."""
    with pytest.raises(errors.InvalidTimeStampExpiredError):
        check_timestamp(text, NOW_MS)


def test_a_leap_day_exists() -> None:
    """29 February of a leap year is a valid day."""
    check_timestamp("2024-02-29T12:00:00Z", 1_709_208_000_000)
