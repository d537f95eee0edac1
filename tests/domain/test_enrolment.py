"""Who may register dynamically (device-protocol 11): the table, its limits, and one reading of a request."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.device import DEVICE_NAME
from whimbrel.domain.enrolment import (
    ANSWERS_MAX,
    RANDOM,
    REPEAT_WINDOW_MS,
    DynamicRegistration,
    EnrolledDevice,
    EnrolmentPolicy,
    Entrance,
    entrance,
    proof_digest,
    registration_sign,
    token_digest,
)

NOW_MS = 1_700_000_000_000
OFF, REGISTERED_NAMES, ANY_NAME = (EnrolmentPolicy(word) for word in DynamicRegistration)
NEW = EnrolledDevice(1, "secret", False, None, None, None, 0, False)
ANSWERED = NEW._replace(enrolled_ms=NOW_MS, enrolments=1)


@pytest.mark.parametrize(
    ("policy", "device", "found"),
    [
        (OFF, NEW, Entrance.SWITCHED_OFF),
        (OFF, None, Entrance.SWITCHED_OFF),
        (REGISTERED_NAMES, None, Entrance.UNKNOWN_NAME),
        (ANY_NAME, None, Entrance.MAKE),
        (REGISTERED_NAMES, NEW, Entrance.FIRST),
        (ANY_NAME, NEW, Entrance.FIRST),
        (ANY_NAME, NEW._replace(is_disabled=True), Entrance.DISABLED),
        # It works with a secret from the factory.
        (ANY_NAME, NEW._replace(activated_ms=1, last_online_ms=1), Entrance.TAKEN),
        (ANY_NAME, NEW._replace(activated_ms=1, last_online_ms=1, is_reopened=True), Entrance.FIRST),
        (ANY_NAME, ANSWERED, Entrance.AGAIN),
        (ANY_NAME, ANSWERED._replace(is_disabled=True), Entrance.DISABLED),
        (OFF, ANSWERED, Entrance.SWITCHED_OFF),
    ],
)
def test_the_table(policy: EnrolmentPolicy, device: EnrolledDevice | None, found: Entrance) -> None:
    """Which device of which product may register."""
    assert entrance(policy, device, NOW_MS) is found


@pytest.mark.parametrize(
    ("change", "now_ms", "is_open"),
    [
        ({}, NOW_MS + REPEAT_WINDOW_MS - 1, True),
        ({}, NOW_MS + REPEAT_WINDOW_MS, True),
        ({}, NOW_MS + REPEAT_WINDOW_MS + 1, False),
        ({}, NOW_MS - 1, False),  # the clock was set back (F16)
        ({"enrolments": ANSWERS_MAX - 1}, NOW_MS, True),
        ({"enrolments": ANSWERS_MAX}, NOW_MS, False),
        ({"last_online_ms": NOW_MS - 1}, NOW_MS, True),  # it was connected before it was reset
        ({"last_online_ms": NOW_MS}, NOW_MS, False),
        ({"last_online_ms": NOW_MS + 1}, NOW_MS + 2, False),
    ],
)
def test_asking_again(change: dict[str, int], now_ms: int, is_open: bool) -> None:
    """For a short while, some times, and not once the device has connected with what it got."""
    found = entrance(REGISTERED_NAMES, ANSWERED._replace(**change), now_ms)
    assert found is (Entrance.AGAIN if is_open else Entrance.TAKEN)
    assert found.is_open == is_open


@pytest.mark.parametrize(
    ("digest_name", "sign"),
    [
        ("sha256", "d03d7ca7fca43ae165851bb4249709886db2192918daf407836f0c854990f0a7"),
        ("sha1", "eb0174b77ad529d92f54162961f9feaa359c4564"),
        ("md5", "22315fbae711758fc5df9f7782a8ac66"),
    ],
)
def test_vectors_of_the_protocol(digest_name: str, sign: str) -> None:
    """The signs of device-protocol 13."""
    assert registration_sign(("a19mzPZ0001", "dev-0001"), "567345", "productSecret01", digest_name) == sign


names = st.from_regex(DEVICE_NAME, fullmatch=True)
randoms = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64).filter(
    lambda text: RANDOM.fullmatch(text) is not None
)
tricky = st.sampled_from(["abcd", "abcdproductKeyKrandomX", "abcdproductKeyK", "Xrandom1", "1"])


@given(names | tricky, randoms | tricky, names | tricky, randoms | tricky)
def test_A16_one_reading(name: str, random: str, other_name: str, other_random: str) -> None:
    """No two registrations of a product sign the same text, or are remembered as one."""
    pairs = [(name, random), (other_name, other_random)]
    if any(RANDOM.fullmatch(text) is None for _, text in pairs) or pairs[0] == pairs[1]:
        return
    first, second = (registration_sign(("K", name), text, "secret", "sha256") for name, text in pairs)
    assert first != second
    assert proof_digest(*pairs[0]) != proof_digest(*pairs[1])


def test_A16_why_a_random_has_no_product_key() -> None:
    """With such a random two devices would sign the same text."""
    product = "a19mzPZ0001"
    short, long = ("abcd", f"XproductKey{product}randomY"), (f"abcdproductKey{product}randomX", "Y")
    signs = {registration_sign((product, name), random, "secret", "sha256") for name, random in (short, long)}
    assert len(signs) == 1
    assert [RANDOM.fullmatch(random) is not None for _, random in (short, long)] == [False, True]


@pytest.mark.parametrize(
    ("random", "is_taken"),
    [("", False), ("x", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("é", False), ("a\n", False)],
)
def test_randoms(random: str, is_taken: bool) -> None:
    """1 to 64 visible ASCII characters."""
    assert (RANDOM.fullmatch(random) is not None) == is_taken


def test_A15_tokens_are_kept_as_digests() -> None:
    """A digest has nothing of the token, and two tokens have two."""
    digests = [token_digest(token) for token in (b"token-1", b"token-2")]
    assert len(set(digests)) == 2
    assert all(len(digest) == 32 and b"token" not in digest for digest in digests)
    assert not any(first == second for first, second in itertools.combinations(digests, 2))
