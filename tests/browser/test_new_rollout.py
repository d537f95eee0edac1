"""The wizard that makes a rollout: from a click to COMPLETED, by the keyboard alone, and with a live count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.browsing import LOOKS, Look, Visitor
from tests.browser.conftest import Visit
from tests.browser.people import RELEASER
from tests.browser.rollout_site import LAMP, LAMPS, PUMP, RolloutSite
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


def _berlin(minutes: int) -> str:
    """The time of so many minutes from now, as somebody in the visitors' zone types it."""
    return f"{datetime.now(ZoneInfo('Europe/Berlin')) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}"


def _to_the_start(page: Page) -> Locator:
    """The field of the time, from the first step on."""
    _next(page)
    expect(page.locator(COUNTED)).to_have_text(str(LAMPS))
    _next(page)
    page.get_by_role("radio", name="At the pace of evidence").click()
    page.get_by_role("switch", name="Start later").click()
    return page.get_by_label("Starts at")


def test_a_rollout_starts_later(visit: Visit, site: RolloutSite) -> None:
    """At a local time, which each step says; what is too soon or too far away does not leave the page."""
    firmware = site.firmware(LAMP, "3.0.0")
    visitor = visit(role=RELEASER)
    page = visitor.open(f"/rollouts/new?firmware={firmware}")
    starts = _to_the_start(page)
    expect(page.get_by_text("Time in your zone, Europe/Berlin")).to_be_visible()
    for minutes in (3, 7 * 1440 + 2):
        starts.fill(_berlin(minutes))
        expect(page.get_by_text("From 5 minutes to 7 days from now", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Next")).to_be_disabled()
    assert visitor.violations() == []
    starts.fill(_berlin(120))
    expect(page.get_by_text("Devices are chosen then")).to_be_visible()
    visitor.picture("wizard-start")
    assert visitor.violations() == []
    _next(page)
    expect(page.get_by_role("region", name="If all goes well")).to_contain_text("devices are chosen then")
    page.get_by_role("button", name="Start the rollout").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("It starts")
    visitor.picture("wizard-confirm-start")
    dialog.get_by_label("Type 3.0.0 to confirm").fill("3.0.0")
    dialog.get_by_role("button", name="Start the rollout").click()
    expect(page.get_by_role("alert").filter(has_text="It has not started")).to_contain_text("in 1 hour")
    visitor.picture("rollout-planned")
    assert visitor.violations() == []
    [job] = site.jobs_of(firmware)
    assert job["state"] == "PLANNED"


def test_a_start_that_the_server_refuses_is_said_in_its_words(visit: Visit, site: RolloutSite) -> None:
    """A browser whose clock is an hour behind takes the time for a good one."""
    firmware = site.firmware(LAMP, "3.1.0")
    visitor = visit(role=RELEASER)
    visitor.page.clock.set_fixed_time(datetime.now(UTC) - timedelta(hours=1))
    page = visitor.open(f"/rollouts/new?firmware={firmware}")
    _to_the_start(page).fill(_berlin(2))
    _next(page)
    expect(page.get_by_role("alert")).to_contain_text("ScheduleTime must be 5 minutes to 7 days ahead")
    expect(page.get_by_role("button", name="Start the rollout")).to_be_disabled()
    page.get_by_role("button", name="Back").click()
    page.get_by_label("Starts at").fill(_berlin(30))
    _next(page)
    expect(page.get_by_role("button", name="Start the rollout")).to_be_enabled()


def test_a_rollout_for_whatever_matches_takes_devices_that_come_later(visit: Visit, site: RolloutSite) -> None:
    """Made while there is no device at all; those that register afterwards have the version, until it is cancelled."""
    firmware = site.firmware(PUMP, "6.0.0")
    visitor = visit(role=RELEASER)
    page = visitor.open(f"/rollouts/new?firmware={firmware}")
    _next(page)
    page.get_by_role("radio", name="Whatever matches, now and later").click()
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    versions = page.get_by_role("combobox", name="Devices that report one of these")
    versions.fill("1.0.0")
    versions.press("Enter")
    expect(page.locator(COUNTED)).to_have_text("0")
    expect(page.get_by_text("devices get it now; later ones come on top")).to_be_visible()
    visitor.picture("wizard-rule")
    assert visitor.violations() == []
    _next(page)
    expect(page.get_by_role("switch", name="Start later")).to_have_count(0)
    _next(page)
    expect(page.get_by_role("region", name="And then it goes on")).to_contain_text("Every device that reports 1.0.0")
    visitor.picture("wizard-rule-preview")
    assert visitor.violations() == []
    page.get_by_role("button", name="Start the rollout").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("until somebody cancels it")
    dialog.get_by_label("Type 6.0.0 to confirm").fill("6.0.0")
    dialog.get_by_role("button", name="Start the rollout").click()
    expect(page).to_have_url(re.compile(r"/rollouts/\d+$"))
    with site.fleet(PUMP, 3):
        expect(page.get_by_role("region", name="Progress")).to_contain_text("3 of 3", timeout=ENDS_WITHIN_MS)
        visitor.picture("rollout-rule")
        page.get_by_role("button", name="Cancel", exact=True).click()
        cancel = page.get_by_role("dialog")
        cancel.get_by_role("textbox").fill("6.0.0")
        cancel.get_by_role("button").last.click()
        expect(page.locator("main header .mantine-Badge-root").first).to_have_text("Cancelled", timeout=ENDS_WITHIN_MS)


def test_a_rule_by_a_dynamic_group(visit: Visit, site: RolloutSite) -> None:
    """Who matches now is counted, told or left; what is asked of everybody at once is their number."""
    firmware = site.firmware(LAMP, "7.0.0")
    expression = f'product_key = "{site.products[LAMP]}" and name LIKE "lamp-000%"'
    site.call("CreateDeviceDynamicGroup", GroupName="first_lamps", DynamicGroupExpression=expression)
    visitor = visit(role=RELEASER)
    page = visitor.open(f"/rollouts/new?firmware={firmware}")
    _next(page)
    page.get_by_role("radio", name="Whatever matches, now and later").click()
    page.get_by_role("radio", name="A dynamic group's rule").click()
    page.get_by_role("combobox", name="Group").click()
    page.get_by_role("option", name="first_lamps").click()
    expect(page.locator(COUNTED)).to_have_text("9")
    page.get_by_role("radio", name=re.compile("Only those that report")).click()
    expect(page.get_by_text("devices match now; each is told when")).to_be_visible()
    page.get_by_role("radio", name=re.compile("Those that match now")).click()
    _next(page)
    page.get_by_role("radio", name="All at once").click()
    _next(page)
    page.get_by_role("button", name="Start the rollout").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Type 9 to confirm").fill("9")
    dialog.get_by_role("button", name="Start the rollout").click()
    expect(page.get_by_role("region", name="Progress")).to_contain_text("9 of 9", timeout=ENDS_WITHIN_MS)
    expect(page.locator("main header")).to_contain_text("Whatever is in first_lamps")


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
