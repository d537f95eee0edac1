"""Limits by address, device and account (F18, F19, I17, A28): at -1, 0, +1, and nothing kept of who has gone."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.gateway import admission
from whimbrel.gateway.admission import (
    BURST_SECONDS,
    HALF_OPEN_PER_ADDRESS_MAX,
    LOOK_SECONDS,
    RETRY_JITTER_SECONDS,
    RETRY_SECONDS,
    SESSIONS_A_MINUTE_MAX,
    Admission,
    Limits,
    retry_after_s,
    source_of,
)
from whimbrel.ports.store import DeviceLogin


def login(device_id: int = 1, account_id: int = 1) -> DeviceLogin:
    return DeviceLogin(device_id, account_id, "secret", is_disabled=False)


def count(ask: object, times: int, *arguments: object) -> int:
    """How often the answer is yes."""
    assert callable(ask)
    return sum(bool(ask(*arguments)) for _ in range(times))


def test_F19_connects_of_an_address() -> None:
    """A burst of twenty seconds' worth, then the rate; another address has its own."""
    desk = Admission(Limits(address_connects_s=5))
    assert count(desk.may_ask, 5 * BURST_SECONDS + 1, "10.0.0.1", 100.0) == 5 * BURST_SECONDS
    assert count(desk.may_ask, 10, "10.0.0.2", 100.0) == 10
    assert count(desk.may_ask, 10, "10.0.0.1", 101.0) == 5
    assert count(desk.may_ask, 5 * BURST_SECONDS + 1, "10.0.0.1", 10_000.0) == 5 * BURST_SECONDS


def test_no_limit() -> None:
    """0 switches the limits of addresses off; this machine has none, for a proxy on it would be everybody."""
    off, on = Admission(Limits(address_connects_s=0)), Admission(Limits(address_connects_s=1))
    for desk, source in ((off, "10.0.0.1"), (on, source_of("127.0.0.1"))):
        assert count(desk.may_ask, 1_000, source, 1.0) == 1_000
        assert count(desk.may_open, HALF_OPEN_PER_ADDRESS_MAX + 1, source, 1.0) == HALF_OPEN_PER_ADDRESS_MAX + 1


def test_half_open_connections_of_an_address() -> None:
    """So many that have proved nothing, and one more for each that has or has gone."""
    desk = Admission()
    asked = HALF_OPEN_PER_ADDRESS_MAX + 1
    assert count(desk.may_open, asked, "10.0.0.1", 1.0) == HALF_OPEN_PER_ADDRESS_MAX
    assert desk.may_open("10.0.0.2", 1.0)
    desk.settled("10.0.0.1")
    assert count(desk.may_open, 2, "10.0.0.1", 1.0) == 1


def test_F18_a_flapping_device() -> None:
    """So many sessions a minute; the next minute begins anew, and another device is not concerned."""
    desk = Admission()
    asked = SESSIONS_A_MINUTE_MAX + 1
    assert count(desk.may_enter, asked, login(1), 59.9) == SESSIONS_A_MINUTE_MAX
    assert desk.may_enter(login(2), 59.9)
    assert desk.may_enter(login(1), 60.0)


def test_connections_of_an_account() -> None:
    """As many at once as are set, and one more for each that left; off by default."""
    desk = Admission(Limits(account_connections=3))
    found = [desk.may_enter(login(number), 1.0) for number in range(4)]
    assert found == [True, True, True, False]
    assert desk.may_enter(login(9, account_id=2), 1.0)
    desk.left(1)
    assert [desk.may_enter(login(number), 1.0) for number in (5, 6)] == [True, False]
    free = Admission()
    assert all(free.may_enter(login(number), 1.0) for number in range(10_000))


def test_I17_addresses_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many addresses only those are kept that still mean something; too many at once and the newest is let in."""
    monkeypatch.setattr(admission, "ADDRESSES_MAX", 10)
    desk = Admission(Limits(address_connects_s=1))
    for number in range(10):
        assert desk.may_ask(f"10.0.0.{number}", 0.0)
    assert desk.may_open("10.0.0.0", 0.0)
    assert desk.may_open("10.0.1.0", 0.5)  # nobody has rested yet: it is let in and not counted
    assert len(desk._addresses) == 10
    desk.settled("10.0.1.0")
    assert desk.may_ask("10.0.1.1", 2.0)
    assert desk._addresses.keys() == {"10.0.0.0", "10.0.1.1"}  # the first still has something open


def test_F20_a_flood_of_addresses_costs_one_look_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """With more addresses than are remembered, not each new one has all the others looked through."""
    monkeypatch.setattr(admission, "ADDRESSES_MAX", 10)
    looks: list[float] = []
    forget = Admission._forget_rested

    def noted(desk: Admission, now_s: float) -> None:
        looks.append(now_s)
        forget(desk, now_s)

    monkeypatch.setattr(Admission, "_forget_rested", noted)
    desk = Admission()
    for number in range(100):
        assert desk.may_open(f"10.0.0.{number}", 0.0)
    assert desk.may_open("10.0.1.0", LOOK_SECONDS - 0.01)
    assert looks == [0.0]
    for number in range(10):
        desk.settled(f"10.0.0.{number}")
    assert desk.may_open("10.0.1.1", LOOK_SECONDS)
    assert (looks, desk._addresses.keys()) == ([0.0, LOOK_SECONDS], {"10.0.1.1"})


def test_I17_devices_and_accounts_are_forgotten() -> None:
    """What a minute counted is gone with it, and an account without sessions takes no room."""
    desk = Admission()
    for number in range(100):
        assert desk.may_enter(login(number, number), 1.0)
        desk.left(number)
    assert desk.may_enter(login(), 61.0)
    assert (len(desk._sessions_begun), len(desk._account_sessions)) == (1, 1)
    desk.left(1)
    desk.left(1)
    assert not desk._account_sessions


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", ""),
        ("127.9.9.9", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("", ""),
        ("a socket of this machine", ""),
    ],
)
def test_sources(address: str, source: str) -> None:
    """An IPv4 address counts alone, an IPv6 one with its network, and this machine not at all."""
    assert source_of(address) == source


@given(st.ip_addresses())
def test_each_address_has_a_source(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Of any address, and never a longer text than its network's."""
    assert len(source_of(str(address))) <= 45


@given(st.floats(0, 1))
def test_when_to_come_back(share: float) -> None:
    """5 to 30 seconds, so that those who were turned away together do not come back together."""
    assert RETRY_SECONDS <= retry_after_s(share) <= RETRY_SECONDS + RETRY_JITTER_SECONDS
