"""How often a caller may do things: the vendor's calls a second, where they are switched on, and audited refusals.

Both are kept per process and bounded: who is forgotten starts afresh.
"""

from __future__ import annotations

from whimbrel.domain.access import ACCESS_KEYS_MAX, Caller
from whimbrel.errors import ThrottlingError
from whimbrel.operations.declaration import Operation
from whimbrel.ports.clock import Clock

KEYS_PER_ACCOUNT_MAX = 2 * ACCESS_KEYS_MAX  # an hour; keys may be deleted and made anew
REFUSALS_PER_HOUR_MAX = 60
HOUR_MS = 3_600_000


class Throttle:
    """The vendor's QPS quotas (api-contract 14): calls of one account to one action within a second."""

    def __init__(self, clock: Clock, *, is_on: bool) -> None:
        self._clock = clock
        self._is_on = is_on
        self._second = -1
        self._calls: dict[tuple[int, str], int] = {}

    def check(self, account_id: int, operation: Operation) -> None:
        """Raises ThrottlingError when the account has used up this second's calls of the action."""
        if not self._is_on or operation.manner.halts:
            return
        second = int(self._clock.monotonic_s())
        if second != self._second:
            self._second = second
            self._calls.clear()
        caller = (account_id, operation.action)
        calls = self._calls.get(caller, 0)
        if calls >= operation.manner.qps:
            raise ThrottlingError(
                f"{operation.action} may be called {operation.manner.qps} times a second by one account; wait a second"
            )
        self._calls[caller] = calls + 1


class Refusals:
    """Which refused calls are entered into the audit trail: of one key at most REFUSALS_PER_HOUR_MAX an hour.

    Each account has room of its own: however many keys one makes and deletes, it silences no other's (I15).
    """

    def __init__(self) -> None:
        self._hour = -1
        self._entered: dict[int, dict[str, int]] = {}

    def may_enter(self, caller: Caller, now_ms: int) -> bool:
        hour = now_ms // HOUR_MS
        if hour != self._hour:
            self._hour = hour
            self._entered.clear()
        of_account = self._entered.setdefault(caller.account_id, {})
        entered = of_account.get(caller.access_key_id, 0)
        if entered >= REFUSALS_PER_HOUR_MAX or (not entered and len(of_account) >= KEYS_PER_ACCOUNT_MAX):
            return False
        of_account[caller.access_key_id] = entered + 1
        return True
