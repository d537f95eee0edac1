"""How often somebody may fail to sign in (A04, I17). Time is passed in."""

from __future__ import annotations

import pytest

from whimbrel.console.attempts import (
    COUNTS_MAX,
    FAILURES_OF_ADDRESS_MAX,
    FAILURES_OF_NAME_MAX,
    WINDOW_S,
    Attempts,
)
from whimbrel.errors import TooManyAttemptsError


def fails(attempts: Attempts, name: str, address: str | None = None, now_s: float = 0.0) -> bool:
    """Whether one more try is let in; it fails."""
    try:
        attempts.begin("default", name, address, now_s)
    except TooManyAttemptsError:
        return False
    return True


def tries(attempts: Attempts, number: int, name: str, address: str | None = None) -> int:
    """How many of so many tries are let in."""
    return sum(fails(attempts, name, address) for _ in range(number))


def test_of_a_name() -> None:
    """Ten, from wherever; each account's name has its own."""
    attempts = Attempts()
    let_in = [fails(attempts, "bob", f"192.0.2.{number}") for number in range(FAILURES_OF_NAME_MAX + 1)]
    assert let_in == [True] * FAILURES_OF_NAME_MAX + [False]
    attempts.begin("other", "bob", None, 0.0)


@pytest.mark.parametrize(
    ("first", "second"), [("192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8::ffff:1"), ("::1", "::2")]
)
def test_of_an_address(first: str, second: str) -> None:
    """Fifty, whatever the names; an IPv6 network of 64 bits is one."""
    attempts = Attempts()
    assert sum(fails(attempts, f"name-{number}", first) for number in range(FAILURES_OF_ADDRESS_MAX)) == 50
    assert not fails(attempts, "another", second)
    assert fails(attempts, "another", "2001:db8:1::1")
    assert fails(attempts, "another", None)


def test_the_window() -> None:
    """It begins with the first failure; its end is said, and then all begins anew."""
    attempts = Attempts()
    assert tries(attempts, 11, "bob") == FAILURES_OF_NAME_MAX
    with pytest.raises(TooManyAttemptsError) as refused:
        attempts.begin("default", "bob", None, WINDOW_S - 10)
    assert refused.value.retry_after_s == 11
    assert not fails(attempts, "bob", now_s=WINDOW_S - 0.001)
    assert fails(attempts, "bob", now_s=WINDOW_S)


def test_a_success() -> None:
    """The name starts afresh, the address only loses the one try; a refused try counts nothing."""
    attempts = Attempts()
    tries(attempts, 20, "bob", "192.0.2.7")
    attempts.succeed("default", "bob", "192.0.2.7", 0.0)
    assert tries(attempts, 20, "bob") == FAILURES_OF_NAME_MAX
    others = sum(fails(attempts, f"name-{number}", "192.0.2.7") for number in range(FAILURES_OF_ADDRESS_MAX))
    assert others == FAILURES_OF_ADDRESS_MAX - (FAILURES_OF_NAME_MAX - 1)


def test_what_was_never_judged_does_not_count() -> None:
    """A try that ended by a fault of ours is taken back."""
    attempts = Attempts()
    for _ in range(100):
        attempts.begin("default", "bob", "192.0.2.7", 0.0)
        attempts.cancel("default", "bob", "192.0.2.7", 0.0)
    assert attempts._counts == {}


def test_I17_counts_are_bounded() -> None:
    """Of the oldest the one that failed least is forgotten: who invents names gets no more tries at a name of ours."""
    attempts = Attempts()
    tries(attempts, FAILURES_OF_NAME_MAX, "oldest")
    for number in range(3 * COUNTS_MAX):
        attempts.begin("default", f"name-{number}", None, 0.0)
    assert len(attempts._counts) == COUNTS_MAX
    assert not fails(attempts, "oldest")
    assert ("name", "default", "name-0") not in attempts._counts


def test_I17_all_near_their_limit() -> None:
    """Then the oldest goes all the same, and first what is over."""
    attempts = Attempts()
    for number in range(COUNTS_MAX):
        tries(attempts, FAILURES_OF_NAME_MAX, f"name-{number}")
    attempts.begin("default", "one more", None, 0.0)
    assert len(attempts._counts) == COUNTS_MAX
    assert ("name", "default", "name-0") not in attempts._counts
    attempts.begin("default", "much later", None, WINDOW_S)
    assert ("name", "default", "name-1") not in attempts._counts
    assert len(attempts._counts) == COUNTS_MAX
