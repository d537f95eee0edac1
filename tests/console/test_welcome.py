"""Links that invite: the first admin's, a new user's, and who forgot the password (A10, A15)."""

from __future__ import annotations

import asyncio

import pytest

from tests.console.people import OTHER_PASSWORD, PASSWORD, House
from tests.operations.console.crew import LINK
from tests.operations.signed_door import Answer
from whimbrel.domain.console_user import INVITATION_MS_MAX

OVER = (410, "LinkOver")


def said(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["code"]


async def link_for(house: House, name: str, **parameters: str) -> str:
    link: str = (await house.signed.ok("XInviteConsoleUser", Name=name, **parameters))["Data"]["Link"]
    return link


async def test_A10_the_first_admin(house: House) -> None:
    """The link that a start prints makes an admin with a name of choice; it works once, and no other is made then."""
    link = await house.first_link()
    assert link is not None
    assert link.startswith(LINK)
    browser = house.browser()
    shown = await browser.post("invitation", token=link.removeprefix(LINK))
    assert shown.json() == {"account": "default", "name": "admin", "role": "ADMIN", "choosesName": True}
    assert (await browser.follow(link, name="Ann@example.org")).status == 200
    session = await browser.read_session()
    assert session is not None
    assert session["user"] == {"name": "Ann@example.org", "role": "ADMIN"}
    assert "XCreateAccessKey" in session["actions"]
    assert (await browser.call("XCreateAccessKey", Name="made by a person"))["success"] is True
    assert said(await house.browser().follow(link)) == OVER
    assert await house.first_link() is None
    assert [entry for entry in await house.trail() if entry[1] == "ConsoleWelcome"] == [
        ("user:Ann@example.org", "ConsoleWelcome", "ACCEPTED")
    ]


async def test_A10_without_a_name_the_first_is_admin(house: House) -> None:
    """So a page need not ask."""
    link = await house.first_link()
    assert link is not None
    browser = house.browser()
    await browser.follow(link)
    session = await browser.read_session()
    assert session is not None
    assert session["user"]["name"] == "admin"


async def test_A10_only_the_newest_first_link_works(house: House) -> None:
    """Each start voids what the one before printed."""
    first, second = await house.first_link(), await house.first_link()
    assert first is not None
    assert second is not None
    assert said(await house.browser().follow(first)) == OVER
    assert (await house.browser().follow(second)).status == 200


async def test_A10_an_open_first_link_is_void_once_there_is_an_admin(house: House) -> None:
    """However the admin came in; and a new one is made when no admin can sign in any more."""
    link = await house.first_link()
    assert link is not None
    await house.user("ann", "ADMIN")
    assert said(await house.browser().follow(link, name="eve")) == OVER
    assert said(await house.browser().post("invitation", token=link.removeprefix(LINK))) == OVER
    assert await house.first_link() is None
    await house.signed.ok("XUpdateConsoleUser", Name="ann", Status="DISABLED")
    assert said(await house.browser().follow(link, name="eve")) == OVER
    assert await house.first_link() is not None


@pytest.mark.parametrize("name", ["ann bob", "user:ann", "a" * 65, "\x00", "BOB"])
async def test_A16_names_of_first_admins(name: str, house: House) -> None:
    """Outside the alphabet, or taken: the link goes on."""
    await house.user("bob", "VIEWER")
    link = await house.first_link()
    assert link is not None
    assert said(await house.browser().follow(link, name=name)) == (400, "UserNameRefused")
    assert (await house.browser().follow(link, name="ann")).status == 200


async def test_an_invited_user(house: House) -> None:
    """The name is the invited one, whatever is sent; the role as invited."""
    link = await link_for(house, "bob", Role="RELEASER")
    browser = house.browser()
    shown = await browser.post("invitation", token=link.removeprefix(LINK))
    assert shown.json() == {"account": "default", "name": "bob", "role": "RELEASER", "choosesName": False}
    assert (await browser.follow(link, name="eve")).json() == {"user": {"name": "bob", "role": "RELEASER"}}
    assert (await house.browser().sign_in("bob")).status == 200


async def test_A21_who_forgot_the_password(house: House) -> None:
    """Until the link is followed the old password goes on; then it and every session are over."""
    browser = await house.user("bob", "VIEWER")
    link = await link_for(house, "bob")
    assert (await house.browser().sign_in("bob")).status == 200
    again = house.browser()
    assert (await again.follow(link, OTHER_PASSWORD)).status == 200
    assert (await browser.read_session(), await again.read_session() is not None) == (None, True)
    assert (await house.browser().sign_in("bob")).status == 401
    assert (await house.browser().sign_in("bob", OTHER_PASSWORD)).status == 200


async def test_A10_a_link_ends(house: House) -> None:
    """After a day, with a newer one, when its user is disabled or deleted, and by a new password."""
    clock = house.signed.clock
    link = await link_for(house, "bob")
    clock.at_ms += INVITATION_MS_MAX
    assert said(await house.browser().follow(link)) == OVER
    links = [await link_for(house, "bob") for _ in range(2)]
    assert said(await house.browser().follow(links[0])) == OVER
    clock.at_ms += INVITATION_MS_MAX - 1
    browser = house.browser()
    assert (await browser.follow(links[1])).status == 200
    link = await link_for(house, "bob")
    await browser.post("password", password=PASSWORD, newPassword=OTHER_PASSWORD)
    assert said(await house.browser().follow(link)) == OVER
    link = await link_for(house, "bob")
    await house.signed.ok("XUpdateConsoleUser", Name="bob", Status="DISABLED")
    assert said(await house.browser().follow(link)) == OVER
    await house.signed.ok("XUpdateConsoleUser", Name="bob", Status="ACTIVE")
    link = await link_for(house, "bob")
    await house.signed.ok("XDeleteConsoleUser", Name="bob")
    assert said(await house.browser().follow(link)) == OVER


@pytest.mark.parametrize("password", ["", "short", "x" * 257, "builder@example", "passwordpassword"])
async def test_refused_passwords(password: str, house: House) -> None:
    """The link goes on, and the person is told what is wrong with the password."""
    link = await link_for(house, "builder@example.org")
    refused = await house.browser().follow(link, password)
    assert said(refused) == (400, "PasswordRefused")
    assert "password" in refused.json()["error"]
    assert (await house.browser().follow(link)).status == 200


async def test_A10_of_two_who_follow_one_link_one_is_welcome(house: House) -> None:
    """At the same moment, on each engine."""
    first = await house.first_link()
    assert first is not None
    browsers = [house.browser() for _ in range(4)]
    answers = await asyncio.gather(
        *(browser.follow(first, name=f"admin{number}") for number, browser in enumerate(browsers))
    )
    assert sorted(answer.status for answer in answers) == [200, 410, 410, 410]
    assert len((await house.signed.ok("XListConsoleUsers", CurrentPage=1, PageSize=10))["Data"]["ConsoleUser"]) == 1


@pytest.mark.parametrize("token", ["", "x", "a" * 32, "\x00", "é", "x" * 10_000])
async def test_texts_that_are_no_link(token: str, house: House) -> None:
    """Each is over, and nothing is said of which."""
    for path, more in (("invitation", {}), ("welcome", {"password": PASSWORD})):
        assert said(await house.browser().post(path, token=token, **more)) == OVER
