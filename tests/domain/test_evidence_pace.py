"""How many devices a job may put at risk (I6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.evidence_pace import exposure_max, first_devices
from whimbrel.domain.rollout import Gate, Pace

counts = st.integers(0, 1_000_000)
paces = st.builds(Pace, st.integers(1, 1_000), st.integers(1, 100))
gates = st.one_of(st.none(), st.builds(Gate, st.integers(1, 5_000)))


@pytest.mark.parametrize(
    ("tasks", "first"),
    [(0, 1), (1, 1), (199, 1), (200, 2), (9_999, 99), (10_000, 100), (10_100, 100), (1_000_000, 100)],
)
def test_the_first_devices(tasks: int, first: int) -> None:
    """One in a hundred, at least one and at most a hundred; or what the job says."""
    assert first_devices(Pace(), tasks) == first
    assert first_devices(Pace(first=7), tasks) == 7


@pytest.mark.parametrize(
    ("succeeded", "failing", "exposed"),
    [
        (0, 0, 100),
        (1, 0, 105),
        (100, 0, 600),
        (100, 1, 100 + 5 * 67),  # a failure at 3 % takes back 32.3 successes, rounded up
        (100, 3, 100 + 5 * 3),
        (100, 4, 100),
        (0, 1_000, 100),
    ],
)
def test_a_failure_takes_back_successes(succeeded: int, failing: int, exposed: int) -> None:
    """At the default limit and growth."""
    assert exposure_max(Pace(), Gate(), 20_000, succeeded, failing) == exposed


@given(paces, gates, counts, counts, counts)
def test_I6_never_more_than_the_successes_allow(
    pace: Pace, gate: Gate | None, tasks: int, succeeded: int, failing: int
) -> None:
    """From `first` up to `first + growth x succeeded`; more with each success, less with each failure."""
    found = exposure_max(pace, gate, tasks, succeeded, failing)
    first = first_devices(pace, tasks)
    assert first <= found <= first + pace.growth * succeeded
    assert found <= exposure_max(pace, gate, tasks, succeeded + 1, failing)
    assert found >= exposure_max(pace, gate, tasks, succeeded, failing + 1)
    if gate is None:
        assert found == first + pace.growth * succeeded


@given(st.integers(1, 5_000), st.integers(1, 1_000))
def test_at_the_limit_nothing_is_gained(limit: int, thousands: int) -> None:
    """Of devices that fail exactly at the limit, the evidence that is left is none."""
    failing = limit * thousands
    succeeded = (10_000 - limit) * thousands
    assert exposure_max(Pace(first=1), Gate(limit), 1, succeeded, failing) == 1
    assert exposure_max(Pace(first=1), Gate(limit), 1, succeeded + 1, failing) == 6
