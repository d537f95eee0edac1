"""Which passwords are taken (ours, after NIST SP 800-63B 5.1.1; A10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.password import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN, fault_of, normalized

NAME = "ann@example.org"
LONG = "tidal flats at dawn "


@pytest.mark.parametrize(
    ("length", "is_taken"),
    [
        (0, False),
        (PASSWORD_LENGTH_MIN - 1, False),
        (PASSWORD_LENGTH_MIN, True),
        (PASSWORD_LENGTH_MIN + 1, True),
        (PASSWORD_LENGTH_MAX - 1, True),
        (PASSWORD_LENGTH_MAX, True),
        (PASSWORD_LENGTH_MAX + 1, False),
    ],
)
def test_lengths(length: int, is_taken: bool) -> None:
    """12 to 256 characters."""
    assert (fault_of((LONG * 20)[:length], NAME) is None) is is_taken


@pytest.mark.parametrize(
    ("password", "is_taken"),
    [
        ("曲嘴鹬飞越太平洋不停歇十二", True),
        ("correct horse battery", True),
        ("correcthorsebatterystaple", False),
        ("Password1234", False),
        ("PASSWORDPASSWORD", False),
        ("qwertyqwertyqwerty", False),
        ("123456789012", False),
        ("aaaaaaaaaaaaaaaa", False),
        ("abababababab", False),
        ("abcabcabcabcabcd", True),
        ("I am ann@example.org", False),
        ("I AM ANN@EXAMPLE.ORG", False),
        ("whom the bell tolls, ann", True),
        ("\ud800 half a character", False),
    ],
)
def test_what_is_guessed_first(password: str, is_taken: bool) -> None:
    """Neither the commonest nor the user's own name, in any case; anything else that is long."""
    assert (fault_of(password, NAME) is None) is is_taken


def test_the_name_before_the_at_sign() -> None:
    """The first part of an e-mail address is a name too."""
    assert fault_of("wilhelmina was here", "wilhelmina@example.org") is not None
    assert fault_of("wilhelmina was here", "ann@wilhelmina.example") is None


def test_the_same_password_from_another_keyboard() -> None:
    """Composed or not, full width or not: the same characters are the same password."""
    assert normalized("Cafe\u0301 ｗｉｄｅ") == normalized("Caf\u00e9 wide")


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300), st.text(min_size=1, max_size=64))
def test_any_text_is_judged(password: str, name: str) -> None:
    """No text makes the rules fail, and what they take can be written down."""
    if fault_of(password, name) is None:
        normalized(password).encode()
