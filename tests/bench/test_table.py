"""Numbers that a benchmark prints are the ones it measured."""

from __future__ import annotations

import pytest

from bench.table import Row, markdown, percentile, series, shares


@pytest.mark.parametrize(("percent", "expected"), [(1, 1), (50, 50), (98, 98), (99, 99), (100, 100)])
def test_percentile_is_the_value_that_so_many_do_not_exceed(percent: int, expected: int) -> None:
    """Of the numbers 1 to 100 in any order, the p-th percentile is p."""
    assert percentile(list(range(100, 0, -1)), percent) == expected


def test_percentile_of_one_value_is_that_value() -> None:
    """A single measurement is each of its percentiles."""
    assert [percentile([7.0], percent) for percent in (1, 50, 99)] == [7.0, 7.0, 7.0]


def test_shares_pair_the_rounds() -> None:
    """A share is taken inside a round, so a moment that slows both sides leaves it alone."""
    limit, measured = series([60, 600]), series([100, 1000])
    assert shares(limit, measured).values == (0.6, 0.6)


def test_row_shows_median_noise_and_verdict() -> None:
    """A row has the median with the least and the most around it, and says when a budget is missed."""
    row = Row("a call", "µs", series([1200, 1000, 1100]), series([500]), "a limit", series([0.5], 2), "≥ 0.6", False)
    assert markdown([row]).splitlines()[-1] == (
        "| a call | 1,100 (1,000..1,200) µs | 500 (500..500) µs: a limit | 0.50 (0.50..0.50) | ≥ 0.6 | **no** |"
    )
