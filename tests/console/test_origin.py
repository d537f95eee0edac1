"""Which pages may speak for a person (A10, ADR 0053): other sites, proxies, and names that strangers lead here."""

from __future__ import annotations

import pytest

from tests.console.rig import scope_of
from whimbrel.console.origin import refusal_of

PUBLIC = "https://ota.example.com/fleet"
SAME, OTHER, SITE, TYPED = "same-origin", "cross-site", "same-site", "none"


def said(public_url: str, method: str = "POST", **headers: str) -> str | None:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return refusal_of(scope_of(method, "/console/api/call/X", pairs), public_url)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": SAME},
        # Behind a proxy that ends TLS and calls us by another name.
        {"sec_fetch_site": SAME, "origin": "https://ota.corp", "host": "10.0.0.5:8686"},
        {"sec_fetch_site": SAME, "origin": "null"},
        {"origin": "https://ota.example.com", "host": "10.0.0.5:8686"},
        {"origin": "https://OTA.example.com:443", "host": "x"},
        {"origin": "http://10.0.0.5:8686", "host": "10.0.0.5:8686"},
        {"origin": "http://[::1]:8686", "host": "[::1]:8686"},
        {"origin": "http://localhost:8686", "host": "localhost:8686"},
        {"origin": "http://localhost", "host": "localhost:80"},
        {"origin": "http://ota.example.com:8686", "host": "ota.example.com:8686"},
    ],
)
def test_pages_of_the_console(headers: dict[str, str]) -> None:
    """By the browser's own word, by the public address, or by an address that nobody can have made lead here."""
    assert said(PUBLIC, **headers) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "ota.example.com"},
        {"origin": "null", "host": "ota.example.com"},
        {"origin": "", "host": ""},
        {"origin": "https://evil.example", "host": "ota.example.com"},
        {"origin": "https://ota.example.com.evil.example", "host": "ota.example.com"},
        {"origin": "https://ota.example.com:8443", "host": "ota.example.com"},
        {"origin": "https://ota.example.com/../evil", "host": "ota.example.com"},
        {"origin": "http://10.0.0.5:8686", "host": "10.0.0.5:8687"},
        {"origin": "http://10.0.0.5:8686"},
        {"sec_fetch_site": OTHER, "origin": "https://ota.example.com", "host": "ota.example.com"},
        {"sec_fetch_site": SITE, "origin": "https://ota.example.com", "host": "ota.example.com"},
        {"sec_fetch_site": TYPED, "origin": "https://ota.example.com"},
        {"sec_fetch_site": "", "origin": "https://ota.example.com"},
        {"sec_fetch_site": "SAME-ORIGIN", "origin": "https://ota.example.com"},
        # DNS rebinding: the stranger's name leads to this server, so that Origin and Host agree.
        {"origin": "http://rebound.evil.example:8686", "host": "rebound.evil.example:8686"},
        {"origin": "http://127.0.0.1.evil.example", "host": "127.0.0.1.evil.example"},
        {"origin": "http://2130706433:8686", "host": "2130706433:8686"},
    ],
)
def test_all_others(headers: dict[str, str]) -> None:
    """Refused with a sentence, whatever else fits."""
    assert said(PUBLIC, **headers)


def test_two_origins_are_none() -> None:
    """A header that is repeated has no one meaning."""
    pairs = [(b"origin", b"https://ota.example.com"), (b"origin", b"https://ota.example.com")]
    assert refusal_of(scope_of("POST", "/console/api/sign-in", pairs), PUBLIC)
    twice = [(b"sec-fetch-site", b"same-origin"), (b"sec-fetch-site", b"cross-site")]
    assert refusal_of(scope_of("POST", "/console/api/sign-in", twice), PUBLIC)


def test_a_name_that_the_server_does_not_know() -> None:
    """The refusal says what to give, for an honest operator meets it too."""
    text = said("http://127.0.0.1:8686", origin="http://ota.lan:8686", host="ota.lan:8686")
    assert text is not None
    assert "--public-url http://ota.lan:8686" in text
    assert said("http://ota.lan:8686", origin="http://ota.lan:8686", host="ota.lan:8686") is None


@pytest.mark.parametrize(
    ("site", "is_taken"), [(SAME, True), (TYPED, True), (None, True), (OTHER, False), (SITE, False)]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading(site: str | None, is_taken: bool, method: str) -> None:
    """Typing the address is fine; no other page embeds anything of ours or holds streams open."""
    headers = {} if site is None else {"sec_fetch_site": site}
    assert (said(PUBLIC, method, **headers) is None) is is_taken


@pytest.mark.parametrize(
    ("path", "is_taken"),
    [
        ("/console/", True),
        ("/console", True),
        ("/console/api/oidc-callback", True),
        ("/console/api/oidc-start", False),
        ("/console/api/session", False),
        ("/console/api/oidc-callback/x", False),
    ],
)
def test_links_from_elsewhere(path: str, is_taken: bool) -> None:
    """A link in a mail leads to a page, and the provider back to one place; neither to a call, nor into a frame."""
    visit = {b"sec-fetch-site": b"cross-site", b"sec-fetch-mode": b"navigate", b"sec-fetch-dest": b"document"}
    assert (refusal_of(scope_of("GET", path, list(visit.items())), PUBLIC) is None) is is_taken
    for changed in ({b"sec-fetch-dest": b"iframe"}, {b"sec-fetch-mode": b"no-cors"}, {b"sec-fetch-mode": b"cors"}):
        assert refusal_of(scope_of("GET", path, list((visit | changed).items())), PUBLIC)
    assert refusal_of(scope_of("POST", path, list(visit.items())), PUBLIC)
