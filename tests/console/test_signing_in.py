"""Signing in, out and over again: what the console's door answers and what the store keeps of it (A04, A10, A21)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.console.people import OTHER_PASSWORD, PASSWORD, PROXY, VISITOR, House
from tests.operations.signed_door import Answer
from whimbrel.adapters.passwords import AT_WORK_MAX, WAITING_MAX
from whimbrel.console.attempts import FAILURES_OF_NAME_MAX
from whimbrel.domain.console_user import (
    SESSION_IDLE_MS_MAX,
    SESSION_MS_MAX,
    SESSION_SEEN_EVERY_MS,
    token_digest,
)
from whimbrel.errors import StoreConflictError, StoreFullError, StoreUnavailableError, WhimbrelError
from whimbrel.operations.console import signing_in
from whimbrel.operations.console.signing_in import Means
from whimbrel.ports.store import Store
from whimbrel.rpc.throttle import REFUSALS_PER_HOUR_MAX

WRONG = (401, "WrongNameOrPassword")
BAD_BODIES = [
    b"",
    b"[]",
    b"{",
    b'{"name":1}',
    b'{"token":"a","b":1}',
    b"[" * 9000,
    b"\xff",
    b'{"token":"\\ud800","password":""}',
]


def said(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["code"]


async def test_A10_a_sign_in(house: House) -> None:
    """Name in any case and password open a session with the role's rights, under a cookie that no script reads."""
    await house.user("Bob", "VIEWER")
    browser = house.browser()
    answer = await browser.post("sign-in", name="bOB", password=PASSWORD)
    assert (answer.status, answer.json()) == (200, {"user": {"name": "Bob", "role": "VIEWER"}})
    [set_cookie] = [value.decode() for name, value in answer.headers.items() if name == b"set-cookie"]
    assert set_cookie.split("; ")[1:] == ["Max-Age=43200", "Path=/", "HttpOnly", "SameSite=Strict", "Secure"]
    session = await browser.read_session()
    assert session is not None
    assert (session["user"], session["account"]) == ({"name": "Bob", "role": "VIEWER"}, "default")
    assert "QueryProductList" in session["actions"]
    assert not {"CreateProduct", "XListConsoleUsers", "XListAuditEvents"} & set(session["actions"])
    assert (await house.trail())[0] == ("user:Bob", "ConsoleSignIn", "ACCEPTED")


async def test_A04_no_oracle(house: House) -> None:
    """A wrong password, an unknown or impossible name, a disabled or only invited user and an unknown account: one
    answer, each after one comparison.
    """
    await house.user("bob", "VIEWER")
    await house.user("eve", "VIEWER")
    await house.signed.ok("XUpdateConsoleUser", Name="eve", Status="DISABLED")
    await house.signed.ok("XInviteConsoleUser", Name="new")
    tries: list[dict[str, Any]] = [
        {"name": "bob", "password": "wrong"},
        {"name": "bob", "password": ""},
        {"name": "bob", "password": PASSWORD + " "},
        {"name": "bob", "password": PASSWORD * 100},
        {"name": "bob", "password": PASSWORD, "account": "other"},
        {"name": "bob", "password": PASSWORD, "account": "\x00"},
        {"name": "eve", "password": PASSWORD},
        {"name": "new", "password": ""},
        {"name": "nobody", "password": PASSWORD},
        {"name": "no\x00body", "password": PASSWORD},
        {"name": "n" * 1000, "password": PASSWORD},
    ]
    answers = [await house.browser(f"192.0.2.{number}").post("sign-in", **given) for number, given in enumerate(tries)]
    assert {(answer.status, answer.body) for answer in answers} == {(401, answers[0].body)}
    assert said(answers[0]) == WRONG
    assert not any(b"set-cookie" in answer.headers for answer in answers)


async def test_I17_failures_are_entered_and_bounded(house: House) -> None:
    """Under the user's name or as nobody's, never with a text that a stranger made up; so often an hour only."""
    await house.user("bob", "VIEWER")
    await house.browser().sign_in("bob", "wrong")
    for number in range(REFUSALS_PER_HOUR_MAX + 5):
        await house.browser(f"198.51.100.{number}").sign_in(f"made-up-{number}", "wrong")
    failed = [
        actor for actor, action, outcome in await house.trail() if (action, outcome) == ("ConsoleSignIn", "REFUSED")
    ]
    assert failed == ["user:?"] * REFUSALS_PER_HOUR_MAX + ["user:bob"]


@pytest.mark.parametrize("fault", [StoreFullError, StoreUnavailableError, StoreConflictError])
async def test_F14_a_failure_that_cannot_be_entered(
    house: House, fault: type[WhimbrelError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is answered as any: the connection stays, and nothing of it is a fault of ours."""

    async def broken(*_: object) -> None:
        raise fault("no room")

    monkeypatch.setattr(signing_in, "enter_failure", broken)
    assert said(await house.browser().sign_in("bob", "wrong")) == WRONG


class Full:
    """A store on a disk without room."""

    def __init__(self, store: Store) -> None:
        self.snapshot = store.snapshot

    def transaction(self) -> Any:
        raise StoreFullError("no room")


async def test_I8_who_may_halt_comes_in_on_a_full_disk(house: House) -> None:
    """By the room of halts; who may not is told that the disk is full, and so is whoever else changes something."""
    await house.user("rel", "RELEASER")
    await house.user("vic", "VIEWER")
    means = Means(Full(house.signed.store), house.passwords, house.signed.ports.randomness, house.signed.store)  # type: ignore[arg-type]
    house.open_door(means)
    browser = house.browser()
    assert (await browser.sign_in("rel")).status == 200
    assert (await browser.read_session() or {})["user"]["name"] == "rel"
    assert (await house.browser().sign_in("vic")).status == 507
    assert (await browser.post("password", password=PASSWORD, newPassword=OTHER_PASSWORD)).status == 507
    assert said(await house.browser().sign_in("rel", "wrong")) == WRONG


async def test_F25_two_last_admins_delete_each_other(house: House) -> None:
    """One of them stays, whoever was first."""
    ann = await house.admin("ann")
    bob = await house.user("bob", "ADMIN")
    said = await asyncio.gather(
        ann.call("XDeleteConsoleUser", Name="bob"), bob.call("XUpdateConsoleUser", Name="ann", Role="VIEWER")
    )
    assert sorted(answer.get("success", False) for answer in said) == [False, True]
    assert await house.first_link() is None


async def test_A06_what_each_role_is_shown(house: House) -> None:
    """Everybody the overview, which is the first page; what is of other people an admin alone."""
    for name, role in (("vic", "VIEWER"), ("rel", "RELEASER"), ("adm", "ADMIN")):
        browser = await house.user(name, role)
        assert (await browser.call("XQueryOverview"))["success"] is True
        answer = await browser.post("call/XListConsoleUsers", CurrentPage=1, PageSize=10)
        assert answer.status == (200 if role == "ADMIN" else 403)


async def test_A04_tries_are_limited(house: House) -> None:
    """After ten failures of a name the right password does not help either, from wherever; other names do."""
    await house.user("bob", "VIEWER")
    await house.user("eve", "VIEWER")
    answers = [
        said(await house.browser(f"192.0.2.{number}").sign_in("bob", "wrong")) for number in range(FAILURES_OF_NAME_MAX)
    ]
    assert set(answers) == {WRONG}
    limited = await house.browser("198.51.100.1").sign_in("BOB")
    assert said(limited) == (429, "TooManyAttempts")
    assert 890 < int(limited.headers[b"retry-after"]) <= 901
    assert (await house.browser().sign_in("eve")).status == 200


async def test_I17_a_crowd_is_told_to_come_again(house: House) -> None:
    """While too many passwords wait to be compared a sign-in hears 503, which counts as no failure."""
    await house.user("bob", "VIEWER")
    house.passwords._under_way += AT_WORK_MAX + WAITING_MAX
    for _ in range(FAILURES_OF_NAME_MAX + 1):
        answer = await house.browser().sign_in("bob")
        assert said(answer) == (503, "ServiceUnavailable")
        assert answer.headers[b"retry-after"] == b"2"
    house.passwords._under_way -= AT_WORK_MAX + WAITING_MAX
    assert (await house.browser().sign_in("bob")).status == 200


async def test_A10_no_fixation(house: House) -> None:
    """Each sign-in has a token of its own; the session that the browser had before is over."""
    await house.user("bob", "VIEWER")
    browser = house.browser()
    tokens = []
    for _ in range(2):
        await browser.sign_in("bob")
        tokens.append(browser.cookie)
    assert tokens[0] != tokens[1]
    browser.cookie = tokens[0]
    assert await browser.read_session() is None
    browser.cookie = "chosen-by-a-stranger"
    await browser.sign_in("bob")
    assert browser.cookie != "chosen-by-a-stranger"


async def test_A15_no_token_is_stored(house: House) -> None:
    """Neither a session's nor a link's, nor the password."""
    link = await house.first_link()
    assert link is not None
    rows = str(house.signed.rows())
    browser = house.browser()
    await browser.follow(link)
    rows += str(house.signed.rows())
    for secret in (link[-32:], browser.cookie, PASSWORD):
        assert secret not in rows
    assert token_digest(browser.cookie) in rows


async def test_A10_a_session_ends(house: House) -> None:
    """An hour after its last use, and twelve hours after the sign-in however busy it is."""
    browser = await house.user("bob", "VIEWER")
    clock = house.signed.clock
    begun_ms = clock.at_ms
    clock.at_ms += SESSION_IDLE_MS_MAX - 1
    assert await browser.read_session() is not None
    await house.sessions.close()
    clock.at_ms += SESSION_IDLE_MS_MAX
    assert await browser.read_session() is None
    await browser.sign_in("bob")
    begun_ms = clock.at_ms
    while clock.at_ms + SESSION_IDLE_MS_MAX // 2 < begun_ms + SESSION_MS_MAX:
        clock.at_ms += SESSION_IDLE_MS_MAX // 2
        assert await browser.read_session() is not None
        await house.sessions.close()
    clock.at_ms = begun_ms + SESSION_MS_MAX - 1
    assert await browser.read_session() is not None
    await house.sessions.close()
    clock.at_ms += 1
    assert await browser.read_session() is None


async def test_I17_a_use_is_written_once_a_minute(house: House) -> None:
    """However often a page asks; looking whether a session holds is no use."""
    browser = await house.user("bob", "VIEWER")
    clock = house.signed.clock
    rows = house.signed.rows()
    clock.at_ms += SESSION_SEEN_EVERY_MS - 1
    await asyncio.gather(*(browser.read_session() for _ in range(5)))
    await house.sessions.close()
    assert house.signed.rows() == rows
    clock.at_ms += 1
    await house.sessions.of_token(browser.cookie, clock.at_ms, is_use=False)
    await house.sessions.close()
    assert house.signed.rows() == rows
    await asyncio.gather(*(browser.read_session() for _ in range(5)))
    await house.sessions.close()
    assert house.signed.rows() != rows


async def test_A21_who_is_disabled_or_revoked_is_out_at_once(house: House) -> None:
    """The next call finds nobody; a new role holds from the next call on."""
    browser = await house.user("bob", "VIEWER")
    other = house.browser()
    await other.sign_in("bob")
    await house.signed.ok("XUpdateConsoleUser", Name="bob", Role="RELEASER")
    session = await browser.read_session()
    assert session is not None
    assert "CreateOTAFirmware" in session["actions"]
    rows = (await house.signed.ok("XListConsoleSessions", CurrentPage=1, PageSize=10))["Data"]["ConsoleSession"]
    await house.signed.ok("XRevokeConsoleSession", SessionId=rows[0]["SessionId"])
    assert (await other.read_session(), (await browser.read_session() or {})["user"]["name"]) == (None, "bob")
    await house.signed.ok("XUpdateConsoleUser", Name="bob", Status="DISABLED")
    assert await browser.read_session() is None
    assert (await browser.get("sessions")).status == 401


async def test_a_sign_out(house: House) -> None:
    """The session is over, the cookie goes, the trail has it; without a session nothing happens."""
    browser = await house.user("bob", "VIEWER")
    token = browser.cookie
    answer = await browser.post("sign-out")
    assert (answer.status, browser.cookie) == (200, "")
    browser.cookie = token
    assert await browser.read_session() is None
    assert (await browser.post("sign-out")).status == 200
    assert [entry for entry in await house.trail() if entry[1] == "ConsoleSignOut"] == [
        ("user:bob", "ConsoleSignOut", "ACCEPTED")
    ]


async def test_a_new_password(house: House) -> None:
    """Needs the old one; all other sessions are over, this browser goes on with a new token."""
    browser = await house.user("bob", "VIEWER")
    other = house.browser()
    await other.sign_in("bob")
    token = browser.cookie
    wrong = await browser.post("password", password="wrong", newPassword=OTHER_PASSWORD)
    assert said(wrong) == (403, "WrongPassword")
    bad = await browser.post("password", password=PASSWORD, newPassword="short")
    assert said(bad) == (400, "PasswordRefused")
    assert "12 to 256" in bad.json()["error"]
    assert (await browser.post("password", password=PASSWORD, newPassword=OTHER_PASSWORD)).status == 200
    assert browser.cookie != token
    assert (await browser.read_session() is not None, await other.read_session()) == (True, None)
    assert said(await house.browser().sign_in("bob")) == WRONG
    assert (await house.browser().sign_in("bob", OTHER_PASSWORD)).status == 200
    assert [entry[1:] for entry in await house.trail() if "Password" in entry[1]] == [
        ("ConsoleChangePassword", "ACCEPTED")
    ]


async def test_A04_a_stolen_session_does_not_guess_the_password(house: House) -> None:
    """Tries with the old password are limited as sign-ins are."""
    browser = await house.user("bob", "VIEWER")
    for _ in range(FAILURES_OF_NAME_MAX):
        await browser.post("password", password="wrong", newPassword=OTHER_PASSWORD)
    limited = await browser.post("password", password=PASSWORD, newPassword=OTHER_PASSWORD)
    assert said(limited) == (429, "TooManyAttempts")
    assert await browser.read_session() is not None


async def test_A21_ones_own_sessions(house: House) -> None:
    """A viewer lists and ends its own, one or all, and nobody else's."""
    browser = await house.user("bob", "VIEWER")
    other, eve = house.browser("2001:db8::7"), await house.user("eve", "VIEWER")
    await other.sign_in("bob")
    shown = (await browser.get("sessions")).json()["sessions"]
    assert [(row["address"], row["agent"], row["isThis"]) for row in shown] == [
        ("2001:db8::7", "Browser/1.0", False),
        (VISITOR, "Browser/1.0", True),
    ]
    [of_eve] = (await eve.get("sessions")).json()["sessions"]
    for number in (of_eve["sessionId"], "999", "x", "9" * 40):
        assert said(await browser.post("end-sessions", sessionId=number)) == (404, "SessionNotFound")
    assert (await browser.post("end-sessions", sessionId=shown[0]["sessionId"])).status == 200
    assert (await browser.read_session() is not None, await other.read_session()) == (True, None)
    await other.sign_in("bob")
    assert (await other.post("end-sessions")).status == 200
    assert (await browser.read_session(), other.cookie) == (None, "")
    assert await eve.read_session() is not None


@pytest.mark.parametrize("path", ["sign-out", "password", "end-sessions"])
async def test_A10_another_sites_page_does_nothing(path: str, house: House) -> None:
    """Without the token that only our page can read, what needs a session does nothing."""
    browser = await house.user("bob", "VIEWER")
    words = {"password": {"password": PASSWORD, "newPassword": OTHER_PASSWORD}}.get(path, {})
    for csrf in ("", "0" * 64, "é"):
        browser.csrf = csrf
        assert said(await browser.post(path, **words)) == (403, "ForeignPage")
    assert await browser.read_session() is not None
    assert (await house.browser().sign_in("bob")).status == 200


@pytest.mark.parametrize("path", ["sign-in", "welcome", "invitation", "password", "end-sessions"])
@pytest.mark.parametrize("body", BAD_BODIES)
async def test_bad_bodies(path: str, body: bytes, house: House) -> None:
    """What is not JSON of the declared members is 400 or refused, never a fault of ours."""
    browser = await house.user("bob", "VIEWER")
    headers = [(b"sec-fetch-site", b"same-origin"), (b"content-type", b"application/json")]
    answer = await browser._send("POST", path, [*headers, (b"x-csrf-token", browser.csrf.encode())], body)
    assert answer.status == (200 if (path, body) == ("end-sessions", b"") else 400)


@pytest.mark.parametrize("path", ["sign-in", "welcome", "password", "end-sessions"])
async def test_A10_forms_of_another_site(path: str, house: House) -> None:
    """What a page can send without asking, a form, is not read; nor what another site's page sends."""
    browser = await house.user("bob", "VIEWER")
    for content_type in (b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x"):
        browser.more = [(b"content-type", content_type)]
        assert (await browser.post(path, b"content-type", name="bob", password=PASSWORD)).status == 400
    browser.more = [(b"sec-fetch-site", b"cross-site")]
    assert (await browser.post(path, b"sec-fetch-site", name="bob", password=PASSWORD)).status == 403


async def test_from_where(house: House) -> None:
    """A trusted proxy is believed whom it speaks for; anybody else is not."""
    await house.user("bob", "VIEWER")
    seen = []
    for peer, forwarded in ((PROXY, b"203.0.113.9"), ("192.0.2.66", b"203.0.113.9")):
        browser = house.browser(peer)
        browser.more = [(b"x-forwarded-for", forwarded)]
        await browser.sign_in("bob")
        seen.append((await browser.get("sessions")).json()["sessions"][0]["address"])
    assert seen == ["203.0.113.9", "192.0.2.66"]


async def test_A05_viewers_see_no_link(house: House) -> None:
    """An admin invites; what a viewer may not call it does not call."""
    admin, bob = await house.admin(), await house.user("bob", "VIEWER")
    invited = await admin.call("XInviteConsoleUser", Name="new")
    assert invited["data"]["link"].startswith("https://")
    assert (await bob.call("XInviteConsoleUser", Name="new"))["code"] == "Forbidden.RAM"


async def test_I8_a_halt_is_looked_up_by_its_own_store(house: House) -> None:
    """The session of who halts something is asked for where the halt is done, which has capacity of its own."""
    admin = await house.admin()
    house.asked_for.clear()
    await admin.call("XPauseOTAJob", JobId="1")
    await admin.read_session()
    assert house.asked_for == ["XPauseOTAJob", ""]
