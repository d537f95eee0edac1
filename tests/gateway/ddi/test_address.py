"""Reading a DDI path (ddi-protocol 2; A02, A16)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.ddi_controller_id import is_controller_id
from whimbrel.gateway.ddi.address import Address, AddressFault, read_address

MALFORMED, NOT_SERVED = AddressFault.MALFORMED, AddressFault.NOT_SERVED
LONGEST = "d" * 256


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (b"/DEFAULT/controller/v1/dev-7", Address("DEFAULT", "dev-7", ())),
        (b"/default/controller/v1/dev-7", Address("default", "dev-7", ())),
        (b"/k1/controller/v1/dev%2D7", Address("k1", "dev-7", ())),
        (b"/k1/controller/v1/a:b@c.d_e", Address("k1", "a:b@c.d_e", ())),
        (b"/k1/controller/v1/a%3Ab%40c", Address("k1", "a:b@c", ())),
        (b"/k1/controller/v1/dev-7/deploymentBase/42", Address("k1", "dev-7", ("deploymentBase", "42"))),
        (b"/k1/controller/v1/dev-7/a/b%20c.swu", Address("k1", "dev-7", ("a", "b c.swu"))),
        (b"/k1/controller/v1/dev-7/", Address("k1", "dev-7", ("",))),
        (b"/k1/controller/v1/a", Address("k1", "a", ())),
        (b"/k1/controller/v1/ab", Address("k1", "ab", ())),
        (b"/k1/controller/v1/" + LONGEST[1:].encode(), Address("k1", LONGEST[1:], ())),
        (b"/k1/controller/v1/" + LONGEST.encode(), Address("k1", LONGEST, ())),
        (b"/k1/controller/v1/" + LONGEST.encode() + b"d", MALFORMED),
        (b"/k1/controller/v1/" + b"%64" * 256, Address("k1", LONGEST, ())),
        (b"/k1/controller/v1/" + b"%64" * 257, MALFORMED),
        (b"/k1/controller/v1/dev%2F7", MALFORMED),
        (b"/k1/controller/v1/dev%2f7", MALFORMED),
        (b"/k1/controller/v1/dev%252D7", MALFORMED),
        (b"/k1/controller/v1/dev-7%", MALFORMED),
        (b"/k1/controller/v1/dev-7%4", MALFORMED),
        (b"/k1/controller/v1/dev-7%zz", MALFORMED),
        (b"/k1/controller/v1/dev-7%FF", MALFORMED),
        (b"/k1/controller/v1/dev-7\xff", MALFORMED),
        (b"/k1/controller/v1/dev-7%0A", MALFORMED),
        (b"/k1/controller/v1/dev-7%00", MALFORMED),
        (b"/k1/controller/v1/dev-7%20", MALFORMED),
        (b"/k1/controller/v1/dev-7+", MALFORMED),
        (b"/k1/controller/v1/d%C3%A9v-7", MALFORMED),
        (b"/k1/controller/v1/%D9%A0%D9%A1%D9%A2%D9%A3", MALFORMED),
        (b"/k1/controller/v1/....", Address("k1", "....", ())),
        (b"/k1/controller/v1/...", Address("k1", "...", ())),
        (b"/k1/controller/v1/..", MALFORMED),
        (b"/k1/controller/v1/%2E%2e", MALFORMED),
        (b"/k1/controller/v1/.", MALFORMED),
        (b"/k1/controller/v1/..%0A", MALFORMED),
        (b"/k%2F1/controller/v1/dev-7", MALFORMED),
        (b"/k1/controller/v1/dev-7/a%2Fb", MALFORMED),
        (b"/k1/controller/v1/", NOT_SERVED),
        (b"/k1/controller/v1", NOT_SERVED),
        (b"/k1/controller/v1//configData", NOT_SERVED),
        (b"//controller/v1/dev-7", NOT_SERVED),
        (b"/k1/Controller/v1/dev-7", NOT_SERVED),
        (b"/k1/%63ontroller/v1/dev-7", NOT_SERVED),
        (b"/k1/controller/v2/dev-7", NOT_SERVED),
        (b"/x/k1/controller/v1/dev-7", NOT_SERVED),
        (b"k1/controller/v1/dev-7", NOT_SERVED),
        (b"/", NOT_SERVED),
        (b"", NOT_SERVED),
    ],
)
def test_paths(path: bytes, address: Address | AddressFault) -> None:
    """Tenant, id and rest, decoded once; what breaks a rule is malformed (400), what is no such path is not served."""
    assert read_address(path) == address


@given(st.binary(max_size=60))
def test_A16_an_id_has_safe_characters(segment: bytes) -> None:
    """Whatever bytes stand for the id: it has a DeviceName's characters, or there is no address."""
    address = read_address(b"/k1/controller/v1/" + segment)
    if isinstance(address, Address):
        assert is_controller_id(address.controller_id)
