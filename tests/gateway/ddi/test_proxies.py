"""Who is believed what they say of a device's certificate (ddi-protocol 2; threat-model A04, A15)."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from whimbrel.asgi import Headers
from whimbrel.domain.ddi_access import AUTHORITIES_MAX
from whimbrel.domain.ddi_claim import Claim
from whimbrel.gateway.ddi.address import Address
from whimbrel.gateway.ddi.proxies import TrustedProxies, claim_of

PROXIES = TrustedProxies((ip_network("10.0.0.0/8"), ip_network("192.0.2.7/32"), ip_network("fd00::/16")))
ADDRESS = Address("k1", "dev-7", ())
PROXY, STRANGER = "10.1.2.3", "198.51.100.9"
ID = (b"x-controller-id", b"dev-7")


def claimed(*headers: tuple[bytes, bytes], peer: str = PROXY) -> Claim:
    return claim_of(ADDRESS, list(headers), peer, PROXIES)


@pytest.mark.parametrize(
    ("peer", "is_trusted"),
    [
        ("10.0.0.0", True),
        ("10.255.255.255", True),
        ("11.0.0.0", False),
        ("9.255.255.255", False),
        ("192.0.2.7", True),
        ("192.0.2.6", False),
        ("192.0.2.8", False),
        ("::ffff:10.1.2.3", True),
        ("::ffff:11.1.2.3", False),
        ("fd00::1", True),
        ("fd01::1", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("", False),
        ("localhost", False),
        ("10.1.2.3.", False),
        ("10.01.2.3", False),
    ],
)
def test_networks(peer: str, is_trusted: bool) -> None:
    """Addresses inside the listed networks and no others; loopback only when it is listed too."""
    assert PROXIES.trusts(peer) is is_trusted
    claim = claimed(ID, (b"x-authority", b"ab"), peer=peer)
    assert bool(claim.certificate_authorities) is is_trusted


@pytest.mark.parametrize("peer", [STRANGER, "", "unix"])
def test_A15_a_stranger_asserts_nothing(peer: str) -> None:
    """From any other address the headers are as if they were not there, also beside a forged path of proxies."""
    forged: Headers = [
        ID,
        (b"x-authority", b"ab"),
        (b"x-authority-1", b"cd"),
        (b"x-forwarded-for", PROXY.encode()),
        (b"forwarded", b"for=10.1.2.3"),
        (b"x-real-ip", PROXY.encode()),
    ]
    assert claim_of(ADDRESS, forged, peer, PROXIES) == Claim("k1", "dev-7", peer_address=peer)


@pytest.mark.parametrize(
    ("headers", "authorities"),
    [
        ([(b"x-authority", b"AB:cd")], ("ab:cd",)),
        ([(b"x-authority", b"a; b,c ;;, d")], ("a", "b", "c", "d")),
        ([(b"x-authority-0", b"a"), (b"x-authority-1", b"b")], ("a", "b")),
        ([(b"x-authority-1", b"a"), (b"x-authority-2", b"b")], ("a", "b")),
        ([(b"x-authority-0", b"a"), (b"x-authority-2", b"b")], ("a",)),
        ([(b"x-authority-1", b"a"), (b"x-authority-3", b"b")], ("a",)),
        ([(b"x-authority-2", b"a")], ()),
        ([(b"x-authority", b"a"), (b"x-authority-1", b"b")], ("a", "b")),
        ([(b"x-authority", b"a"), (b"x-authority", b"b")], ()),
        ([(b"x-authority", b"")], ()),
        ([(b"x-authority", b"not a name,\xe9,ok")], ("ok",)),
        ([], ()),
    ],
)
def test_issuers(headers: Headers, authorities: tuple[str, ...]) -> None:
    """One header with several, or numbered from 0 or 1 up to the first gap; one that comes twice counts as absent."""
    assert claimed(ID, *headers).certificate_authorities == authorities


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_I17_so_many_issuers_are_looked_at(more: int) -> None:
    """Twenty of them, in either form."""
    names = [f"a{number}" for number in range(AUTHORITIES_MAX + more)]
    wanted = tuple(names[:AUTHORITIES_MAX])
    assert claimed(ID, (b"x-authority", ",".join(names).encode())).certificate_authorities == wanted
    numbered = [(b"x-authority-%d" % number, name.encode()) for number, name in enumerate(names)]
    assert claimed(ID, *numbered).certificate_authorities == wanted


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"x-controller-id", b"dev-8")],
        [(b"x-controller-id", b"DEV-7")],
        [(b"x-controller-id", b"dev-7 ")],
        [(b"x-controller-id", b"dev%2D7")],
        [(b"x-controller-id", b"")],
        [ID, ID],
        [ID, (b"x-controller-id", b"dev-8")],
    ],
)
def test_A19_the_certificate_is_of_the_device_in_the_path(headers: Headers) -> None:
    """Without exactly that id the issuers prove nothing."""
    assert claimed(*headers, (b"x-authority", b"ab")).certificate_authorities == ()


def test_authorization() -> None:
    """The header as it is, from any peer; two of them have no one meaning."""
    header = (b"authorization", b"TargetToken t ")
    assert claimed(header, peer=STRANGER).authorization == "TargetToken t "
    assert claimed(header, (b"authorization", b"GatewayToken g")).authorization is None
    assert claim_of(ADDRESS, [header], PROXY, PROXIES, may_register=True).may_register
