"""Tickets, tokens and persons of single sign-on (A10, ADR 0067)."""

from __future__ import annotations

from typing import Any

import pytest

from whimbrel.domain.console_user import Role
from whimbrel.domain.sign_on import (
    CLOCK_SKEW_S,
    SIGN_ON_MS_MAX,
    Person,
    Rules,
    Ticket,
    attempt_of,
    own_page,
    person_of,
    read_ticket,
    token_fault,
)

NOW_MS, NOW_S = 1_700_000_000_000, 1_700_000_000.0
TICKET = Ticket(NOW_MS, "a" * 32, "/devices?product=k")
CLAIMS = {"iss": "https://id", "aud": "us", "exp": NOW_S + 1, "iat": NOW_S, "sub": "1", "nonce": "n"}
MAIL = Rules("email")
GROUPS = Rules("email", "groups", {"a": Role.ADMIN, "r": Role.RELEASER, "v": Role.VIEWER})
ADA = {"email": "ada@example.com", "email_verified": True}


def test_a_ticket_is_read_as_it_was_written() -> None:
    """With the page that the browser wants to come back to."""
    assert read_ticket(TICKET.text) == TICKET


@pytest.mark.parametrize("text", ["", "1.a.", TICKET.text[1:], TICKET.text + "!", f"{NOW_MS}.{'a' * 31}.", "a.b.c.d"])
def test_what_is_no_ticket(text: str) -> None:
    """Cookies are anybody's text."""
    assert read_ticket(text) is None


@pytest.mark.parametrize(
    ("after_ms", "is_open"), [(-1, False), (0, True), (SIGN_ON_MS_MAX - 1, True), (SIGN_ON_MS_MAX, False)]
)
def test_how_long_it_is_open(after_ms: int, is_open: bool) -> None:
    """Ten minutes from its making, and not before."""
    assert TICKET.is_open(NOW_MS + after_ms) is is_open


def test_A10_three_values_of_one_ticket() -> None:
    """Another ticket or key has others, and none of them tells another."""
    attempts = [
        attempt_of(key, ticket)
        for key in (b"k" * 32, b"l" * 32)
        for ticket in (TICKET, TICKET._replace(random="b" * 32), TICKET._replace(then="/"))
    ]
    assert len({value for attempt in attempts for value in (*attempt, attempt.challenge)}) == 24
    assert attempt_of(b"k" * 32, TICKET) == attempts[0]
    assert 43 <= len(attempts[0].verifier) <= 128, "RFC 7636 4.1"


@pytest.mark.parametrize(
    ("then", "page"),
    [
        ("/", "/"),
        ("/rollouts/12?status=FAILED", "/rollouts/12?status=FAILED"),
        ("", "/"),
        ("//evil", "/"),
        ("/\\evil", "/"),
        ("https://evil", "/"),
        ("/a\nb", "/"),
        ("/" + "x" * 99, "/" + "x" * 99),
        ("/" + "x" * 100, "/"),
    ],
)
def test_A11_pages_of_ours(then: str, page: str) -> None:
    """Anything else is the first page."""
    assert own_page(then) == page


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": ["us"]},
        {"aud": ["other", "us"], "azp": "us"},
        {"exp": NOW_S - CLOCK_SKEW_S + 1},
        {"iat": NOW_S + CLOCK_SKEW_S},
        {"sub": "x" * 255},
    ],
    ids=str,
)
def test_a_token_that_holds(changes: dict[str, Any]) -> None:
    """As OpenID Connect Core 3.1.3.7 has it, with a minute for the clocks."""
    assert token_fault(CLAIMS | changes, "https://id", "us", "n", NOW_S) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://id/"},
        {"iss": None},
        {"aud": "other"},
        {"aud": []},
        {"aud": None},
        {"aud": ["us", "other"]},
        {"azp": "other"},
        {"exp": NOW_S - CLOCK_SKEW_S},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": True},
        {"iat": NOW_S + CLOCK_SKEW_S + 1},
        {"iat": None},
        {"nonce": "m"},
        {"nonce": None},
        {"nonce": "\ud800"},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
    ],
    ids=ascii,
)
def test_a_token_that_does_not(changes: dict[str, Any]) -> None:
    """Of another issuer, client, time or attempt, or of nobody."""
    assert token_fault(CLAIMS | changes, "https://id", "us", "n", NOW_S)


@pytest.mark.parametrize(
    ("claims", "rules", "person"),
    [
        (ADA, MAIL, Person("ada@example.com", None)),
        ({"preferred_username": "ada"}, Rules("preferred_username"), Person("ada", None)),
        (ADA | {"groups": ["v", "a", "r"]}, GROUPS, Person("ada@example.com", Role.ADMIN)),
        (ADA | {"groups": "r"}, GROUPS, Person("ada@example.com", Role.RELEASER)),
        (ADA | {"groups": [7, None, "v"]}, GROUPS, Person("ada@example.com", Role.VIEWER)),
    ],
)
def test_a_person(claims: dict[str, Any], rules: Rules, person: Person) -> None:
    """By the configured claim, with the highest role that the provider gives."""
    assert person_of(claims, rules) == person


@pytest.mark.parametrize(
    ("claims", "rules"),
    [
        ({}, MAIL),
        (ADA | {"email_verified": False}, MAIL),
        (ADA | {"email_verified": "true"}, MAIL),
        ({"email": "ada@example.com"}, MAIL),
        (ADA | {"email": "user:ada"}, MAIL),
        (ADA | {"email": "x" * 65}, MAIL),
        (ADA | {"email": ["ada@example.com"]}, MAIL),
        (ADA, GROUPS),
        (ADA | {"groups": ["A", "admin"]}, GROUPS),
        (ADA | {"groups": {"a": 1}}, GROUPS),
    ],
)
def test_nobody(claims: dict[str, Any], rules: Rules) -> None:
    """Without a verified name that a user may have, or without a role where roles are given there."""
    assert isinstance(person_of(claims, rules), str)
