"""Devices, their stories and groups in the console: what the pages do, and what a viewer does not see."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Locator, Page, Response, expect

from tests.browser.conftest import Visit
from tests.browser.people import RELEASER, VIEWER
from tests.browser.populated import LAMP, LAMPS, PUMP, Populated
from tests.cli.terminal import start
from tests.story.servers import WhimbrelServer


def ok(populated: Populated, action: str, **parameters: str) -> Any:
    body = populated.client.call(action, **parameters).body
    assert body.get("success"), body
    return body.get("data", body)


def named(populated: Populated, product: str, name: str) -> dict[str, str]:
    return {"ProductKey": populated.products[product], "DeviceName": name}


def rows(page: Page, label: str) -> Locator:
    return page.get_by_role("table", name=label).locator("tbody tr")


def card(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).last.click()
    page.get_by_role("option", name=option, exact=True).click()


def failed_pump(populated: Populated) -> str:
    tasks = ok(populated, "ListOTATaskByJob", JobId=populated.jobs["halted"], TaskStatus="FAILED")
    return str(tasks["simpleOTATaskInfo"][0]["deviceName"])


def test_a_device_is_found_among_many(visit: Visit, populated: Populated) -> None:
    """By a part of its name, by its beginning and by its version; the address is the search, and Back undoes it."""
    page = visit().open("/devices")
    page.get_by_label("Search").fill("MP-0017")
    expect(rows(page, "Devices")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"text=MP-0017"))
    page.get_by_role("button", name="Clear the filters").click()
    choose(page, "Product", LAMP)
    expect(page.get_by_role("status").filter(has_text=f"{LAMPS} rows")).to_be_visible()
    page.get_by_role("button", name="More filters").click()
    page.get_by_label("Name begins with").fill("lamp-000")
    expect(rows(page, "Devices")).to_have_count(9)
    page.get_by_label("Name begins with").fill("")
    page.get_by_label("Reports version").fill("1.2.0")
    expect(rows(page, "Devices")).to_have_count(4)
    rows(page, "Devices").first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("lamp-")
    page.go_back()
    expect(rows(page, "Devices")).to_have_count(4)


def test_pages_go_forth_and_back(visit: Visit, populated: Populated) -> None:
    """Numbers where the server counts; from page to page where it looks."""
    page = visit().open(f"/devices?product={populated.products[LAMP]}")
    page.get_by_role("navigation", name="Pages").get_by_role("button", name="2", exact=True).click()
    expect(page).to_have_url(re.compile("page=2"))
    expect(rows(page, "Devices").first).to_contain_text("lamp-0020")
    page = visit().open(f"/devices?product={populated.products[LAMP]}&text=lamp")
    expect(rows(page, "Devices").first).to_contain_text("lamp-0040")
    page.get_by_role("button", name="Next").click()
    expect(rows(page, "Devices").first).to_contain_text("lamp-0020")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_role("button", name="Back").click()
    expect(rows(page, "Devices").first).to_contain_text("lamp-0040")


def test_a_story_says_why_the_upgrade_failed(visit: Visit, populated: Populated) -> None:
    """What stands in the way comes first, with the way to its rollout; the device's own words stand at its task."""
    name = failed_pump(populated)
    page = visit(RELEASER).open(f"/devices/{populated.products[PUMP]}/{name}")
    why = page.get_by_role("region", name="Why is it not updating?")
    expect(why.get_by_role("alert")).to_contain_text("Why it is not updating:")
    expect(why).to_contain_text("the upgrade failed")
    expect(why.get_by_role("link", name=f"Rollout {populated.jobs['halted']}").first).to_have_attribute(
        "href", re.compile(f"/rollouts/{populated.jobs['halted']}$")
    )
    task = rows(page, "Upgrades").first
    expect(task).to_contain_text("1.0.0 → 2.0.0")
    expect(task).to_contain_text("Failed")
    expect(card(page, "Versions")).to_contain_text("1.0.0")
    task.get_by_role("button", name="Upgrade again").click()
    expect(page.get_by_text("The device is upgraded again")).to_be_visible()
    expect(task).to_contain_text("attempt 2")


def test_a_story_of_success(visit: Visit, populated: Populated) -> None:
    """Good news look good; versions over time say by which rollout; a version leads to its devices."""
    found = ok(populated, "XListDevices", ProductKey=populated.products[LAMP], ReportedVersion="1.1.0")["devices"][0]
    page = visit().open(f"/devices/{found['productKey']}/{found['deviceName']}")
    expect(card(page, "Versions")).to_contain_text("1.0.0 → 1.1.0")
    expect(card(page, "Presence")).to_contain_text("Online since")
    events = rows(page, "What happened")
    expect(events.filter(has_text="Another version").first).to_be_visible()
    page.get_by_role("combobox", name="Kind").click()
    page.get_by_role("option", name="Came online").click()
    expect(events).to_have_count(1)
    card(page, "Versions").get_by_role("link", name="1.1.0", exact=True).click()
    expect(page).to_have_url(re.compile(r"#/devices\?product=\w+&version=1\.1\.0"))


def test_presence_changes_without_a_reload(
    visit: Visit, populated: Populated, server: WhimbrelServer, tmp_path: Path
) -> None:
    """The device leaves, and the list and its story say so by themselves."""
    product_key = str(ok(populated, "CreateProduct", ProductName="valve", NodeType="0")["productKey"])
    words = ("--product", "valve", "--devices", "1", "--version", "1.0.0", "--record", str(tmp_path / "valve.jsonl"))
    fleet = start(server, "simulate", *words)
    try:
        page = visit().open(f"/devices?product={product_key}")
        expect(rows(page, "Devices").first).to_contain_text("Online")
        story = visit().open(f"/devices/{product_key}/valve-0001")
        expect(card(story, "Presence")).to_contain_text("Online since")
    finally:
        fleet.terminate()
        fleet.communicate(timeout=30)
    expect(rows(page, "Devices").first).to_contain_text("Offline")
    expect(story.locator("main header")).to_contain_text("Offline")
    expect(card(story, "Presence")).not_to_contain_text("Online since")
    expect(story.get_by_role("region", name="Why is it not updating?")).to_be_visible()


def test_tags_and_groups_of_a_device(visit: Visit, populated: Populated) -> None:
    """Set, found by, and removed; put into a group and taken out."""
    page = visit(RELEASER).open(f"/devices/{populated.products[LAMP]}/lamp-0030")
    card(page, "Tags").get_by_role("button", name="Set a tag").click()
    page.get_by_label("Key").fill("site")
    page.get_by_label("Value").fill("<b>Kiel</b>")
    page.get_by_role("button", name="Save").click()
    card(page, "Tags").get_by_role("link", name="<b>Kiel</b>").click()
    expect(rows(page, "Devices")).to_have_count(1)
    page.get_by_role("link", name="lamp-0030").click()
    card(page, "Tags").get_by_role("button", name="Remove the tag site").click()
    expect(card(page, "Tags")).to_contain_text("No tags.")
    card(page, "Groups").get_by_role("button", name="Add to a group").click()
    choose(page, "Group", "hall_3")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(card(page, "Groups").get_by_role("link", name="hall_3")).to_be_visible()
    card(page, "Groups").get_by_role("button", name="Take out of hall_3").click()
    expect(card(page, "Groups")).to_contain_text("In no group.")


def test_many_devices_at_once(visit: Visit, populated: Populated) -> None:
    """What is selected is tagged, added to a group, or rolled out to by name."""
    page = visit(RELEASER).open(f"/devices?product={populated.products[LAMP]}&name=lamp-003")
    for name in ("lamp-0031", "lamp-0032"):
        page.get_by_label(f"Select {name}").check()
    bar = card(page, "Selected devices")
    expect(bar).to_contain_text("2 devices selected")
    expect(bar.get_by_role("link", name="Start a rollout")).to_have_attribute(
        "href", re.compile(r"/rollouts/new\?product=\w+&names=lamp-003\d%2Clamp-003\d$")
    )
    bar.get_by_role("button", name="Set a tag").click()
    page.get_by_label("Key").fill("ring")
    page.get_by_label("Value").fill("early")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("2 devices tagged")).to_be_visible()
    assert ok(populated, "XListDevices", TagKey="ring", TagValue="early")["devices"][1]["deviceName"] == "lamp-0031"
    bar.get_by_role("link", name="Start a rollout").click()
    page.get_by_role("radio", name=re.compile(r"1\.2\.0")).first.click()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("textbox", name="Device names")).to_have_value("lamp-0031\nlamp-0032")


def test_register_disable_and_delete(visit: Visit, populated: Populated) -> None:
    """A device from its credentials to its end; of several names all are made or none."""
    page = visit().open(f"/devices?product={populated.products['boiler']}")
    page.get_by_role("button", name="Register devices").first.click()
    page.get_by_role("textbox", name="Name", exact=True).fill("boiler-1")
    page.get_by_role("button", name="Register 1 device").click()
    expect(page.get_by_role("button", name="Done")).to_be_visible()
    secret = ok(populated, "QueryDeviceInfo", **named(populated, "boiler", "boiler-1"))["deviceSecret"]
    expect(page.get_by_role("dialog")).to_contain_text(secret)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text(secret)).to_have_count(0)
    page.get_by_role("button", name="Register devices").first.click()
    page.get_by_text("Several by name").click()
    page.get_by_label("Names").fill("boiler-1, boiler-2")
    page.get_by_role("button", name="Register 2 devices").click()
    expect(page.get_by_role("alert")).to_contain_text("boiler-1")
    page.get_by_label("Names").fill("boiler-2 boiler-3")
    page.get_by_role("button", name="Register 2 devices").click()
    expect(page.get_by_role("dialog")).to_contain_text("boiler-3,")
    page.get_by_role("button", name="Done").click()
    expect(rows(page, "Devices")).to_have_count(3)
    page.get_by_role("button", name="Actions for boiler-2").click()
    page.get_by_role("menuitem", name="Disable").click()
    expect(rows(page, "Devices").filter(has_text="boiler-2")).to_contain_text("Disabled")
    page.get_by_role("link", name="boiler-2").click()
    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name="Delete").click()
    remove = page.get_by_role("dialog").get_by_role("button", name="Delete")
    expect(remove).to_be_disabled()
    page.get_by_role("textbox", name="Type boiler-2 to confirm").fill("boiler-2")
    remove.click()
    expect(rows(page, "Devices").filter(has_text="boiler-2")).to_have_count(0)


def test_a_viewer_sees_no_secret_and_no_button(visit: Visit, populated: Populated) -> None:
    """A15: neither in the page nor in any answer; an administrator sees it when it is asked for."""
    name = named(populated, LAMP, "lamp-0001")
    secret = ok(populated, "QueryDeviceInfo", **name)["deviceSecret"]
    visitor = visit(VIEWER)
    answers: list[str] = []

    def keep(response: Response) -> None:
        if "/api/call/" in response.url:
            with suppress(Error):  # a page that is left gives up what it asked for, and never has it
                answers.append(response.text())

    visitor.page.on("response", keep)
    page = visitor.open("/devices")
    expect(rows(page, "Devices").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Register|Actions"))).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(0)
    visitor.open(f"/devices/{name['ProductKey']}/lamp-0001")
    expect(card(page, "Tags")).to_contain_text("Hamburg")
    hidden = re.compile("Actions|secret|Set a tag|Cancel|Upgrade again")
    expect(page.get_by_role("button", name=hidden)).to_have_count(0)
    expect(card(page, "Credentials")).to_have_count(0)
    assert len(answers) > 5
    assert not [answer for answer in answers if secret in answer]
    assert secret not in page.content()
    page = visit().open(f"/devices/{name['ProductKey']}/lamp-0001")
    expect(page.get_by_text(secret)).to_have_count(0)
    page.get_by_role("button", name="Show the secret").click()
    expect(page.get_by_text(secret)).to_be_visible()
    page.get_by_role("button", name="Hide the secret").click()
    expect(page.get_by_text(secret)).to_have_count(0)


def test_a_static_group_from_its_beginning_to_its_end(visit: Visit, populated: Populated) -> None:
    """Made, filled from pasted names, emptied by selection, described and deleted."""
    page = visit(RELEASER).open("/groups")
    expect(rows(page, "Groups").filter(has_text="hall_3")).to_contain_text("8 devices")
    page.get_by_role("button", name="New group").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("yard")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("yard")
    expect(page.get_by_text("No devices in this group")).to_be_visible()
    page.get_by_role("button", name="Add devices").first.click()
    choose(page, "Product", LAMP)
    page.get_by_label("Device names").fill("lamp-0001\nlamp-0002, lamp-9999")
    page.get_by_role("button", name="Add 3 devices").click()
    expect(page.get_by_text("2 devices added; 1 of the names are unknown")).to_be_visible()
    expect(rows(page, "Devices")).to_have_count(2)
    page.get_by_label("Select lamp-0002").check()
    page.get_by_role("button", name="Take out of the group").click()
    expect(rows(page, "Devices")).to_have_count(1)
    page.get_by_role("button", name="Describe").click()
    page.get_by_label("What it is for").fill("behind the hall")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main header")).to_contain_text("behind the hall")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("textbox", name="Type yard to confirm").fill("yard")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Groups")
    expect(rows(page, "Groups").filter(has_text="yard")).to_have_count(0)


def test_a_dynamic_group_shows_what_its_rule_describes(visit: Visit, populated: Populated) -> None:
    """Before it is made: how many where they are counted, and the first ones."""
    page = visit().open("/groups")
    page.get_by_role("button", name="New group").click()
    page.get_by_text("Dynamic", exact=True).last.click()
    page.get_by_role("textbox", name="Name", exact=True).fill("hamburg")
    choose(page, "Product", LAMP)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{LAMPS} devices now:")
    page.get_by_label("Tag key").fill("site")
    page.get_by_label("Tag value").fill("Hamburg")
    expect(dialog).to_contain_text("lamp-0001")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("hamburg")
    expect(rows(page, "Devices")).to_have_count(1)
    expect(page.get_by_role("button", name="Add devices")).to_have_count(0)
    expect(page.locator("main")).to_contain_text('tag.tag_value = "Hamburg"')


def test_rollouts_to_a_group_stand_on_its_page(visit: Visit, populated: Populated) -> None:
    """What was made for the group by name, and nothing else."""
    made = ok(
        populated,
        "CreateOTAStaticUpgradeJob",
        ProductKey=populated.products[LAMP],
        FirmwareId=populated.firmware["radio"],
        TargetSelection="GROUP",
        GroupId=populated.group_id,
        GroupType="LINK_PLATFORM",
    )
    page = visit(VIEWER).open(f"/groups/{populated.group_id}")
    table = rows(page, "Rollouts to this group")
    expect(table).to_have_count(1)
    expect(table.get_by_role("link", name="lamp radio 1.0.0")).to_have_attribute(
        "href", re.compile(f"/rollouts/{made['jobId']}$")
    )
    assert json.loads(ok(populated, "QueryDeviceProp", **named(populated, LAMP, "lamp-0001"))["props"])["floor"] == "3"
