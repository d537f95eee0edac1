"""The session's cookie (ADR 0053)."""

from __future__ import annotations

import pytest

from whimbrel.console.cookie import TOKEN_LENGTH_MAX, SessionCookie


@pytest.mark.parametrize(
    ("public_url", "name", "said"),
    [
        ("http://127.0.0.1:8686", "whimbrel_session", {"HttpOnly", "SameSite=Strict"}),
        ("http://ota.lan/fleet", "whimbrel_session", {"HttpOnly", "SameSite=Strict"}),
        ("https://ota.example.com", "__Host-whimbrel_session", {"HttpOnly", "SameSite=Strict", "Secure", "Path=/"}),
        ("https://corp.example/ota", "__Secure-whimbrel_session", {"HttpOnly", "SameSite=Strict", "Secure"}),
    ],
)
def test_A10_no_script_reads_it_and_no_other_site_sends_it(public_url: str, name: str, said: set[str]) -> None:
    """With https it has a prefix; a path is named only where the prefix needs one, so that it holds behind any."""
    cookie = SessionCookie.of(public_url)
    first, *attributes = cookie.set_to("t0ken", 60).split("; ")
    assert (first, set(attributes)) == (f"{name}=t0ken", {*said, "Max-Age=60"})
    first, *attributes = cookie.ended().split("; ")
    assert (first, set(attributes)) == (f"{name}=", {*said, "Max-Age=0"})


@pytest.mark.parametrize(
    ("lines", "token"),
    [
        (["whimbrel_session=abc"], "abc"),
        (["a=b; whimbrel_session=abc; c=d"], "abc"),
        (["a=b", "whimbrel_session=abc"], "abc"),
        (["whimbrel_session=" + "x" * TOKEN_LENGTH_MAX], "x" * TOKEN_LENGTH_MAX),
        (["whimbrel_session=" + "x" * (TOKEN_LENGTH_MAX + 1)], None),
        (["whimbrel_session=abc; whimbrel_session=abc"], None),
        (["whimbrel_session=abc", "whimbrel_session=def"], None),
        (["whimbrel_session="], None),
        (["whimbrel_session=a\xe9"], None),
        (["whimbrel_session=a b"], None),
        (["xwhimbrel_session=abc; Whimbrel_Session=abc"], None),
        (["__Host-whimbrel_session=abc"], None),
        (["", ";", "=", "whimbrel_session"], None),
        ([], None),
    ],
)
def test_the_token_of_a_request(lines: list[str], token: str | None) -> None:
    """One cookie of the one name, whole and plain; else nobody's."""
    headers = [(b"cookie", line.encode("latin-1")) for line in lines]
    assert SessionCookie.of("http://127.0.0.1:8686").token_in(headers) == token
