"""Who is believed what they say of a device's certificate: the proxies of `--trusted-proxies`, and nobody else.

A proxy that ends TLS says it by `X-Controller-Id` and by `X-Authority` or `X-Authority-0`, `-1`, ... (ddi-protocol 2).
From any other address these headers are as if they were not there.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

from whimbrel.asgi import Headers
from whimbrel.domain.ddi_access import AUTHORITIES_MAX, AUTHORITY
from whimbrel.domain.ddi_claim import Claim
from whimbrel.gateway.ddi.address import Address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ASSERTED_ID, AUTHORITY_HEADER = b"x-controller-id", b"x-authority"
_SEPARATOR = re.compile("[;,]")


class TrustedProxies:
    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)

    def trusts(self, peer_address: str) -> bool:
        """False for what is no IP address, as for a peer that has none."""
        try:
            address = ipaddress.ip_address(peer_address)
        except ValueError:
            return False
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return any((mapped or address) in network for network in self._networks)


def claim_of(
    address: Address, headers: Headers, peer_address: str, proxies: TrustedProxies, *, may_register: bool = False
) -> Claim:
    """What a request says of its device. A header that comes twice has no one meaning and counts as absent."""
    found = _once(headers)
    claim = Claim(
        address.tenant,
        address.controller_id,
        found.get(b"authorization"),
        peer_address=peer_address,
        may_register=may_register,
    )
    if ASSERTED_ID not in found or not proxies.trusts(peer_address):
        return claim
    return claim._replace(asserted_id=found[ASSERTED_ID], authorities=_authorities(found))


def _once(headers: Headers) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    twice: set[bytes] = set()
    for name, value in headers:
        if name in found:
            twice.add(name)
        found[name] = value.decode("latin-1")
    return {name: value for name, value in found.items() if name not in twice}


def _authorities(headers: Mapping[bytes, str]) -> tuple[str, ...]:
    """In lower case; of several forms all count. At most AUTHORITIES_MAX are looked at."""
    texts = _SEPARATOR.split(headers.get(AUTHORITY_HEADER, ""))
    # Counted from 0 or from 1, up to the first gap.
    number = 0 if b"x-authority-0" in headers else 1
    while len(texts) <= AUTHORITIES_MAX and (text := headers.get(b"x-authority-%d" % number)) is not None:
        texts.append(text)
        number += 1
    named = (text.strip() for text in texts)
    return tuple(text.lower() for text in named if AUTHORITY.fullmatch(text))[:AUTHORITIES_MAX]
