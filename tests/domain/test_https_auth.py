"""What proves an HTTPS device (device-protocol 10.1, 13; A02, A04)."""

from __future__ import annotations

import pytest

from whimbrel.domain.device_credential import DeviceIdentity, SignMethod
from whimbrel.domain.https_auth import (
    MEMBER_CHARACTERS_MAX,
    MEMBERS_MAX,
    TIMESTAMP_WINDOW_MS,
    expected_sign,
    is_timely,
    read_claim,
    sign_matches,
)

SECRET = "secret"
#: The vendor's example: the content is that of vector 1.
EXAMPLE = {
    "version": "default",
    "clientId": "12345",
    "signmethod": "hmacsha1",
    "sign": "fafd82a3d602b37fb0fa8b7892f24a477f851a14",
    "productKey": "pk",
    "deviceName": "device",
    "timestamp": "789",
}


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in EXAMPLE.items() if name not in names}


def test_the_vendors_example() -> None:
    """All members but three, sorted by name, are the signed text; its sign is the vendor's."""
    claim = read_claim(EXAMPLE)
    assert claim is not None
    assert claim.identity == DeviceIdentity("pk", "device")
    assert claim.content == "clientId12345deviceNamedeviceproductKeypktimestamp789"
    assert sign_matches(claim, SECRET)
    assert not sign_matches(claim, SECRET + "x")


@pytest.mark.parametrize(
    ("method", "sign"),
    [
        ("hmacmd5", "14b198324fe55e1d3c88f2e705e201ee"),
        ("HmacMD5", "14b198324fe55e1d3c88f2e705e201ee"),
        ("hmacsha1", "FAFD82A3D602B37FB0FA8B7892F24A477F851A14"),
        (None, "14b198324fe55e1d3c88f2e705e201ee"),
    ],
)
def test_sign_methods(method: str | None, sign: str) -> None:
    """MD5 when none is named; hex in either case."""
    members = without("signmethod", "sign") | {"sign": sign}
    claim = read_claim(members if method is None else members | {"signmethod": method})
    assert claim is not None
    assert sign_matches(claim, SECRET)


def test_the_c_sdk_signs_without_a_timestamp() -> None:
    """Its body has five members and hmacsha256."""
    claim = read_claim(without("timestamp", "version") | {"clientId": "pk.device", "signmethod": "hmacsha256"})
    assert claim is not None
    assert (claim.sign_method, claim.timestamp_ms) == (SignMethod.HMACSHA256, None)
    assert claim.content == "clientIdpk.devicedeviceNamedeviceproductKeypk"


def test_A02_every_further_member_is_signed() -> None:
    """A member that nobody knows is a part of the text, so nobody can add one."""
    claim, other = read_claim(EXAMPLE), read_claim(EXAMPLE | {"extra": "x"})
    assert claim is not None
    assert other is not None
    assert other.content == "clientId12345deviceNamedeviceextraxproductKeypktimestamp789"
    assert expected_sign(claim, SECRET) != expected_sign(other, SECRET)


@pytest.mark.parametrize(
    "members",
    [
        {},
        *(without(name) for name in ("clientId", "sign", "productKey", "deviceName")),
        *(EXAMPLE | {name: ""} for name in ("clientId", "productKey", "deviceName", "timestamp")),
        EXAMPLE | {"productKey": "p/k"},
        EXAMPLE | {"deviceName": "a b"},
        EXAMPLE | {"deviceName": "device\n"},
        EXAMPLE | {"timestamp": "12a"},
        EXAMPLE | {"timestamp": "-1"},
        EXAMPLE | {"timestamp": "١٢"},
        EXAMPLE | {"timestamp": "1" * 19},
        EXAMPLE | {"signmethod": "hmacsha512"},
        EXAMPLE | {"signmethod": ""},
        EXAMPLE | {"extra": "\u202e"},
        EXAMPLE | {"ex\x00tra": "x"},
    ],
    ids=str,
)
def test_what_is_no_claim(members: dict[str, str]) -> None:
    """A member is missing or not of its form."""
    assert read_claim(members) is None


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_limits(more: int) -> None:
    """Members, their length, and the client id are bounded."""
    many = EXAMPLE | {f"m{n}": "x" for n in range(MEMBERS_MAX - len(EXAMPLE) + more)}
    long = EXAMPLE | {"extra": "x" * (MEMBER_CHARACTERS_MAX + more)}
    cid = EXAMPLE | {"clientId": "c" * (64 + more)}
    assert [read_claim(members) is not None for members in (many, long, cid)] == [more <= 0] * 3


@pytest.mark.parametrize("direction", [-1, 1])
@pytest.mark.parametrize("more_ms", [-1, 0, 1])
def test_the_window_of_a_timestamp(direction: int, more_ms: int) -> None:
    """15 minutes to either side."""
    now_ms = 1_700_000_000_000
    claim = read_claim(EXAMPLE | {"timestamp": str(now_ms + direction * (TIMESTAMP_WINDOW_MS + more_ms))})
    assert claim is not None
    assert is_timely(claim, now_ms) is (more_ms <= 0)
    assert is_timely(claim._replace(timestamp_ms=None), now_ms)


@pytest.mark.parametrize("sign", ["", "é", "x" * 200, "fafd82a3d602b37fb0fa8b7892f24a477f851a1", "ſ" * 40])
def test_wrong_signs(sign: str) -> None:
    """Any text is compared, and is wrong."""
    claim = read_claim(EXAMPLE | {"sign": sign})
    assert claim is not None
    assert not sign_matches(claim, SECRET)
