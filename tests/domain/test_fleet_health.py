"""What is conspicuous about a fleet after an upgrade, and what is chance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.fleet_health import DAY_MS, HOUR_MS, is_conspicuous, since

NOW_MS = 1_700_000_000_000
counts = st.integers(0, 5_000)


def test_the_time_looked_at() -> None:
    """Days back, of which the last hours were quiet; never less than these hours."""
    assert since(7, 24, NOW_MS) == (NOW_MS - 7 * DAY_MS, NOW_MS - 24 * HOUR_MS, NOW_MS)
    assert since(1, 48, NOW_MS) == (NOW_MS - 48 * HOUR_MS, NOW_MS - 48 * HOUR_MS, NOW_MS)


@pytest.mark.parametrize(
    ("lost", "devices", "other_lost", "others", "says"),
    [
        (190, 500, 98, 4_900, True),  # 38 % beside 2 %
        (10, 500, 98, 4_900, False),  # 2 % beside 2 %
        (20, 500, 98, 4_900, False),
        (30, 500, 98, 4_900, True),
        (2, 2, 0, 5_000, True),
        (1, 1, 0, 5_000, True),
        (1, 1, 0, 100, False),  # one device may be in a drawer
        (0, 0, 0, 0, False),
        (5, 5, 0, 0, False),  # there is nothing to compare it with
        (0, 500, 98, 4_900, False),
        (5_000, 5_000, 5_000, 5_000, False),
    ],
)
def test_more_than_chance(lost: int, devices: int, other_lost: int, others: int, says: bool) -> None:
    """A share is conspicuous when that of the others does not explain it."""
    assert is_conspicuous(lost, devices, other_lost, others) is says


@given(counts, counts, counts, counts)
def test_more_lost_is_more_conspicuous(lost: int, rest: int, other_lost: int, other_rest: int) -> None:
    """One more that is lost, and one less elsewhere, never make it less so; and it never fails."""
    devices, others = lost + rest, other_lost + other_rest
    if is_conspicuous(lost, devices, other_lost, others):
        assert is_conspicuous(lost + 1, devices + 1, other_lost, others)
        assert is_conspicuous(lost, devices, max(0, other_lost - 1), others)
