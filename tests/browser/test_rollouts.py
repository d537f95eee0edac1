"""The pages of one rollout and of all: what changes while one looks, what can be done, and what a viewer lacks."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.people import RELEASER, VIEWER
from tests.browser.rollout_site import LAMP, LAMPS, PUMP, PUMPS, RolloutSite
from tests.story.servers import WhimbrelServer

CHANGES_WITHIN_MS = 30_000
ALL_FAILED = re.compile(r"^(\d) of the first \1 devices told failed or went silent; it halts at (\d)\.$")
NOT_RELOADED = "window.isTheSamePage === true"


@pytest.fixture(scope="module")
def site(server: WhimbrelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RolloutSite]:
    made = RolloutSite(server, tmp_path_factory.mktemp("rollouts"))
    with made.fleet(LAMP, LAMPS):
        yield made


def _watch(page: Page) -> None:
    """Whatever is shown from now on came without loading the page again."""
    page.evaluate("window.isTheSamePage = true")


def _shows(page: Page, state: str) -> None:
    badge = page.locator("main header .mantine-Badge-root").first
    expect(badge).to_have_text(state, timeout=CHANGES_WITHIN_MS)


def _answer_why(page: Page, button: str, reason: str) -> None:
    page.get_by_role("button", name=button).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill(reason)
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0)


def test_a_failing_canary_halts_before_ones_eyes_and_a_person_goes_on_or_calls_it_off(
    visit: Visit, site: RolloutSite
) -> None:
    """Nobody reloads; the gate's numbers, the reasons and the devices behind them are there when it halts."""
    with site.fleet(PUMP, PUMPS):
        pass
    site.wait_until_off(PUMP)
    canary = {"XStages.1.Percent": "10", "XStages.1.SoakMinutes": "30"}
    job = site.job(PUMP, site.firmware(PUMP, "2.0.0"), XPace="EVIDENCE", XPaceFirst="5", **canary)
    visitor = visit(role=RELEASER)
    page = visitor.open(f"/rollouts/{job}")
    _watch(page)
    _shows(page, "Running")
    with site.fleet(PUMP, PUMPS, "--model", "fails=1"):
        _shows(page, "Halted by its gate")
        expect(
            page.get_by_role("alert").filter(has_text="devices failed or went silent; the limit is 3 %")
        ).to_be_visible()
        meter = page.get_by_role("meter", name="Gate")
        expect(meter).to_have_attribute("aria-valuetext", ALL_FAILED)
        failing, halts_at = map(int, ALL_FAILED.findall(meter.get_attribute("aria-valuetext") or "")[0])
        assert failing >= halts_at
        reasons = page.get_by_role("region", name="Why devices failed")
        reasons.get_by_role("link").first.click()
        expect(page).to_have_url(re.compile("reason="))
        row = page.get_by_role("table", name="Devices").get_by_role("row").nth(1)
        expect(row).to_contain_text("Failed")
        visitor.picture("rollout-halts")
        _answer_why(page, "Resume", "The pumps had no power")
        happened = page.get_by_role("region", name="What happened")
        expect(happened).to_contain_text("The pumps had no power")
        expect(happened).to_contain_text("rosa")
        _shows(page, "Running")
        page.get_by_role("button", name="Cancel", exact=True).click()
        dialog = page.get_by_role("dialog")
        confirm = dialog.get_by_role("button", name="Cancel").last
        dialog.get_by_label("Type 2.0.0 to confirm").fill("2.0")
        expect(confirm).to_be_disabled()
        dialog.get_by_label("Type 2.0.0 to confirm").fill("2.0.0")
        confirm.click()
        expect(page.get_by_role("button", name="Pause")).to_have_count(0, timeout=CHANGES_WITHIN_MS)
        stages = page.get_by_role("list", name="Stages")
        expect(stages).to_contain_text("Ended", timeout=CHANGES_WITHIN_MS)
        expect(stages).not_to_contain_text(re.compile("Under way|Waiting|Held"))
    assert site.call("QueryOTAJob", JobId=job)["jobStatus"] in ("CANCELED", "COMPLETED")
    assert page.evaluate(NOT_RELOADED)


def test_a_stage_begins_at_a_persons_word_and_a_pause_says_who_and_why(visit: Visit, site: RolloutSite) -> None:
    """Pause, resume and the next stage show on the page at once, with the name and the reason."""
    canary = {"XStages.1.Count": "2", "XStages.1.SoakMinutes": "600"}
    job = site.job(LAMP, site.firmware(LAMP, "1.1.0"), XPace="EVIDENCE", XPaceFirst="2", **canary)
    page = visit(role=RELEASER).open(f"/rollouts/{job}")
    _watch(page)
    _shows(page, "Soaking")
    stages = page.get_by_role("list", name="Stages").get_by_role("listitem")
    expect(stages.nth(0)).to_contain_text("Soaking")
    _answer_why(page, "Pause", "The night shift looks first")
    _shows(page, "Paused")
    expect(page.get_by_role("alert").filter(has_text="The night shift looks first")).to_contain_text("By rosa")
    _answer_why(page, "Resume", "They looked")
    _answer_why(page, "Next stage now", "Both are well")
    _shows(page, "Completed")
    expect(stages.nth(0)).to_contain_text("Done")
    expect(page.get_by_text(f"{LAMPS} of {LAMPS} devices have the new version")).to_be_visible()
    assert page.evaluate(NOT_RELOADED)


def test_a_planned_rollout_says_when_it_starts(visit: Visit, site: RolloutSite) -> None:
    """It has no devices yet, and nothing that is missing."""
    later_ms = int((time.time() + 3_600) * 1000)
    job = site.job(LAMP, site.firmware(LAMP, "1.1.1"), ScheduleTime=str(later_ms))
    page = visit(role=RELEASER).open(f"/rollouts/{job}")
    _shows(page, "Planned")
    expect(page.get_by_role("alert").filter(has_text="It starts")).to_contain_text("minutes")
    expect(page.get_by_text("Nothing matches")).to_have_count(0)
    site.call("CancelOTATaskByJob", JobId=job, CancelScheduledTask="true")
    _shows(page, "Cancelled")


def test_one_devices_task_is_confirmed_cancelled_and_tried_again(visit: Visit, site: RolloutSite) -> None:
    """The menu of a row does what the task allows, and a refusal is shown in the server's words."""
    job = site.job(LAMP, site.firmware(LAMP, "1.2.0"), NeedConfirm="true")
    page = visit(role=RELEASER).open(f"/rollouts/{job}?status=CONFIRM")
    devices = page.get_by_role("table", name="Devices")
    by_state = page.get_by_role("navigation", name="Devices by state")
    expect(devices.get_by_role("row")).to_have_count(11)
    page.get_by_role("button", name="Actions for lamp-0003").click()
    page.get_by_role("menuitem", name="Confirm").click()
    by_state.get_by_role("link", name="Succeeded 1").click()
    expect(devices.get_by_role("link", name="lamp-0003")).to_be_visible()
    by_state.get_by_role("link", name="To be confirmed").click()
    page.get_by_role("button", name="Actions for lamp-0004").click()
    page.get_by_role("menuitem", name="Cancel for this device").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Type lamp-0004 to confirm").fill("lamp-0004")
    dialog.get_by_role("button", name="Cancel for this device").click()
    by_state.get_by_role("link", name="Cancelled 1").click()
    expect(devices.get_by_role("link", name="lamp-0004")).to_be_visible()
    # What was never confirmed cannot be tried again: the server says so, in its words.
    page.get_by_role("button", name="Actions for lamp-0004").click()
    page.get_by_role("menuitem", name="Upgrade again").click()
    expect(page.get_by_role("alert").filter(has_text="is CANCELED")).to_be_visible()
    site.call("CancelOTATaskByJob", JobId=job, CancelUnconfirmedTask="true")


def test_a_cancel_that_comes_too_late_is_not_called_one(visit: Visit, site: RolloutSite) -> None:
    """The task ended while the question was open; the page of the device says so."""
    job = site.job(LAMP, site.firmware(LAMP, "1.2.1"), NeedConfirm="true")
    page = visit(role=RELEASER).open(f"/devices/{site.products[LAMP]}/lamp-0002")
    page.get_by_role("table", name="Upgrades").get_by_role("button", name="Cancel").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("lamp-0002")
    site.call("CancelOTATaskByJob", JobId=job, CancelUnconfirmedTask="true")
    dialog.locator("button[type=submit]").click()
    expect(page.get_by_text("The upgrade had ended before")).to_be_visible()


def test_a_viewer_sees_all_of_it_and_can_do_nothing(visit: Visit, site: RolloutSite) -> None:
    """A role without job:write has no button on any of the three pages."""
    job = site.job(LAMP, site.firmware(LAMP, "1.3.0"), NeedConfirm="true")
    visitor = visit(role=VIEWER)
    page = visitor.open(f"/rollouts/{job}")
    expect(page.get_by_role("table", name="Devices").get_by_role("row")).to_have_count(11)
    for name in ("Pause", "Resume", "Next stage now", "Cancel", "Actions for"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    visitor.open("/rollouts")
    expect(page.get_by_role("link", name="New rollout")).to_have_count(0)
    visitor.open("/rollouts/new")
    expect(page.get_by_role("alert")).to_contain_text("You may look, not roll out")
    site.call("CancelOTATaskByJob", JobId=job, CancelUnconfirmedTask="true")


def test_the_list_is_filtered_by_its_address_and_changes_by_itself(visit: Visit, site: RolloutSite) -> None:
    """A rollout appears in the rows that it belongs to, and leaves those it does not, without a reload."""
    page = visit().open(f"/rollouts?product={site.products[LAMP]}&state=active")
    _watch(page)
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    job = site.job(LAMP, site.firmware(LAMP, "1.4.0"), NeedConfirm="true")
    expect(page.get_by_role("link", name="lamp to 1.4.0")).to_be_visible(timeout=CHANGES_WITHIN_MS)
    page.get_by_role("button", name="Held").click()
    expect(page).to_have_url(re.compile("state=held"))
    expect(page.get_by_role("link", name="lamp to 1.4.0")).to_have_count(0)
    site.call("XPauseOTAJob", JobId=job, Reason="to be seen here")
    expect(page.get_by_role("link", name="lamp to 1.4.0")).to_be_visible(timeout=CHANGES_WITHIN_MS)
    assert page.evaluate(NOT_RELOADED)
    site.call("CancelOTATaskByJob", JobId=job, CancelUnconfirmedTask="true")


def test_a_second_person_lets_a_rollout_go_that_its_maker_can_only_take_back(visit: Visit, site: RolloutSite) -> None:
    """A29: what one person made another one approves, on the page that shows what goes out."""
    firmware = site.firmware(LAMP, "1.5.0")
    site.call("XUpdateRolloutDefaults", XApproval="ON")
    try:
        job = site.job(LAMP, firmware, XPace="EVIDENCE")
        page = visit(role=RELEASER).open(f"/rollouts/{job}")
        _shows(page, "Waits for approval")
        expect(page.get_by_role("button", name="Reject")).to_be_visible()
        _answer_why(page, "Approve", "Seen on the bench")
        _shows(page, "Completed")
        expect(page.get_by_role("region", name="What happened")).to_contain_text("Seen on the bench")
    finally:
        site.call("XUpdateRolloutDefaults", XApproval="OFF")
