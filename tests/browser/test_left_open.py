"""A page that is left open, an old address, a hand in a hurry: nothing that is shown is taken for what it is not."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from playwright.sync_api import APIResponse, Error, Page, Route, expect

from tests.browser.browsing import PHONE, Look
from tests.browser.conftest import Visit
from tests.browser.people import RELEASER
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

CHANGES_WITHIN_MS = 30_000
OVERTAKEN_MS = 500  # in which an answer that arrived would be shown
PRODUCTS = 30  # more entries of the audit trail than a page of it has
LOST = "The server does not answer"


@pytest.fixture(scope="module")
def client(server: WhimbrelServer) -> SignedClient:
    made = SignedClient(server)
    for number in range(PRODUCTS):
        made.call("CreateProduct", ProductName=f"product_{number}", NodeType="0")
    return made


def _sent(page: Page, action: str) -> list[str]:
    """Fills with each call of the Action from now on."""
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url) if request.url.endswith(f"/call/{action}") else None)
    return calls


@pytest.mark.parametrize("ends", ["stop", "kill"])
def test_a_page_says_that_its_server_is_gone_and_comes_back_with_it(
    visit: Visit, server: WhimbrelServer, client: SignedClient, ends: str
) -> None:
    """Both for a server that says goodbye and for one that does not; nobody reloads."""
    page = visit().open("/")
    changes = page.get_by_role("region", name="Recent changes")
    expect(changes).to_contain_text("CreateProduct")
    getattr(server, ends)()
    try:
        note = page.get_by_role("alert").filter(has_text=LOST)
        expect(note).to_contain_text("What you see is as it was at", timeout=CHANGES_WITHIN_MS)
    finally:
        server.start()
    expect(note).to_have_count(0, timeout=CHANGES_WITHIN_MS)
    client.call("CreateDeviceGroup", GroupName=f"after_{ends}")
    expect(changes).to_contain_text("CreateDeviceGroup")


def test_an_answer_that_was_overtaken_does_not_come_back(visit: Visit, client: SignedClient) -> None:
    """A call was answered, something changed, the stream told it, and only then the answer arrives: on a bad link."""
    visitor = visit(slowed=False)  # its call has left before the stream is there
    page = visitor.page
    held: list[tuple[Route, APIResponse]] = []
    page.route("**/api/call/XListAuditEvents", lambda route: held.append((route, route.fetch())))
    page.goto(visitor.console_url)
    changes = page.get_by_role("region", name="Recent changes")
    expect(changes).to_contain_text("CreateProduct")
    for _ in range(CHANGES_WITHIN_MS // OVERTAKEN_MS):
        if not held:
            page.wait_for_timeout(OVERTAKEN_MS)
    assert held
    product = client.call("QueryProductList", CurrentPage="1", PageSize="1").body["data"]["list"]["productInfo"][0]
    client.call("UpdateProduct", ProductKey=product["productKey"], ProductName="renamed_meanwhile")
    expect(changes).to_contain_text("UpdateProduct")
    for route, answer in held:
        with suppress(Error):  # the page has given it up
            route.fulfill(response=answer)
    page.wait_for_timeout(OVERTAKEN_MS)
    expect(changes).to_contain_text("UpdateProduct", timeout=1)


def test_a_page_beyond_the_last_shows_the_last(visit: Visit, client: SignedClient) -> None:
    """An old address, or rows that were deleted: not that there is nothing."""
    page = visit().open("/audit?page=99")
    expect(page.get_by_role("table", name="Audit trail").get_by_role("row").nth(1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"page=[2-9]$"))


def test_the_next_page_begins_at_its_first_row_on_a_phone(visit: Visit, client: SignedClient) -> None:
    """Its rows are cards there, and the buttons stand some screens below the first one."""
    visitor = visit(look=Look("light", *PHONE))
    page = visitor.open("/audit")
    page.get_by_role("button", name="Next page").click()
    expect(page).to_have_url(re.compile(r"page=2$"))
    visitor.settle()
    expect(page.get_by_role("table", name="Audit trail").get_by_role("row").nth(1)).to_be_in_viewport()


def test_what_is_gone_is_not_offered_again(visit: Visit, client: SignedClient) -> None:
    """A link to what was deleted says so, and another try would not find it either."""
    page = visit().open("/groups/nosuchgroup")
    expect(page.get_by_role("alert")).to_contain_text("the thing is gone")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_chinese_page_says_in_chinese_that_the_server_cannot_be_reached(visit: Visit, client: SignedClient) -> None:
    """These are the console's words and not the contract's."""
    visitor = visit(language="zh")
    page = visitor.open("/products")
    page.route("**/api/call/CreateProduct", lambda route: route.abort())
    page.get_by_role("button", name="新建产品").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").first.fill("unreached")
    dialog.locator("button[type=submit]").click()
    note = page.get_by_role("alert").filter(has_text="无法连接服务器")
    expect(note.get_by_role("button", name="关闭")).to_be_visible()
    assert visitor.violations() == []
    visitor.open("/me")
    expect(page.get_by_role("button", name="显示密码")).to_have_count(3)


def test_a_dialog_from_a_menu_gives_the_keyboard_back(visit: Visit, client: SignedClient) -> None:
    """The menu's entry, which opened it, is gone by then."""
    visit(role=RELEASER)
    page = visit().open("/users")
    actions = page.get_by_role("button", name="Actions on rosa")
    actions.focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Delete").press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(actions).to_be_focused()


def test_what_is_pressed_twice_happens_once(visit: Visit, client: SignedClient) -> None:
    """A device without a name would be another one each time."""
    page = visit().open("/groups")
    groups = _sent(page, "CreateDeviceGroup")
    page.get_by_role("button", name="New group").first.click()
    page.get_by_role("dialog").get_by_label("Name").fill("pressed_twice")
    page.get_by_role("dialog").locator("button[type=submit]").dblclick()
    expect(page.get_by_role("heading", name="pressed_twice")).to_be_visible()
    products = client.call("QueryProductList", CurrentPage="1", PageSize="1").body["data"]
    page = visit().open(f"/devices?product={products['list']['productInfo'][0]['productKey']}")
    devices = _sent(page, "RegisterDevice")
    page.get_by_role("button", name="Register devices").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Register 1 device").dblclick()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("registered")
    assert (len(groups), len(devices)) == (1, 1)


def test_who_is_sent_to_sign_in_is_told_why(visit: Visit) -> None:
    """A session that ended on an open page, or a link from a mail: one comes back to where one was."""
    page = visit(signed_in=False).page
    page.goto(f"{visit(signed_in=False).console_url}#/devices?state=OFFLINE")
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def test_the_menu_of_a_phone_is_out_of_the_way_until_it_is_asked_for(visit: Visit) -> None:
    """The keyboard does not go through what nobody sees; Esc and the page one is on close it."""
    page = visit(look=Look("light", *PHONE)).open("/")
    menu = page.get_by_role("button", name="Menu")
    here = page.get_by_role("navigation", name="Main pages").get_by_role("link", name="Overview")
    expect(here).to_have_count(0)
    for close in (lambda: page.keyboard.press("Escape"), here.click):
        menu.click()
        expect(here).to_be_visible()
        expect(menu).to_have_attribute("aria-expanded", "true")
        close()
        expect(here).to_have_count(0)
