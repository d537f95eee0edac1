"""How often refused calls are entered into the audit trail (threat-model I15, I16, I17)."""

from __future__ import annotations

from whimbrel.domain.access import EVERYTHING, NOTHING, Caller
from whimbrel.rpc.throttle import HOUR_MS, KEYS_PER_ACCOUNT_MAX, REFUSALS_PER_HOUR_MAX, Refusals


def caller(account_id: int, number: int = 0) -> Caller:
    return Caller(account_id, f"key-{number}", EVERYTHING, NOTHING)


def test_I17_so_many_an_hour_of_one_key() -> None:
    """The last that fits is entered, the next is not; another key and the next hour have room."""
    refusals = Refusals()
    assert all(refusals.may_enter(caller(1), 0) for _ in range(REFUSALS_PER_HOUR_MAX))
    assert not refusals.may_enter(caller(1), HOUR_MS - 1)
    assert refusals.may_enter(caller(1, 1), HOUR_MS - 1)
    assert refusals.may_enter(caller(1), HOUR_MS)


def test_I15_no_account_silences_another() -> None:
    """Keys that are made and deleted without end use up their own account's room, and what is known stays known."""
    refusals = Refusals()
    entered = [refusals.may_enter(caller(1, number), 0) for number in range(20_000)]
    assert entered == [number < KEYS_PER_ACCOUNT_MAX for number in range(20_000)]
    assert refusals.may_enter(caller(1), 0)
    assert refusals.may_enter(caller(2), 0)
