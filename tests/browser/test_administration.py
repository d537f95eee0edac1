"""The pages of administrators on a server in use: overview, AccessKeys, audit trail and settings do what they say."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.people import VIEWER
from tests.browser.populated import LAMP, PUMP, Populated
from tests.story.servers import AccessKey, WhimbrelServer
from tests.story.signed_client import SignedClient


def ask(page: Page, name: str, item: str) -> None:
    """Choose from the menu of the row of that name."""
    page.get_by_role("button", name=f"Actions on {name}").click()
    page.get_by_role("menuitem", name=item).click()


def confirm(page: Page, word: str, button: str) -> None:
    """The dialog's button does nothing before the word is typed."""
    expect(page.get_by_role("dialog").get_by_role("button", name=button)).to_be_disabled()
    page.get_by_label(f"Type {word} to confirm").fill(word)
    page.get_by_role("dialog").get_by_role("button", name=button).click()


def shown_key(page: Page) -> AccessKey:
    """The key that is shown this once; the dialog is closed."""
    dialog = page.get_by_role("dialog")
    texts = [
        dialog.get_by_role("region", name=name, exact=True).inner_text()
        for name in ("AccessKey ID", "AccessKey Secret")
    ]
    dialog.get_by_role("button", name="I have kept it").click()
    expect(dialog).to_have_count(0)
    return AccessKey(*texts)


def test_the_overview_leads_to_what_needs_somebody(visit: Visit, populated: Populated) -> None:
    """The halted rollout stands first and leads to its page; each bar to the devices of its version."""
    visitor = visit(role=VIEWER)
    page = visitor.open("/")
    first = page.get_by_role("region", name="Needs attention").get_by_role("listitem").first
    expect(first).to_contain_text("Rollout halted itself")
    expect(first).to_contain_text("devices failed or went silent")
    assert first.get_by_role("link").get_attribute("href") == f"#/rollouts/{populated.jobs['halted']}"
    # A number is that of the rows it leads to.
    under_way = page.get_by_role("link", name="Rollouts under way")
    assert under_way.get_attribute("href") == "#/rollouts?state=active"
    lamps = page.get_by_role("table", name="Devices of lamp by version")
    # The first stage has four devices; how many of them were through when it was paused, chance says.
    expect(lamps.get_by_role("row", name="1.1.0")).to_contain_text(re.compile(r"3[6-8] "))
    lamps.get_by_role("link", name="1.2.0").click()
    expect(visitor.heading()).to_have_text("Devices")
    assert f"product={populated.products[LAMP]}&version=1.2.0" in page.url
    chinese = visit(role=VIEWER, language="zh").open("/")
    expect(chinese.get_by_role("region", name="需要处理").get_by_role("listitem").first).to_contain_text("上限为 3 %")


def test_the_numbers_of_a_product_add_up(visit: Visit, populated: Populated) -> None:
    """A device that was disabled is neither online nor offline, and not left out."""
    device = {"ProductKey": populated.products[LAMP], "DeviceName": "lamp-0009"}
    populated.client.call("DisableThing", **device)
    page = visit(role=VIEWER).open(f"/products/{device['ProductKey']}")
    expect(page.get_by_role("link", name="Disabled")).to_contain_text("1")
    populated.client.call("EnableThing", **device)
    expect(page.get_by_role("link", name="Disabled")).to_have_count(0)


def test_the_overview_moves_by_itself(visit: Visit, populated: Populated) -> None:
    """What changes elsewhere is there without a click."""
    page = visit().open("/")
    rollouts = page.get_by_role("region", name="Rollouts", exact=True)
    expect(rollouts).to_contain_text("Paused")
    populated.client.call("XResumeOTAJob", JobId=populated.jobs["paused"], Reason="It is night")
    expect(rollouts).not_to_contain_text("Paused")
    populated.client.call("XPauseOTAJob", JobId=populated.jobs["paused"], Reason="Wait for the night shift")
    expect(rollouts).to_contain_text("Paused")


def test_A05_a_key_made_here_signs_calls(visit: Visit, server: WhimbrelServer) -> None:
    """Its secret is shown once; it does what its rights say, and a new secret ends the old one."""
    visitor = visit()
    page = visitor.open("/keys")
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Name", exact=True).fill("night report")
    page.get_by_role("radio", name="Dashboards and reports").check()
    assert visitor.violations() == []
    visitor.picture("key-editor")
    page.get_by_role("dialog").get_by_role("button", name="New key").click()
    expect(page.get_by_text("whimbrel fleet")).to_be_visible()
    assert visitor.violations() == []
    visitor.picture("key-secret")
    page.keyboard.press("Escape")  # it would take away what is shown this once
    key = shown_key(page)
    row = page.get_by_role("row", name="night report")
    expect(row).to_contain_text("Reads everything")
    assert code_of(server, key, "QueryProductList", CurrentPage="1", PageSize="1") == ""
    assert code_of(server, key, "CreateProduct", ProductName="mine", NodeType="0") == "Forbidden.RAM"
    ask(page, "night report", "New secret")
    confirm(page, "night report", "New secret")
    rotated = shown_key(page)
    assert rotated.key_id == key.key_id
    assert code_of(server, key, "QueryProductList", CurrentPage="1", PageSize="1") == "SignatureDoesNotMatch"
    assert code_of(server, rotated, "QueryProductList", CurrentPage="1", PageSize="1") == ""
    ask(page, "night report", "Switch off")
    confirm(page, "night report", "Switch off")
    expect(row).to_contain_text("Switched off")
    ask(page, "night report", "Delete")
    confirm(page, "night report", "Delete")
    expect(row).to_have_count(0)


def test_A06_a_key_is_limited_to_a_product(visit: Visit, server: WhimbrelServer, populated: Populated) -> None:
    """A statement names permissions and a product; another product does not exist for the key."""
    page = visit().open("/keys")
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Name", exact=True).fill("pump releases")
    page.get_by_role("combobox", name="On these products").click()
    page.get_by_role("option", name=PUMP).click()
    page.keyboard.press("Tab")
    page.get_by_role("dialog").get_by_role("button", name="New key").click()
    key = shown_key(page)
    expect(page.get_by_role("row", name="pump releases")).to_contain_text("on 1 product")
    own, other = populated.products[PUMP], populated.products[LAMP]
    assert code_of(server, key, "QueryProduct", ProductKey=own) == ""
    assert code_of(server, key, "QueryProduct", ProductKey=other) != ""


def test_I16_the_trail_is_narrowed_and_read(visit: Visit, server: WhimbrelServer, populated: Populated) -> None:
    """By action, by who, and from a time backwards, in the address; refusals are marked; an entry opens in full."""
    key = AccessKey(*made_key(populated))
    assert code_of(server, key, "DeleteProduct", ProductKey=populated.products[LAMP]) == "Forbidden.RAM"
    visitor = visit()
    page = visitor.open(f"/audit?actor={key.key_id}")
    row = page.get_by_role("row", name="DeleteProduct")
    expect(row).to_contain_text("Refused")
    expect(row).to_contain_text("refused one")
    row.get_by_role("button", name="DeleteProduct").click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("The caller has no right to this. Nothing was done.")
    expect(drawer.get_by_role("row", name="ProductKey")).to_contain_text(populated.products[LAMP])
    assert visitor.violations() == []
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Action").fill("XPauseOTAJob")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="XPauseOTAJob").first).to_contain_text(f"Rollout {populated.jobs['paused']}")
    assert "action=XPauseOTAJob" in page.url
    assert "actor=" not in page.url
    page.get_by_label("Before").fill("2001-01-01T00:00")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").first.click()
    expect(page.get_by_role("region", name="Verify with the newest entry of now")).to_contain_text("--expect default:")


def test_defaults_are_changed_and_forgotten(visit: Visit, populated: Populated) -> None:
    """What is saved holds for new rollouts; what is out of bounds cannot be saved; the switch of approval keeps it."""
    visitor = visit()
    page = visitor.open("/settings")
    limit = page.get_by_label("Share that may fail")
    limit.fill("51")
    expect(page.get_by_text("From 0.01 to 50")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    limit.fill("50")
    limit.press("ArrowUp")
    expect(limit).to_have_value("50")
    limit.fill("1,5")
    limit.press_sequentially("x")
    limit.press("ArrowUp")
    limit.press("ArrowDown")
    expect(limit).to_have_value("1.5")
    page.get_by_role("switch", name="Begin slowly").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("These are your own.")).to_be_visible()
    page.get_by_role("region", name="A second person").get_by_role("switch").click()
    expect(page.get_by_role("region", name="A second person").get_by_role("switch")).to_be_checked()
    assert defaults(populated) == ("1.5", "EVIDENCE", "ON")
    page.get_by_role("region", name="A second person").get_by_role("switch").click()
    expect(page.get_by_role("region", name="A second person").get_by_role("switch")).not_to_be_checked()
    page.get_by_role("button", name="Back to this release's").click()
    expect(page.get_by_text("These are this release's.")).to_be_visible()
    assert defaults(populated) == ("3", "NONE", "OFF")
    expect(page.get_by_role("link", name="openapi.json")).to_have_attribute("href", "../openapi.json")


def defaults(populated: Populated) -> tuple[str, str, str]:
    """Limit, pace and approval of the account."""
    data = populated.client.call("XQueryRolloutDefaults").body["data"]
    return (data["xGateLimit"], data["xPace"], data["xApproval"])


def made_key(populated: Populated) -> tuple[str, str]:
    """A key that only reads, by the signed API."""
    statement = {"Statement.1.Actions": "*", "Statement.1.Access": "read"}
    data = populated.client.call("XCreateAccessKey", Name="refused one", **statement).body["data"]
    return (data["accessKeyId"], data["accessKeySecret"])


def code_of(server: WhimbrelServer, key: AccessKey, action: str, **parameters: str) -> str:
    """The code of a call that the key signs; empty for a success."""
    answered = SignedClient(server, key).call(action, **parameters)
    return (
        answered.code or str(answered.body.get("Code", "")) or ("" if answered.status == 200 else json.dumps(answered))
    )
