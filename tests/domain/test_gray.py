"""Which share of a product's devices a gray release takes (api-contract 7.3)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.gray import KEYS, gray_devices, gray_start, is_percent


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("0.001", True),
        ("33", True),
        ("33.33", True),
        ("33.333", True),
        ("100", True),
        ("100.000", True),
        ("007.5", True),
        ("0", False),
        ("0.000", False),
        ("0.0001", False),
        ("100.001", False),
        ("101", False),
        ("1000", False),
        ("-1", False),
        ("+1", False),
        (".5", False),
        ("5.", False),
        ("1e1", False),
        ("50%", False),
        (" 50", False),
        ("", False),
        ("NaN", False),
        ("\u0665\u0660", False),
    ],
)
def test_percent(text: str, is_one: bool) -> None:
    """A share is above 0 and up to 100, in ASCII digits with at most 3 decimals."""
    assert is_percent(text) is is_one


@pytest.mark.parametrize(
    ("percent", "candidates", "devices"),
    [
        ("50", 0, 0),
        ("0.001", 1, 1),
        ("0.001", 99_999, 1),
        ("0.001", 200_000, 2),
        ("33.333", 3, 1),
        ("33.334", 3, 1),
        ("66.667", 3, 2),
        ("29", 100, 29),
        ("57.9", 1000, 579),
        ("99.999", 1000, 999),
        ("100", 1_000_003, 1_000_003),
    ],
)
def test_devices(percent: str, candidates: int, devices: int) -> None:
    """The share of the candidates rounded down, but at least one when there is one."""
    assert gray_devices(percent, candidates) == devices


@given(st.integers(1, 100_000), st.integers(0, 10_000_000))
def test_devices_are_exact(thousandths: int, candidates: int) -> None:
    """No share loses a device to the rounding of binary fractions."""
    exact = Fraction(thousandths * candidates, 100_000)
    expected = min(candidates, max(1, exact.numerator // exact.denominator))
    assert gray_devices(str(Decimal(thousandths) / 1000), candidates) == expected


def test_start() -> None:
    """Each job begins at a key of its own, always the same."""
    starts = [gray_start(job_id) for job_id in range(1, 1000)]
    assert starts == [gray_start(job_id) for job_id in range(1, 1000)]
    assert len(set(starts)) == 999
    assert all(0 <= start < KEYS for start in starts)
