"""The wizard that makes a rollout: from a click to COMPLETED, by the keyboard alone, and with a live count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.browsing import LOOKS, Look, Visitor
from tests.browser.conftest import Visit
from tests.browser.people import RELEASER
from tests.browser.rollout_site import LAMP, LAMPS, RolloutSite
from tests.story.servers import WhimbrelServer

ENDS_WITHIN_MS = 30_000
TABS_MAX = 80
COUNTED = "[data-testid=targets]"


@pytest.fixture(scope="module")
def site(server: WhimbrelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RolloutSite]:
    made = RolloutSite(server, tmp_path_factory.mktemp("wizard"))
    with made.fleet(LAMP, LAMPS):
        yield made


def _next(page: Page) -> None:
    page.get_by_role("button", name="Next").click()


def _ends(page: Page) -> None:
    expect(page.locator("main header .mantine-Badge-root").first).to_have_text("Completed", timeout=ENDS_WITHIN_MS)


def test_from_a_click_to_completed(visit: Visit, site: RolloutSite) -> None:
    """One intent is one job, and its page shows it to its end."""
    firmware = site.firmware(LAMP, "1.1.0")
    page = visit(role=RELEASER).open("/rollouts")
    page.get_by_role("link", name="New rollout").first.click()
    page.get_by_role("combobox", name="Product").click()
    page.get_by_role("option", name=LAMP).click()
    page.get_by_role("radio", name="1.1.0").click()
    _next(page)
    expect(page.locator(COUNTED)).to_have_text(str(LAMPS))
    _next(page)
    page.get_by_role("radio", name="At the pace of evidence").click()
    _next(page)
    page.get_by_role("button", name="Start the rollout").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Type 1.1.0 to confirm").fill("1.1.0")
    dialog.get_by_role("button", name="Start the rollout").dblclick()
    expect(page).to_have_url(re.compile(r"/rollouts/\d+$"))
    _ends(page)
    assert len(site.jobs_of(firmware)) == 1


def _tab_to(page: Page, wanted: Locator) -> None:
    for _ in range(TABS_MAX):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not come to {wanted}")


def test_the_keyboard_alone_makes_a_rollout_for_everybody_at_once(visit: Visit, site: RolloutSite) -> None:
    """Who tells everybody at once types how many that are; Esc closes the question, Enter answers it."""
    firmware = site.firmware(LAMP, "1.2.0")
    page = visit(role=RELEASER).open(f"/rollouts/new?firmware={firmware}")
    _tab_to(page, page.get_by_role("button", name="Next"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Who gets it?")).to_be_focused()
    _tab_to(page, page.get_by_role("radio", name="All devices"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="A share of them")).to_be_checked()
    page.keyboard.press("ArrowUp")
    _tab_to(page, page.get_by_role("button", name="Next"))
    page.keyboard.press("Enter")
    _tab_to(page, page.get_by_role("button", name="Add a stage"))
    page.keyboard.press("Space")
    _tab_to_back(page, page.get_by_role("button", name="Remove stage 1"))
    page.keyboard.press("Enter")
    _tab_to(page, page.get_by_role("button", name="Next"))
    page.keyboard.press("Enter")
    start = page.get_by_role("button", name="Start the rollout")
    expect(start).to_be_enabled()
    _tab_to(page, start)
    page.keyboard.press("Enter")
    typed = page.get_by_label(f"Type {LAMPS} to confirm")
    expect(typed).to_be_focused()
    page.keyboard.press("Escape")
    expect(typed).to_have_count(0)
    expect(start).to_be_focused()
    page.keyboard.press("Enter")
    expect(typed).to_be_focused()
    page.keyboard.type(str(LAMPS))
    page.keyboard.press("Enter")
    _ends(page)


def _tab_to_back(page: Page, wanted: Locator) -> None:
    for _ in range(TABS_MAX):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab")
    raise AssertionError(f"the keyboard does not come back to {wanted}")


def test_the_count_follows_what_is_typed_and_back_loses_nothing(
    visit: Visit, site: RolloutSite, tmp_path: Path
) -> None:
    """A preview is asked for as one types, for names and files alike; Back and other pages keep what was said."""
    firmware = site.firmware(LAMP, "1.3.0")
    visitor = visit(role=RELEASER)
    page = visitor.open(f"/rollouts/new?firmware={firmware}")
    _next(page)
    page.get_by_role("radio", name="A share of them").click()
    page.get_by_role("textbox", name="Share").fill("50")
    expect(page.locator(COUNTED)).to_have_text(str(LAMPS // 2))
    page.get_by_role("radio", name="Devices by name").click()
    page.get_by_label("Device names").fill("lamp-0001, lamp-0002\nlamp-0003")
    expect(page.locator(COUNTED)).to_have_text("3")
    page.get_by_label("Device names").fill("lamp-0001, no-such-lamp")
    expect(page.get_by_role("alert").first).to_contain_text("no-such-lamp")
    page.get_by_label("Device names").fill("lamp-0001, lamp-0002")
    expect(page.locator(COUNTED)).to_have_text("2")
    visitor.open("/rollouts")
    page.go_back()
    expect(page.get_by_label("Device names")).to_have_value("lamp-0001, lamp-0002")
    page.go_back()
    expect(page.get_by_role("heading", name="What goes out?")).to_be_visible()
    _next(page)
    names = tmp_path / "lamps.csv"
    names.write_text("DeviceName\n" + "".join(f"lamp-{number:04}\n" for number in range(1, 6)))
    page.locator("input[type=file]").set_input_files(names)
    expect(page.get_by_text("5 device names")).to_be_visible()
    expect(page.locator(COUNTED)).to_have_text("5")


def test_firmware_that_is_not_verified_is_verified_from_here(visit: Visit, site: RolloutSite) -> None:
    """Unverified firmware cannot be chosen until its test devices have it; the dialog sends it to them."""
    firmware = site.firmware(LAMP, "1.4.0", verified=False)
    visitor = visit(role=RELEASER)
    page = visitor.open(f"/rollouts/new?firmware={firmware}")
    expect(page.get_by_role("radio", name="1.4.0")).to_be_disabled()
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_role("button", name="Verify").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Test devices").fill("lamp-0001")
    dialog.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Verification")
    _ends(page)
    visitor.open(f"/rollouts/new?firmware={firmware}")
    expect(page.get_by_role("button", name="Next")).to_be_enabled()


@pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])
def test_no_step_has_a_fault_that_axe_finds(visit: Visit, site: RolloutSite, look: Look) -> None:
    """Each step with all of its fields, at a desk and on a phone."""
    firmware = site.firmware(LAMP, f"2.{LOOKS.index(look)}.0")
    visitor = visit(role=RELEASER, look=look)
    page = visitor.open(f"/rollouts/new?firmware={firmware}")
    faults: dict[str, list[str]] = {}
    _look_at(visitor, "wizard-package", look, faults)
    _next(page)
    expect(page.locator(COUNTED)).to_have_text(str(LAMPS))
    _look_at(visitor, "wizard-target", look, faults)
    page.get_by_role("radio", name="Devices by name").click()
    _look_at(visitor, "wizard-names", look, faults)
    page.get_by_role("radio", name="All devices").click()
    _next(page)
    page.get_by_role("radio", name="Careful").click()
    page.get_by_role("button", name="Add a window").click()
    page.get_by_role("button", name="Delivery").click()
    _look_at(visitor, "wizard-care", look, faults)
    _next(page)
    expect(page.get_by_role("button", name="Start the rollout")).to_be_enabled()
    _look_at(visitor, "wizard-preview", look, faults)
    page.get_by_role("button", name="Start the rollout").click()
    expect(page.get_by_role("dialog").get_by_role("textbox")).to_be_focused()
    _look_at(visitor, "wizard-confirm", look, faults)
    assert not {name: found for name, found in faults.items() if found}


def _look_at(visitor: Visitor, name: str, look: Look, faults: dict[str, list[str]]) -> None:
    visitor.page.evaluate("window.scrollTo(0, 0)")
    visitor.picture(name, look)
    faults[name] = visitor.violations()
    over = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if over > 0:
        faults[name].append(f"the page is {over} px wider than the window")
