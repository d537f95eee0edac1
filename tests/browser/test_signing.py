"""How people come in: the printed link, a password and the keyboard alone, what is refused, and being signed out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsing import Look, Visitor
from tests.browser.conftest import Visit
from tests.browser.people import ADMIN, NAMES, RELEASER, VIEWER, People
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

PASSWORD = "five quiet waders at low tide"
FAILURES_MAX = 10  # of a name, then sign-ins wait
SIGNED_OUT_WITHIN_MS = 15_000


def choose_password(page: Page, password: str) -> None:
    page.get_by_label("New password").fill(password)
    page.get_by_label("The same again").fill(password)
    page.get_by_role("button", name="Set the password and sign in").click()


def try_password(page: Page, name: str, password: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def invited(visit: Visit, people: People, role: str, name: str) -> Visitor:
    """Somebody new, who followed the link and is on the overview."""
    visitor = visit(signed_in=False)
    visitor.page.goto(people.invite(role, name))
    choose_password(visitor.page, PASSWORD)
    expect(visitor.heading()).to_have_text("Overview")
    return visitor


def test_the_printed_link_works_once(visit: Visit, people: People) -> None:
    """The first person chooses name and password and is shown the first steps; nobody follows the link again."""
    link = people.first_link()
    first = visit(signed_in=False)
    first.page.goto(link)
    first.page.get_by_label("User name").fill("grace")
    choose_password(first.page, "short")
    expect(first.page.get_by_text("At least 12 characters", exact=True)).to_be_visible()
    choose_password(first.page, PASSWORD)
    expect(first.heading()).to_have_text("Overview")
    expect(first.page.get_by_role("heading", name="Welcome: five steps to your first rollout")).to_be_visible()
    assert "token" not in first.page.url
    first.settle()
    assert first.violations() == []
    first.picture("first-steps")
    second = visit(signed_in=False)
    second.page.goto(link)
    expect(second.heading()).to_have_text("This link does not work any more")
    expect(second.page.get_by_role("alert")).to_contain_text("Ask an administrator for a new one")


def test_a_keyboard_is_enough(visit: Visit, people: People) -> None:
    """Name, Tab, password, Enter: the name has the focus when the page is there; and back to where one was."""
    people.cookies(VIEWER)
    visitor = visit(signed_in=False, look=Look("light", 320, 640))
    page = visitor.page
    page.goto(f"{people.console_url}#/settings")
    expect(page.get_by_label("User name")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= 320")
    page.keyboard.type(NAMES[VIEWER])
    page.keyboard.press("Tab")
    page.keyboard.type(people.passwords[VIEWER])
    page.keyboard.press("Enter")
    expect(visitor.heading()).to_have_text("Settings")


def test_a_password_manager_knows_the_fields(visit: Visit) -> None:
    """The name and the password say what they are."""
    page = visit(signed_in=False).open("/sign-in")
    for label, purpose in (("User name", "username"), ("Password", "current-password")):
        assert page.get_by_label(label, exact=True).get_attribute("autocomplete") == purpose


def test_A04_who_is_refused_is_told_what_to_do(visit: Visit, people: People) -> None:
    """Wrong: what to do about a forgotten password. Too often: for how long, and that the password is as it was."""
    people.invite(VIEWER, "carl")
    visitor = visit(signed_in=False)
    page = visitor.open("/sign-in")
    for _ in range(FAILURES_MAX):
        try_password(page, "carl", "not the password at all")
        expect(page.get_by_role("alert")).to_contain_text("No user has this name and password")
        expect(page.get_by_label("Password", exact=True)).to_be_empty()
    try_password(page, "carl", "not the password at all")
    expect(page.get_by_role("alert")).to_contain_text("Too many failed attempts")
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Try again in 1\d minutes"))
    assert visitor.violations() == []


def test_A10_a_session_that_is_ended_is_signed_out_within_seconds(visit: Visit, people: People) -> None:
    """The browser that is looked over an admin's shoulder shows the sign-in by itself, without a click in it."""
    other = invited(visit, people, RELEASER, "rita")
    admin = visit()
    page = admin.open("/users?user=rita")
    page.get_by_role("button", name="End it: session of rita").click()
    expect(other.heading()).to_have_text("Sign in", timeout=SIGNED_OUT_WITHIN_MS)
    expect(page.get_by_text("Nobody is signed in")).to_be_visible()


def test_somebody_is_invited_changed_and_disabled(visit: Visit, server: WhimbrelServer) -> None:
    """A link is shown once and works; a role is changed, and it holds; who is disabled is out."""
    page = visit().open("/users")
    page.get_by_role("button", name="Invite somebody").click()
    page.get_by_label("User name").fill("mia@example.org")
    page.get_by_role("radio", name="Releaser").check()
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_role("region", name="The link").inner_text()
    page.get_by_role("button", name="I have copied it").click()
    row = page.get_by_role("table", name="Users").get_by_role("row", name="mia@example.org")
    expect(row).to_contain_text("Invited")
    mia = visit(signed_in=False)
    mia.page.goto(link)
    choose_password(mia.page, PASSWORD)
    expect(mia.heading()).to_have_text("Overview")
    expect(row).to_contain_text("Active")
    row.get_by_role("button", name="Actions on mia@example.org").click()
    page.get_by_role("menuitem", name="Change the role").click()
    page.get_by_role("radio", name="Viewer").check()
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Viewer")
    row.get_by_role("button", name="Actions on mia@example.org").click()
    page.get_by_role("menuitem", name="Disable").click()
    page.get_by_label("Type mia@example.org to confirm").fill("mia@example.org")
    page.get_by_role("button", name="Confirm").click()
    expect(row).to_contain_text("Disabled")
    expect(mia.heading()).to_have_text("Sign in", timeout=SIGNED_OUT_WITHIN_MS)
    done = SignedClient(server).call("XListConsoleUsers", CurrentPage="1", PageSize="100").body["data"]["consoleUser"]
    assert [(user["role"], user["status"]) for user in done if user["name"] == "mia@example.org"] == [
        ("VIEWER", "DISABLED")
    ]


def test_ones_own_page(visit: Visit, people: People) -> None:
    """A viewer too changes the password, which ends other sessions, and this browser's language and colours."""
    other = invited(visit, people, VIEWER, "vera")
    visitor = visit(signed_in=False)
    page = visitor.open("/sign-in")
    try_password(page, "vera", PASSWORD)
    page.get_by_role("button", name="vera: account and signing out").click()
    page.get_by_role("menuitem", name="Your account").click()
    page.get_by_label("Current password").fill("another")
    page.get_by_label("New password").fill("six loud gulls at high tide")
    page.get_by_label("The same again").fill("six loud gulls at high tide")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("alert")).to_contain_text("The current password is another")
    page.get_by_role("textbox", name="Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    expect(other.heading()).to_have_text("Sign in", timeout=SIGNED_OUT_WITHIN_MS)
    page.get_by_role("radiogroup", name="Colour scheme").get_by_text("Dark").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.get_by_role("radiogroup", name="Language").get_by_text("中文").click()
    expect(visitor.heading()).to_have_text("我的账户")


@pytest.mark.parametrize("role", [VIEWER, RELEASER, ADMIN])
def test_A06_each_role_sees_what_it_may(visit: Visit, role: str) -> None:
    """What a role may not see is absent from the menu, said on the page, and refused by the server all the same."""
    visitor = visit(role=role)
    page = visitor.open("/")
    menu = page.get_by_role("navigation", name="Main pages")
    is_admin = role == ADMIN
    for title, route, action in (
        ("Access keys", "/keys", "XListAccessKeys"),
        ("Users", "/users", "XListConsoleUsers"),
        ("Audit trail", "/audit", "XListAuditEvents"),
    ):
        expect(menu.get_by_role("link", name=title)).to_have_count(1 if is_admin else 0)
        visitor.open(route)
        expect(page.get_by_role("heading", name="Your role may not see this")).to_have_count(0 if is_admin else 1)
        assert called(page, action, {"CurrentPage": 1, "PageSize": 1}) == ("" if is_admin else "Forbidden.RAM")
    assert called(page, "XCreateAccessKey", {"Name": "mine"}) == ("" if is_admin else "Forbidden.RAM")
    assert called(page, "CreateProduct", {"ProductName": f"of_{role}", "NodeType": 0}) == (
        "" if is_admin else "Forbidden.RAM"
    )
    visitor.open("/settings")
    expect(page.get_by_role("button", name="Save")).to_have_count(1 if is_admin else 0)


def called(page: Page, action: str, parameters: dict[str, object]) -> str:
    """The code of an answer to a call that the page's own session makes; empty for a success."""
    script = """async ([action, parameters]) => {
      const session = await (await fetch('api/session')).json();
      const headers = { 'content-type': 'application/json', 'x-csrf-token': session.csrfToken };
      const answer = await fetch(`api/call/${action}`, { method: 'POST', headers, body: JSON.stringify(parameters) });
      return (await answer.json()).code ?? '';
    }"""
    return str(page.evaluate(script, [action, parameters]))
