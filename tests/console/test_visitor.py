"""From where a browser asks (threat-model 2, 4)."""

from __future__ import annotations

import pytest

from whimbrel.console.visitor import FORWARDED_MAX, Visitor, visitor_of

PROXIES = frozenset({"10.0.0.1", "10.0.0.2"})


def asked(peer: str | None, *forwarded: bytes) -> Visitor:
    headers = [(b"x-forwarded-for", text) for text in forwarded]
    client = None if peer is None else (peer, 4711)
    return visitor_of({"type": "http", "headers": headers, "client": client}, PROXIES.__contains__)


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("192.0.2.7", [], Visitor("192.0.2.7", "192.0.2.7")),
        ("192.0.2.7", [b"203.0.113.9"], Visitor("192.0.2.7", "192.0.2.7")),
        ("127.0.0.1", [], Visitor("127.0.0.1", None)),
        ("::1", [b"203.0.113.9"], Visitor("::1", None)),
        ("::ffff:192.0.2.7", [], Visitor("192.0.2.7", "192.0.2.7")),
        ("fe80::1%eth0", [], Visitor("fe80::1", "fe80::1")),
        (None, [b"203.0.113.9"], Visitor("", None)),
        ("/run/socket", [], Visitor("", None)),
        ("10.0.0.1", [], Visitor("10.0.0.1", None)),
        ("10.0.0.1", [b"203.0.113.9"], Visitor("203.0.113.9", "203.0.113.9")),
        ("10.0.0.1", [b"198.51.100.1, 203.0.113.9"], Visitor("203.0.113.9", "203.0.113.9")),
        ("10.0.0.1", [b"203.0.113.9, 10.0.0.2"], Visitor("203.0.113.9", "203.0.113.9")),
        ("10.0.0.1", [b"203.0.113.9, nonsense"], Visitor("10.0.0.1", None)),
        ("10.0.0.1", [b"203.0.113.9", b"203.0.113.8"], Visitor("10.0.0.1", None)),
        ("10.0.0.1", [b"2001:DB8::0001"], Visitor("2001:db8::1", "2001:db8::1")),
        ("10.0.0.1", [b"203.0.113.9" + b",10.0.0.2" * (FORWARDED_MAX - 1)], Visitor("203.0.113.9", "203.0.113.9")),
        ("10.0.0.1", [b"203.0.113.9" + b",10.0.0.2" * FORWARDED_MAX], Visitor("10.0.0.1", None)),
    ],
)
def test_the_nearest_that_is_no_proxy_of_ours(peer: str | None, forwarded: list[bytes], visitor: Visitor) -> None:
    """Only trusted proxies are believed; who stands for many people is not counted."""
    assert asked(peer, *forwarded) == visitor
