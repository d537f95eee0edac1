"""How often somebody may fail to sign in: for one name, and from one address (A04, I17). Kept per process and bounded.

1. An attempt counts before its password is compared, so that many at once are no more than one after the other; one
   that succeeds is taken back, and its name starts afresh.
2. The name is counted whatever the address, so many machines have no more tries than one. A stranger may so keep a
   person from signing in for a while, but not from going on where that person is signed in (ADR 0055).
3. An IPv6 host has as many addresses as it likes, so its network of 64 bits is counted. An address that stands for many
   people is None and not counted.
"""

from __future__ import annotations

import ipaddress
from itertools import islice
from typing import NamedTuple

from whimbrel.errors import TooManyAttemptsError

FAILURES_OF_NAME_MAX = 10
FAILURES_OF_ADDRESS_MAX = 50
WINDOW_S = 15 * 60.0
COUNTS_MAX = 10_000  # names and addresses that are told apart; then one is forgotten
LOOKED_AT = 100  # of the oldest counts: the one of the fewest failures is forgotten
_IPV6_NETWORK_BITS = 64

Key = tuple[str, ...]


class _Count(NamedTuple):
    """Failures of a window that ends then."""

    n: int
    ends_s: float


class Attempts:
    """Of one process. `now_s` is monotonic."""

    def __init__(self) -> None:
        self._counts: dict[Key, _Count] = {}

    def begin(self, account: str, name: str, address: str | None, now_s: float) -> None:
        """Counts one attempt. Raises TooManyAttemptsError, which counts nothing."""
        keys = _keys(account, name, address)
        for key, most in keys.items():
            count = self._of(key, now_s)
            if count.n >= most:
                raise TooManyAttemptsError(max(1, int(count.ends_s - now_s) + 1))
        for key in keys:
            count = self._of(key, now_s)
            if key not in self._counts and len(self._counts) >= COUNTS_MAX:
                self._forget_one(now_s)
            self._counts[key] = count._replace(n=count.n + 1)

    def succeed(self, account: str, name: str, address: str | None, now_s: float) -> None:
        """The attempt that began was none: nobody guesses who knows the password."""
        name_key, *others = _keys(account, name, address)
        self._counts.pop(name_key, None)
        self._take_back(others, now_s)

    def cancel(self, account: str, name: str, address: str | None, now_s: float) -> None:
        """The attempt that began was never judged."""
        self._take_back(list(_keys(account, name, address)), now_s)

    def _forget_one(self, now_s: float) -> None:
        """Who invents names, or has many addresses, makes nothing forgotten that is near its limit."""
        oldest = islice(self._counts, LOOKED_AT)
        del self._counts[min(oldest, key=lambda key: (self._counts[key].ends_s > now_s, self._counts[key].n))]

    def _take_back(self, keys: list[Key], now_s: float) -> None:
        for key in keys:
            count = self._of(key, now_s)
            if count.n > 1:
                self._counts[key] = count._replace(n=count.n - 1)
            else:
                self._counts.pop(key, None)

    def _of(self, key: Key, now_s: float) -> _Count:
        count = self._counts.get(key)
        if count is None or now_s >= count.ends_s:
            self._counts.pop(key, None)
            return _Count(0, now_s + WINDOW_S)
        return count


def _keys(account: str, name: str, address: str | None) -> dict[Key, int]:
    """Each with its limit, the name's first."""
    found: dict[Key, int] = {("name", account, name): FAILURES_OF_NAME_MAX}
    if address is not None:
        found["address", _network_of(address)] = FAILURES_OF_ADDRESS_MAX
    return found


def _network_of(address: str) -> str:
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv4Address):
        return address
    return str(ipaddress.ip_network((found, _IPV6_NETWORK_BITS), strict=False))
