"""How long virtual devices wait before they try again."""

import random

import pytest

from whimbrel.simulator.backoff import FIRST_S, LONGEST_S, backoff_s


@pytest.mark.parametrize(
    ("failures", "longest_s"), [(0, FIRST_S), (1, 1.0), (5, 16.0), (6, LONGEST_S), (9_999, LONGEST_S)]
)
def test_the_wait_grows_to_a_bound(failures: int, longest_s: float) -> None:
    """The bound of the wait doubles with each failure up to LONGEST_S; waits lie anywhere below it."""
    waits = [backoff_s(failures, random.Random(seed)) for seed in range(200)]
    assert 0 <= min(waits) < longest_s / 4
    assert longest_s * 3 / 4 < max(waits) <= longest_s
