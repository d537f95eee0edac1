"""Tokens of HTTPS devices: not stored, and they die with what they stand for (device-protocol 10.1; A16, A21)."""

from __future__ import annotations

import pytest

from whimbrel.domain.device_credential import DeviceIdentity
from whimbrel.domain.https_token import (
    CLOCK_SECONDS_MAX,
    TOKEN_CHARACTERS_MAX,
    TOKEN_SECONDS_MAX,
    TokenHolder,
    is_expired,
    is_genuine,
    make_token,
    read_token,
)

KEY = b"k" * 32
ME = DeviceIdentity("a19mzPZ0001", "dev@site:7.a-1_b")
HOLDER = TokenHolder(7, "secret")
ISSUED_S = 1_700_000_000
TOKEN = make_token(KEY, ME, HOLDER, ISSUED_S)


def test_a_token_is_good_for_its_device() -> None:
    """It names the device and the time, and proves both."""
    claim = read_token(TOKEN)
    assert claim is not None
    assert (claim.identity, claim.issued_s) == (ME, ISSUED_S)
    assert is_genuine(KEY, claim, HOLDER)


@pytest.mark.parametrize(
    ("key", "holder"),
    [(b"x" * 32, HOLDER), (KEY, TokenHolder(8, "secret")), (KEY, TokenHolder(7, "another"))],
)
def test_A21_a_token_dies_with_its_secret_and_its_row(key: bytes, holder: TokenHolder) -> None:
    """A new secret, a device made anew under the same name, another server: each makes it worthless."""
    claim = read_token(TOKEN)
    assert claim is not None
    assert not is_genuine(key, claim, holder)


def test_a_claim_cannot_be_changed() -> None:
    """Another name or another time has another proof."""
    claim = read_token(TOKEN)
    assert claim is not None
    for changed in (
        claim._replace(issued_s=ISSUED_S + 1),
        claim._replace(identity=DeviceIdentity(ME.product_key, "dev")),
        claim._replace(identity=DeviceIdentity("a19mzPZ0002", ME.device_name)),
    ):
        assert not is_genuine(KEY, changed, HOLDER)


def test_A16_no_two_devices_share_a_proof() -> None:
    """Fields that read alike when they are put together are still different fields."""
    macs = {
        make_token(KEY, DeviceIdentity(product_key, device_name), TokenHolder(device_id, secret), ISSUED_S)[-32:]
        for product_key, device_name, device_id, secret in (
            ("a1", "1b", 1, "s"),
            ("a11", "b", 1, "s"),
            ("a1", "1b", 11, "s"),
            ("a1", "1b", 1, f"{ISSUED_S}\ns"),
        )
    }
    assert len(macs) == 4


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        TOKEN[:-1],
        TOKEN + "0",
        TOKEN.upper(),
        TOKEN + "\n",
        TOKEN.replace("&", "/"),
        TOKEN.replace(str(ISSUED_S), "0"),
        TOKEN.replace(str(ISSUED_S), "0" + str(ISSUED_S)),
        TOKEN.replace(str(ISSUED_S), "17000000001"),
        TOKEN.replace(str(ISSUED_S), "١٧"),
        "a" * (TOKEN_CHARACTERS_MAX + 1),
    ],
    ids=repr,
)
def test_what_is_no_token(token: str) -> None:
    """Anything else is none; there is one spelling of each."""
    assert read_token(token) is None


def test_the_longest_token() -> None:
    """The longest names make a token that is read, and that fits a header line of the C SDK."""
    token = make_token(KEY, DeviceIdentity("p" * 30, "d" * 32), TokenHolder(2**63 - 1, "s"), 9_999_999_999)
    assert len(token) == TOKEN_CHARACTERS_MAX
    assert read_token(token) is not None
    assert len(f"Password: {token}") <= 126


@pytest.mark.parametrize("more_s", [-1, 0, 1])
def test_how_long_a_token_lives(more_s: int) -> None:
    """Seven days from its issue; a clock that went back a little does not harm."""
    claim = read_token(TOKEN)
    assert claim is not None
    assert is_expired(claim, ISSUED_S + TOKEN_SECONDS_MAX + more_s) is (more_s >= 0)
    assert is_expired(claim, ISSUED_S - CLOCK_SECONDS_MAX - more_s) is (more_s > 0)
    assert TOKEN_SECONDS_MAX == 604_800
