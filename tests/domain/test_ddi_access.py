"""How a product's DDI devices are set up, and digests of tokens (ddi-protocol 2, 3; A15, A16)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.domain.ddi_access import (
    POLLING_S_MAX,
    POLLING_S_MIN,
    gateway_token_digest,
    polling_text,
    read_polling,
    target_token_digest,
)
from whimbrel.domain.ddi_claim import Scheme, Token, read_authorization


@pytest.mark.parametrize(
    ("text", "polling_s"),
    [
        ("00:00:29", None),
        ("00:00:30", POLLING_S_MIN),
        ("00:00:31", 31),
        ("00:05:00", 300),
        ("23:59:58", POLLING_S_MAX - 1),
        ("23:59:59", POLLING_S_MAX),
        ("24:00:00", None),
        ("00:60:00", None),
        ("00:00:60", None),
        ("0:05:00", None),
        ("00:05", None),
        ("00:05:00\n", None),
        ("٠٠:٠٥:٠٠", None),
        ("", None),
    ],
)
def test_intervals(text: str, polling_s: int | None) -> None:
    """`HH:MM:SS` from 30 s to a second below a day; nothing else."""
    assert read_polling(text) == polling_s


@given(st.integers(POLLING_S_MIN, POLLING_S_MAX))
def test_intervals_are_written_as_they_are_read(polling_s: int) -> None:
    """Always eight characters, and the same interval again."""
    text = polling_text(polling_s)
    assert len(text) == 8
    assert read_polling(text) == polling_s


def test_digests_are_what_is_stored() -> None:
    """SHA-256 of the name, a line feed and the token; of a gateway token alone. They must not change by themselves."""
    assert target_token_digest("dev-7", "t") == "723d52850b3e3f31c37f3c1ff3c9dc38a66488d87f727adb8395f8ed232cbff4"
    assert gateway_token_digest("t") == "e3b98a4da31a127d4bde6e43033f66ba274cab0eb7eb1c70ec41402bf6273dd8"


def test_A16_no_two_pairs_have_one_digest() -> None:
    """What moves from the name to the token changes the digest."""
    assert target_token_digest("dev-7", "xt") != target_token_digest("dev-7x", "t")


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("TargetToken abc", Token(Scheme.TARGET, "abc")),
        ("GatewayToken abc", Token(Scheme.GATEWAY, "abc")),
        ("TargetToken abc   ", Token(Scheme.TARGET, "abc")),
        ("TargetToken " + "t" * 128, Token(Scheme.TARGET, "t" * 128)),
        ("TargetToken " + "t" * 129, None),
        ("TargetToken  abc", None),
        ("TargetToken\tabc", None),
        ("TargetToken abc\t", None),
        ("TargetToken a b", None),
        ("TargetToken ", None),
        ("TargetToken", None),
        ("targettoken abc", None),
        ("TARGETTOKEN abc", None),
        (" TargetToken abc", None),
        ("Bearer abc", None),
        ("Basic YTpi", None),
        ("TargetToken \xe9", None),
        ("", None),
        (None, None),
    ],
)
def test_authorization_headers(header: str | None, token: Token | None) -> None:
    """The scheme in its own case, one blank, a token of 1 to 128 visible ASCII characters; blanks at the end may be."""
    assert read_authorization(header) == token
