"""Names of groups."""

from __future__ import annotations

import pytest

from whimbrel.domain.group import is_valid_name


@pytest.mark.parametrize(
    ("name", "is_valid"),
    [
        ("abc", False),
        ("abcd", True),
        ("x" * 30, True),
        ("x" * 31, False),
        ("A_9z", True),
        ("北厅", True),
        ("厅", False),
        ("厅" * 15, True),
        ("厅" * 15 + "x", False),
        ("a-bc", False),
        ("a bc", False),
        ("abcd\n", False),
        ("", False),
    ],
)
def test_names(name: str, is_valid: bool) -> None:
    """4 to 30 letters, digits, underscores and CJK characters, a CJK one counting 2."""
    assert is_valid_name(name) is is_valid
