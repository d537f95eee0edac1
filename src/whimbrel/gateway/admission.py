"""Who is let near the store: limits by address, device and account, so that a storm of some is not the end of all
(F19).

Whoever is over a limit is told to come back, never that its credential is bad. State is bounded and forgotten (I17):
it is kept for addresses that connect now, for devices that came in this minute, and for accounts that have sessions.
"""

from __future__ import annotations

import ipaddress
from typing import Final, NamedTuple

from whimbrel.ports.store import DeviceLogin

ADDRESS_CONNECTS_A_SECOND: Final = 500
"""Generous: behind one address may be the devices of a whole building, all back at once after a power cut."""

BURST_SECONDS: Final = 20
"""How many seconds' worth of connects may come at once: with 500 a second, 10,000 devices behind one NAT."""

HALF_OPEN_PER_ADDRESS_MAX: Final = 2_000
"""Connections of one address that have not proved anything yet; each lives 10 seconds at most (threat-model 4)."""

ADDRESSES_MAX: Final = 10_000
"""Addresses remembered. With so many attackers a limit by address is no help, and honest newcomers shall get in."""

LOOK_SECONDS: Final = 1.0
"""Between two looks through all of them for who has rested: one takes 0.4 ms, more than all else of a connect."""

SESSIONS_A_MINUTE_MAX: Final = 60
"""Sessions that one device may begin in a minute. SDKs wait a second and more before they reconnect; two devices with
one name that kick each other out do not."""

RETRY_SECONDS: Final = 5
RETRY_JITTER_SECONDS: Final = 25

_IPV6_NETWORK_BITS = 64  # what one customer has; within it an attacker picks any address


class Limits(NamedTuple):
    """What an operator may set; 0 is no limit."""

    address_connects_s: int = ADDRESS_CONNECTS_A_SECOND
    account_connections: int = 0


class _Address:
    """One address: connects left of its burst at a time, and connections that have proved nothing yet."""

    __slots__ = ("at_s", "connects_left", "half_open")

    def __init__(self, connects_left: float, at_s: float) -> None:
        self.connects_left = connects_left
        self.at_s = at_s
        self.half_open = 0


class Admission:
    """One for all doors of a process. `now_s` are seconds of one monotonic clock."""

    def __init__(self, limits: Limits = Limits()) -> None:  # noqa: B008  an immutable value
        self._limits = limits
        self._burst = limits.address_connects_s * BURST_SECONDS
        self._addresses: dict[str, _Address] = {}
        self._looked_s = -LOOK_SECONDS
        self._minute = -1
        self._sessions_begun: dict[int, int] = {}
        self._account_sessions: dict[int, int] = {}

    def may_open(self, source: str, now_s: float) -> bool:
        """One more connection of this source (`source_of`) that has proved nothing; False when it has too many of them.

        When True, `settled` must follow.
        """
        address = self._address(source, now_s)
        if address is None:
            return True
        if address.half_open >= HALF_OPEN_PER_ADDRESS_MAX:
            return False
        address.half_open += 1
        return True

    def settled(self, source: str) -> None:
        """The connection has proved its device, or has ended."""
        address = self._addresses.get(source)
        if address is not None and address.half_open:
            address.half_open -= 1

    def may_ask(self, source: str, now_s: float) -> bool:
        """One login or registration of this source; False when it asks too often."""
        address = self._address(source, now_s)
        if address is None:
            return True
        passed_s = max(0.0, now_s - address.at_s)
        address.connects_left = min(self._burst, address.connects_left + passed_s * self._limits.address_connects_s)
        address.at_s = now_s
        if address.connects_left < 1:
            return False
        address.connects_left -= 1
        return True

    def may_enter(self, login: DeviceLogin, now_s: float) -> bool:
        """A device that has proved itself begins a session; False when it flaps or its account has all it may have.

        When True, `left` must follow. Only proved devices are counted: nobody locks out another by its name.
        """
        minute = int(now_s // 60)
        if minute != self._minute:
            self._minute = minute
            self._sessions_begun = {}
        begun = self._sessions_begun.get(login.device_id, 0)
        sessions = self._account_sessions.get(login.account_id, 0)
        if begun >= SESSIONS_A_MINUTE_MAX or 0 < self._limits.account_connections <= sessions:
            return False
        self._sessions_begun[login.device_id] = begun + 1
        self._account_sessions[login.account_id] = sessions + 1
        return True

    def left(self, account_id: int) -> None:
        """A session ended."""
        sessions = self._account_sessions.get(account_id, 0)
        if sessions > 1:
            self._account_sessions[account_id] = sessions - 1
        else:
            self._account_sessions.pop(account_id, None)

    def _address(self, source: str, now_s: float) -> _Address | None:
        """What is remembered of a source; None when it is not limited."""
        if not source or not self._limits.address_connects_s:
            return None
        address = self._addresses.get(source)
        if address is None:
            if len(self._addresses) >= ADDRESSES_MAX and now_s - self._looked_s >= LOOK_SECONDS:
                self._looked_s = now_s
                self._forget_rested(now_s)
            if len(self._addresses) >= ADDRESSES_MAX:
                return None
            address = self._addresses[source] = _Address(self._burst, now_s)
        return address

    def _forget_rested(self, now_s: float) -> None:
        """Addresses whose burst is whole again and that have nothing open: as if they had never come."""
        self._addresses = {
            source: address
            for source, address in self._addresses.items()
            if address.half_open
            or address.connects_left + (now_s - address.at_s) * self._limits.address_connects_s < self._burst
        }


def source_of(address: str) -> str:
    """Whom an IP address is counted for: itself, or its network with IPv6; empty, which is not limited, for this
    machine.

    Behind a proxy on this machine everybody would share its address.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(ip, "ipv4_mapped", None) or ip
    if mapped.is_loopback:
        return ""
    if isinstance(mapped, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(mapped), _IPV6_NETWORK_BITS), strict=False))
    return str(mapped)


def retry_after_s(share: float) -> int:
    """When to come back, in seconds; `share`, 0 to 1, is random, so that not all come back at once."""
    return RETRY_SECONDS + int(share * RETRY_JITTER_SECONDS)
