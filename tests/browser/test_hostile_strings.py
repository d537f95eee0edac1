"""Whatever people and devices write is text: no page runs it, and nothing of it makes the browser ask anybody."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.evil import Evil, curse
from tests.browser.hostile import FOREIGN, HOSTILE
from tests.browser.people import People
from tests.story.servers import WhimbrelServer

HOSTILE_COUNT = 200
PAGES_OF_LIST_MAX = 12
FILTERS = ("product", "name", "text", "state", "version", "module", "group", "tag", "status", "reason", "key", "action")
LISTS = ("/devices", "/firmware", "/rollouts", "/groups", "/audit", "/rollouts/new")
#: Elements that no page of ours has; the console's own icons are inline SVG without any `href`.
INJECTED = ", ".join(
    f"#root {selector}"
    for selector in (
        *("script", "iframe", "object", "embed", "base", "meta", "link", "marquee", "video"),
        *(f"[src*='{FOREIGN}']", f"[href*='{FOREIGN}']", f"form[action*='{FOREIGN}']", "[href^='javascript']"),
    )
)


@pytest.fixture(scope="module")
def evil(server: WhimbrelServer, people: People) -> Evil:
    """The strings are in all fields."""
    return curse(server, people.console_url)


def _unharmed(page: Page, where: str) -> None:
    assert page.evaluate("window.owned") is None, f"{where}: a script ran"
    assert page.evaluate("typeof Object.prototype.owned") == "undefined", where
    expect(page.locator(INJECTED)).to_have_count(0)


def _turn_to(page: Page, number: int) -> bool:
    """Whether the first list has this page; it is shown then. That a turned page is there shows in its number alone:
    until then the buttons are those of the page before.
    """
    pages = page.locator("main").get_by_role("navigation", name="Pages", exact=True).first
    following = pages.get_by_role("button", name="Next page")
    if pages.count() == 0 or not following.is_enabled():
        return False
    following.click()
    expect(pages.locator("[aria-current=page]")).to_have_text(str(number))
    return True


def test_A10_there_are_two_hundred_hostile_strings() -> None:
    """All different."""
    assert len(set(HOSTILE)) == HOSTILE_COUNT


def test_A10_hostile_strings_are_text_on_every_page(visit: Visit, evil: Evil) -> None:
    """Each page that shows them, lists to their end; the visitor's faults hold dialogs, policy and foreign requests."""
    visitor = visit()
    for route in evil.routes:
        page = visitor.open(route)
        _unharmed(page, route)
        for number in range(2, PAGES_OF_LIST_MAX + 2):
            if not _turn_to(page, number):
                break
            visitor.settle()
            _unharmed(page, route)
    assert visitor.faults == []


def test_A10_hostile_strings_are_shown_as_they_are(visit: Visit, evil: Evil) -> None:
    """On the story of a device: its tag is there to be read, letter by letter."""
    visitor = visit()
    page = visitor.open(f"/devices/{evil.product}/evil-0001")
    expect(page.locator("#root")).to_contain_text(HOSTILE[0])


def test_A10_hostile_strings_in_an_address_are_text(visit: Visit, evil: Evil) -> None:
    """A link that somebody was sent: what its filters hold is looked for, and nothing else."""
    visitor = visit()
    for number, text in enumerate(HOSTILE):
        route = LISTS[number % len(LISTS)]
        query = "&".join(f"{name}={quote(text)}" for name in FILTERS)
        page = visitor.open(f"{route}?{query}")
        _unharmed(page, f"{route} with {text!r}")
    for text in HOSTILE[:20]:
        _unharmed(visitor.open(f"/rollouts/{quote(text, safe='')}"), text)
        _unharmed(visitor.open(f"/devices/{quote(text, safe='')}/{quote(text, safe='')}"), text)
    assert visitor.faults == []


def test_A10_hostile_strings_in_the_fields_of_a_sign_in_are_text(visit: Visit) -> None:
    """A name that nobody has, and a link that is none."""
    visitor = visit(signed_in=False)
    for text in HOSTILE[:20]:
        page = visitor.open(f"/welcome?token={quote(text, safe='')}")
        _unharmed(page, text)
    page = visitor.open("/sign-in")
    page.get_by_label("User name").fill(HOSTILE[0])
    page.get_by_role("textbox", name="Password").fill("x" * 12)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    _unharmed(page, "sign-in")
    assert visitor.faults == []
