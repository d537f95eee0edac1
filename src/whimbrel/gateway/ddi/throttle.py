"""How often the DDI door lets one address and one device ask (ddi-protocol 11, I17). Pure: the time is passed in.

1. An address is counted before anybody is recognised, by the setting `ddi-limits`. Loopback and trusted proxies stand
   for many devices and are not counted: a proxy limits its own clients.
2. A device is counted once it has proved who it is, whatever address it comes from, so nobody uses up another's share
   by naming it.
3. An IPv6 host has as many addresses as it likes, so its network of 64 bits is counted.
4. What is over the limit is told to come again in a second: each second begins anew.
"""

from __future__ import annotations

import ipaddress
from enum import Enum
from typing import NamedTuple

from whimbrel.gateway.ddi.proxies import TrustedProxies

RETRY_AFTER_S = 1
COUNTS_MAX = 40_000
"""So many askers are told apart in a second. Whoever comes after them goes uncounted: in a second with that many
requests it is not one more asker's share that the server suffers from."""
_IPV6_NETWORK_BITS = 64


class Kind(Enum):
    """What a request does. Clients that install while they download ask for hundreds of small ranges a second (hawkBit
    #1249); every download is held to the least speed of a peer besides.
    """

    READ = "read"
    WRITE = "write"
    DOWNLOAD = "download"


class Limits(NamedTuple):
    """Requests a second of one asker; reads and writes are hawkBit's figures."""

    reads: int = 200
    writes: int = 50
    downloads: int = 2_000

    def of(self, kind: Kind) -> int:
        return {Kind.READ: self.reads, Kind.WRITE: self.writes, Kind.DOWNLOAD: self.downloads}[kind]


ADDRESS_LIMITS = Limits()
#: A device that posts its log line by line, as SWUpdate does, goes as fast as it is answered.
DEVICE_LIMITS = Limits(writes=200)


class DdiThrottle:
    """Counts of the current second; kept per process. `of_addresses` None: addresses are not counted."""

    def __init__(self, proxies: TrustedProxies, of_addresses: Limits | None = ADDRESS_LIMITS) -> None:
        self._proxies = proxies
        self._of_addresses = of_addresses
        self._second = -1
        self._counts: dict[tuple[str | int, Kind], int] = {}

    def admits_address(self, peer_address: str, kind: Kind, now_s: float) -> bool:
        """Whether the address may ask once more. An address that is none, as of a local socket, is not counted."""
        if self._of_addresses is None:
            return True
        asker = self._asker(peer_address)
        return asker is None or self._admits((asker, kind), self._of_addresses.of(kind), now_s)

    def admits_device(self, device_id: int, kind: Kind, now_s: float) -> bool:
        """Whether the device, which has proved that it is this one, may ask once more."""
        return self._admits((device_id, kind), DEVICE_LIMITS.of(kind), now_s)

    def _admits(self, key: tuple[str | int, Kind], limit: int, now_s: float) -> bool:
        second = int(now_s)
        if second != self._second:
            self._second = second
            self._counts.clear()
        count = self._counts.get(key, 0)
        if count >= limit:
            return False
        if count or len(self._counts) < COUNTS_MAX:
            self._counts[key] = count + 1
        return True

    def _asker(self, peer_address: str) -> str | None:
        try:
            address = ipaddress.ip_address(peer_address)
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped is None:
                if address.is_loopback or self._proxies.trusts(peer_address):
                    return None
                return f"{int(address) >> (128 - _IPV6_NETWORK_BITS):x}/64"
            address = address.ipv4_mapped
        return None if address.is_loopback or self._proxies.trusts(peer_address) else str(address)


def throttle_of(proxies: TrustedProxies, limits: tuple[int, int] | None) -> DdiThrottle:
    """As the setting `ddi-limits` says: reads and writes a second of one address, None for no limit."""
    return DdiThrottle(proxies, None if limits is None else Limits(*limits))
