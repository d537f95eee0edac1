"""From where a browser asks: the peer's address, or what a trusted proxy says of it (threat-model 2, 4)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import NamedTuple

from whimbrel.asgi import Scope, header

FORWARDED_MAX = 20  # addresses of X-Forwarded-For that are looked at, from the end

Trusts = Callable[[str], bool]


class Visitor(NamedTuple):
    """`address` is for people; `counted` for limits, None when it stands for many people."""

    address: str
    counted: str | None


def visitor_of(scope: Scope, trusts: Trusts) -> Visitor:
    """Behind a trusted proxy the last address of `X-Forwarded-For` that is no trusted proxy's; else the peer's."""
    client = scope.get("client")
    peer = _address(client[0] if client else "")
    if peer is None:
        return Visitor("", None)
    if not trusts(peer):
        return Visitor(peer, None if ipaddress.ip_address(peer).is_loopback else peer)
    # The nearest proxy wrote the last one; what stands before may be anybody's invention.
    for text in reversed((header(scope, b"x-forwarded-for") or "").split(",")[-FORWARDED_MAX:]):
        address = _address(text.strip(" "))
        if address is None:
            break
        if not trusts(address):
            return Visitor(address, address)
    return Visitor(peer, None)


def _address(text: str) -> str | None:
    """As every address is written, IPv4 in IPv6 as IPv4; None for what is none."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        found = ipaddress.IPv6Address(int(found))  # without the zone, which is a text of the asker's
        return str(found.ipv4_mapped or found)
    return str(found)
