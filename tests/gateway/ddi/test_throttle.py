"""How often the DDI door lets one address and one device ask (ddi-protocol 11, I17)."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from whimbrel.gateway.ddi.proxies import TrustedProxies
from whimbrel.gateway.ddi.throttle import COUNTS_MAX, DEVICE_LIMITS, DdiThrottle, Kind, Limits

NOBODY = TrustedProxies(())
STRANGER = "192.0.2.7"


def admitted(throttle: DdiThrottle, address: str, count: int, kind: Kind = Kind.READ, now_s: float = 10.0) -> int:
    """How many of so many requests of an address are let in."""
    return sum(throttle.admits_address(address, kind, now_s) for _ in range(count))


@pytest.mark.parametrize(("kind", "limit"), [(Kind.READ, 200), (Kind.WRITE, 50), (Kind.DOWNLOAD, 2_000)])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_limits_of_an_address(kind: Kind, limit: int, more: int) -> None:
    """As many as the limit are let in within a second, and not one more; each kind is counted by itself."""
    throttle = DdiThrottle(NOBODY)
    for other in Kind:
        if other is not kind:
            admitted(throttle, STRANGER, 5, other)
    assert admitted(throttle, STRANGER, limit + more, kind) == min(limit, limit + more)


@pytest.mark.parametrize(("kind", "limit"), [(Kind.READ, 200), (Kind.WRITE, 200), (Kind.DOWNLOAD, 2_000)])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_limits_of_a_device(kind: Kind, limit: int, more: int) -> None:
    """As many as the limit are let in within a second, and not one more."""
    throttle = DdiThrottle(NOBODY)
    found = sum(throttle.admits_device(7, kind, 10.9) for _ in range(limit + more))
    assert found == min(limit, limit + more)


def test_a_new_second() -> None:
    """What was refused is let in a second later; a clock that jumps back begins anew too."""
    throttle = DdiThrottle(NOBODY, Limits(reads=1))
    for now_s in (10.0, 11.0, 9.5):
        assert admitted(throttle, STRANGER, 3, now_s=now_s) == 1


def test_askers_have_shares_of_their_own() -> None:
    """One address or device that has used up its share takes nothing of another's, nor a device of its address."""
    throttle = DdiThrottle(NOBODY, Limits(reads=1))
    assert admitted(throttle, STRANGER, 2) == 1
    assert admitted(throttle, "192.0.2.8", 2) == 1
    assert throttle.admits_device(1, Kind.READ, 10.0)
    assert [throttle.admits_device(2, Kind.READ, 10.0) for _ in range(DEVICE_LIMITS.reads + 5)].count(False) == 5
    assert throttle.admits_device(1, Kind.READ, 10.0)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "10.1.2.3", "fd00::5", "", "@"]
)
def test_who_is_not_counted(address: str) -> None:
    """Loopback, trusted proxies and local sockets stand for many devices."""
    proxies = TrustedProxies((ip_network("10.0.0.0/8"), ip_network("fd00::/16")))
    assert admitted(DdiThrottle(proxies, Limits(reads=1)), address, 5) == 5


def test_limits_that_are_off() -> None:
    """Without limits of addresses any number is let in; devices stay limited."""
    throttle = DdiThrottle(NOBODY, None)
    assert admitted(throttle, STRANGER, 1_000) == 1_000
    assert [throttle.admits_device(7, Kind.WRITE, 10.0) for _ in range(DEVICE_LIMITS.writes + 5)].count(False) == 5


def test_one_host_of_many_addresses() -> None:
    """Addresses of one IPv6 network of 64 bits share; an IPv4 address is the same in its IPv6 form."""
    throttle = DdiThrottle(NOBODY, Limits(reads=1))
    assert [admitted(throttle, f"2001:db8::{host}", 1) for host in (1, 2, "ffff")] == [1, 0, 0]
    assert admitted(throttle, "2001:db8:0:1::1", 1) == 1
    assert [admitted(throttle, address, 1) for address in (STRANGER, f"::ffff:{STRANGER}")] == [1, 0]


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_I17_memory_is_bounded(more: int) -> None:
    """So many askers are told apart in a second; one more is let in and not remembered."""
    throttle = DdiThrottle(NOBODY, Limits(reads=1))
    for number in range(COUNTS_MAX + more):
        assert throttle.admits_device(number, Kind.READ, 10.0)
    assert len(throttle._counts) == min(COUNTS_MAX, COUNTS_MAX + more)
    assert admitted(throttle, STRANGER, 2) == (1 if more < 0 else 2)
    assert admitted(throttle, STRANGER, 2, now_s=11.0) == 1
