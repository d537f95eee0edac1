"""Every page of the console, light and dark, at a desk and on a phone: it shows, without a fault that axe finds."""

from __future__ import annotations

import pytest

from tests.browser.browsing import LOOKS, Look
from tests.browser.conftest import Visit
from tests.browser.populated import Populated

PAGES = (
    "overview",
    "products",
    "product",
    "product-empty",
    "devices",
    "devices-found",
    "device",
    "device-failed",
    "firmware",
    "firmware-new",
    "firmware-one",
    "firmware-unverified",
    "rollouts",
    "rollout-new",
    "rollout-completed",
    "rollout-halted",
    "rollout-paused",
    "groups",
    "group",
    "keys",
    "users",
    "audit",
    "settings",
    "me",
)
BEFORE_SIGN_IN = ("sign-in", "welcome?token=x")
README_HEIGHT = 1080  # pixels: what somebody sees without scrolling far
WIDTH_OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])
def test_no_page_has_a_fault_that_axe_finds(visit: Visit, populated: Populated, look: Look) -> None:
    """One visitor goes through all pages, as a person does; each is kept as a picture."""
    assert sorted(PAGES) == sorted(populated.routes), "a new page is looked at as well: add it here"
    visitor = visit(look=look)
    faults: dict[str, list[str]] = {}
    for name in PAGES:
        page = visitor.open(populated.routes[name])
        visitor.picture(name, look)
        faults[name] = visitor.violations()
        if (over := page.evaluate(WIDTH_OVER)) > 0:
            faults[name].append(f"the page is {over} px wider than the window")
    assert not {name: found for name, found in faults.items() if found}


@pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])
def test_the_pages_before_a_sign_in_have_no_fault_that_axe_finds(visit: Visit, look: Look) -> None:
    """They have no session, and a link that is no good."""
    visitor = visit(look=look, signed_in=False)
    for route in BEFORE_SIGN_IN:
        visitor.open(f"/{route}")
        visitor.picture(route.partition("?")[0], look)
        assert visitor.violations() == []


def test_every_page_speaks_chinese(visit: Visit, populated: Populated) -> None:
    """The same pages for a browser that asks for Chinese: no heading stays English."""
    visitor = visit(language="zh")
    for name in PAGES:
        page = visitor.open(populated.routes[name])
        visitor.picture(f"zh-{name}")
        assert page.locator("html").get_attribute("lang") in ("zh", "zh-CN")


def test_the_pictures_of_the_readme(visit: Visit, populated: Populated) -> None:
    """`make gallery` puts them beside the README."""
    visitor = visit()
    for name in ("overview", "rollout-halted"):
        visitor.open(populated.routes[name])
        assert visitor.picture(f"readme-{name}", height_max=README_HEIGHT).stat().st_size > 0
