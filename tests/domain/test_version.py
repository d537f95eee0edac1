"""Versions are names (A24)."""

from __future__ import annotations

import pytest

from whimbrel.domain.version import VERSION, is_reportable


@pytest.mark.parametrize(
    ("version", "is_valid"),
    [
        ("", False),
        ("1.0.0", True),
        ("v" * 64, True),
        ("v" * 65, False),
        ("a-b_c.9", True),
        ("1 0", False),
        ("1.0\n", False),
        ("١", False),
    ],
)
def test_version_of_firmware(version: str, is_valid: bool) -> None:
    """Firmware has a version of 1 to 64 ASCII letters, digits, dots, underscores and dashes."""
    assert (VERSION.fullmatch(version) is not None) is is_valid


@pytest.mark.parametrize(
    ("version", "is_valid"),
    [
        ("", False),
        ("v" * 64, True),
        ("v" * 65, False),
        ("1.0 beta (x)", True),
        ("版本1", True),
        ("1.0\n", False),
        ("1.0\0", False),
        ("\x1b[31m", False),
        ("1\u202e0", False),
    ],
)
def test_version_of_devices(version: str, is_valid: bool) -> None:
    """A device may report any 1 to 64 printable characters."""
    assert is_reportable(version) is is_valid
