"""Which devices of a simulated fleet fail and which fall silent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.simulator.fate import FAILURE_STEPS, GOOD, Shares, draw_fates


@given(devices=st.integers(0, 500), failing=st.floats(0, 1), part=st.floats(0, 1), seed=st.integers())
def test_shares_are_kept_to_the_nearest_device(devices: int, failing: float, part: float, seed: int) -> None:
    """There is one fate a device; as many fail and fall silent as the shares say, none does both."""
    silent = part * (1 - failing)
    fates = draw_fates(devices, Shares(failing, silent), seed)
    assert len(fates) == devices
    assert sum(fate.failure_step is not None for fate in fates) == round(devices * failing)
    assert abs(sum(fate.falls_silent for fate in fates) - devices * silent) <= 1
    assert not any(fate.falls_silent and fate.failure_step for fate in fates)
    assert {fate.failure_step for fate in fates} <= {None, *FAILURE_STEPS}


def test_equal_seeds_give_equal_fleets() -> None:
    """The seed alone decides: the same gives the same fates, another one others."""
    shares = Shares(0.3, 0.2)
    assert draw_fates(100, shares, 1) == draw_fates(100, shares, 1)
    assert draw_fates(100, shares, 1) != draw_fates(100, shares, 2)


@pytest.mark.parametrize(
    ("shares", "expected"), [(Shares(0, 0), {GOOD}), (Shares(0, 1), {GOOD._replace(falls_silent=True)})]
)
def test_whole_fleets_share_one_fate(shares: Shares, expected: set[object]) -> None:
    """A share of nothing spares all, a share of everything spares none."""
    assert set(draw_fates(10, shares, 1)) == expected


@pytest.mark.parametrize("shares", [Shares(-0.1, 0), Shares(0, -0.1), Shares(0.6, 0.5), Shares(1.1, 0)])
def test_shares_that_cannot_be_are_refused(shares: Shares) -> None:
    """Negative shares and more than everybody are refused."""
    with pytest.raises(ValueError, match="at most 1 together"):
        draw_fates(10, shares, 1)
