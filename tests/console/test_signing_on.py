"""Signing in at a real OpenID provider, and everything that must not (A10, A11, A30; ADR 0067)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.console.provider import (
    BY_EMAIL,
    FROM_ELSEWHERE,
    SESSION,
    TICKET,
    Browser,
    Provider,
    Site,
    at_provider,
    free_port,
    location,
    query_of,
    site_of,
)
from tests.console.rig import SAME_SITE, Console
from tests.operations.signed_door import PUBLIC_URL
from whimbrel.adapters import identity_provider
from whimbrel.domain.console_user import Role, UserStatus
from whimbrel.domain.sign_on import SIGN_ON_MS_MAX, Rules
from whimbrel.operations.console.links import LinkOrigin, make_first_link

SIGNED_IN, EXPIRED, REFUSED = "../#/sign-in?then=/", "../#/sign-in?problem=expired", "../#/sign-in?problem=refused"
UNAVAILABLE, DENIED = "../#/sign-in?problem=provider", "../#/sign-in?problem=denied"
BY_GROUPS = Rules("email", "groups", {"ota-admins": Role.ADMIN, "staff": Role.VIEWER})
NOBODY = "user:?"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture
async def site(console: Console, provider: Provider) -> AsyncIterator[Site]:
    site = site_of(console, provider.issuer)
    await site.add_user("ada@example.com")
    yield site
    await site.client.close()


async def test_a_user_comes_in(site: Site) -> None:
    """By a verified e-mail address, as the role that the user has here; the session works, and stands in the trail."""
    browser = Browser(site.console)
    begun = await browser.start("/rollouts/12")
    assert TICKET in browser.cookies
    answer = await browser.come_back(await at_provider(location(begun), "ada"))
    assert location(answer) == "../#/sign-in?then=/rollouts/12"
    assert answer.headers[b"cache-control"] == b"no-store"
    assert TICKET not in browser.cookies
    token = browser.cookies[SESSION]
    session = await site.console.setup.sessions.of_token(token, site.console.signed.clock.at_ms)
    assert session is not None
    assert (session.user, session.role) == ("ada@example.com", Role.RELEASER)
    assert (await site.entries())[0] == ("user:ada@example.com", "ConsoleSignOn", "ACCEPTED")


async def test_what_is_asked_for(site: Site, provider: Provider) -> None:
    """A code with PKCE, a state and a nonce, each another one every time, and no secret in an address."""
    seen = [query_of(location(await Browser(site.console).start())) for _ in range(2)]
    for asked in seen:
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert (asked["client_id"], asked["scope"]) == ("whimbrel", "openid email profile")
        assert asked["redirect_uri"] == "https://ota.example.com/console/api/oidc-callback"
    for name in ("state", "nonce", "code_challenge"):
        assert len({asked[name] for asked in seen} | {asked["state"] for asked in seen}) == (
            2 if name == "state" else 4
        )


async def test_the_ticket_is_the_browsers_alone(site: Site) -> None:
    """It comes along when the provider sends the browser back, and no script reads it; the session's does not."""
    await Browser(site.console).start()
    [(name, value)] = site.console.cookies_of_last
    assert (name, value.partition("; ")[2]) == (TICKET, "Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure")
    browser = Browser(site.console)
    await browser.sign_on("ada")
    assert "SameSite=Strict" in dict(site.console.cookies_of_last)[SESSION]


async def test_A10_login_csrf(site: Site) -> None:
    """A stranger's code, brought to another browser, signs nobody in: not without a ticket, and not with one."""
    stranger, victim = Browser(site.console), Browser(site.console)
    address = await at_provider(location(await stranger.start()), "ada")
    assert location(await victim.come_back(address)) == EXPIRED
    await victim.start()
    assert location(await victim.come_back(address)) == EXPIRED
    assert SESSION not in victim.cookies
    assert await site.sessions_of("ada@example.com") == []


async def test_A10_nobody_else_begins_it(site: Site) -> None:
    """A page of another site cannot send a browser to the provider in our name."""
    answer = await site.console.send("GET", "/console/api/oidc-start", FROM_ELSEWHERE)
    assert answer.status == 403
    framed = [*FROM_ELSEWHERE[:2], (b"sec-fetch-dest", b"iframe")]
    assert (await site.console.send("GET", "/console/api/oidc-callback", framed)).status == 403


async def test_A10_session_fixation(site: Site) -> None:
    """Each sign-in has a session of its own, whatever cookie the browser had; the one it had is over."""
    browser = Browser(site.console)
    browser.cookies[SESSION] = "planted"
    await browser.sign_on("ada")
    first = browser.cookies[SESSION]
    assert first != "planted"
    await browser.sign_on("ada")
    assert browser.cookies[SESSION] != first
    now_ms = site.console.signed.clock.at_ms
    assert await site.console.setup.sessions.of_token("planted", now_ms) is None
    assert await site.console.setup.sessions.of_token(first, now_ms) is None
    assert len(await site.sessions_of("ada@example.com")) == 1


async def test_A03_once(site: Site) -> None:
    """The same answer a second time signs nobody in: the ticket is gone, and with it back the code is used."""
    browser = Browser(site.console)
    begun = await browser.start()
    ticket = browser.cookies[TICKET]
    address = await at_provider(location(begun), "ada")
    assert location(await browser.come_back(address)) == SIGNED_IN
    assert location(await browser.come_back(address)) == EXPIRED
    browser.cookies[TICKET] = ticket
    assert location(await browser.come_back(address)) == REFUSED


async def test_A10_a_code_of_another_attempt(site: Site) -> None:
    """With a state that fits, a code that the provider gave to another attempt fails there: PKCE."""
    stranger, victim = Browser(site.console), Browser(site.console)
    stolen = query_of(await at_provider(location(await stranger.start()), "ada"))
    state = query_of(location(await victim.start()))["state"]
    address = (
        f"https://ota.example.com/console/api/oidc-callback?code={stolen['code']}&state={state}&iss={stolen['iss']}"
    )
    assert location(await victim.come_back(address)) == REFUSED


async def test_mix_up(site: Site) -> None:
    """An answer that says another issuer, or none where this one always does, is not taken to this one."""
    for issuer in ("&iss=https://evil.example", ""):
        browser = Browser(site.console)
        address = await at_provider(location(await browser.start()), "ada")
        given = query_of(address)
        assert given["iss"]
        base = f"https://ota.example.com/console/api/oidc-callback?code={given['code']}&state={given['state']}"
        assert location(await browser.come_back(base + issuer)) == REFUSED


async def test_A10_a_ticket_that_is_over(site: Site) -> None:
    """Ten minutes are long enough for a second factor; the time is the console's alone."""
    browser, clock = Browser(site.console), site.console.signed.clock
    clock.at_ms -= SIGN_ON_MS_MAX
    address = await at_provider(location(await browser.start()), "ada")
    clock.at_ms += SIGN_ON_MS_MAX
    assert location(await browser.come_back(address)) == EXPIRED


async def test_who_does_not_want_to(site: Site) -> None:
    """The provider says so, and the sign-in page does; nothing else happened."""
    browser = Browser(site.console)
    assert (
        location(await browser.come_back(await at_provider(location(await browser.start()), "ada", is_willing=False)))
        == DENIED
    )
    assert TICKET not in browser.cookies


@pytest.mark.parametrize("login", ["bob", "eve", "zoe"])
async def test_who_is_no_user(site: Site, login: str) -> None:
    """Somebody whom nobody invited, and somebody with a user's address that is not verified; the trail has it."""
    assert location(await Browser(site.console).sign_on(login)) == REFUSED
    assert (await site.entries())[0] == (NOBODY, "ConsoleSignOn", "REFUSED")


async def test_a_disabled_user(site: Site) -> None:
    """Stays out, whatever the provider says."""
    user = await site.user_of("ada@example.com")
    assert user is not None
    async with site.console.signed.store.transaction() as store:
        await store.console_users.put(user._replace(status=UserStatus.DISABLED))
    assert location(await Browser(site.console).sign_on("ada")) == REFUSED
    assert (await site.entries())[0] == ("user:ada@example.com", "ConsoleSignOn", "REFUSED")


async def test_A06_roles_of_the_provider(console: Console, provider: Provider) -> None:
    """The highest of a person's groups is the role, also of a user who had another; who has none stays out."""
    site = site_of(console, provider.issuer, BY_GROUPS)
    await site.add_user("bob@example.com", Role.ADMIN)
    assert location(await Browser(console).sign_on("ada")) == SIGNED_IN
    assert location(await Browser(console).sign_on("bob")) == SIGNED_IN
    assert location(await Browser(console).sign_on("zoe")) == REFUSED
    for name, role in (("ada@example.com", Role.ADMIN), ("bob@example.com", Role.VIEWER)):
        user = await site.user_of(name)
        assert user is not None
        assert user.role is role
    assert await site.user_of("zoe@example.com") is None
    # An admin of the provider's is one: no start prints a link by which whoever reads the log becomes another.
    ports, clock = console.signed.ports, console.signed.clock
    origin = LinkOrigin("server", clock.now_ms(), PUBLIC_URL, ports.randomness)
    assert await make_first_link(console.signed.store, origin, "default") is None
    entries = await site.entries()
    assert ("user:ada@example.com", "ConsoleRoleGiven", "ACCEPTED") in entries
    await site.client.close()


async def test_a_key_that_is_new(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that signs with another key is asked for it, at most once a minute."""
    with Provider("first") as provider:
        site = site_of(console, provider.issuer)
        await site.add_user("ada@example.com")
        assert location(await Browser(console).sign_on("ada")) == SIGNED_IN
        provider.start_anew("second")
        assert location(await Browser(console).sign_on("ada")) == REFUSED, "the keys were read less than a minute ago"
        monkeypatch.setattr(identity_provider, "KEYS_ASKED_EVERY_S", 0.0)
        assert location(await Browser(console).sign_on("ada")) == SIGNED_IN
        await site.client.close()


async def test_a_wrong_secret(console: Console, provider: Provider) -> None:
    """The provider refuses us; nobody comes in, and nothing of it stands in an answer."""
    site = site_of(console, provider.issuer, BY_EMAIL, "another")
    assert location(await Browser(console).sign_on("ada")) == REFUSED
    await site.client.close()


async def test_F19_a_provider_that_is_away(console: Console) -> None:
    """The sign-in page says so at once, and it works when the provider is back."""
    port = free_port()
    site = site_of(console, f"http://127.0.0.1:{port}")
    await site.add_user("ada@example.com")
    assert location(await Browser(console).start()) == UNAVAILABLE
    with Provider(port=port):
        assert location(await Browser(console).sign_on("ada")) == SIGNED_IN
    await site.client.close()


@pytest.mark.parametrize(
    "query", ["", "code=a", "state=b", "code=a&state=b", "code=a&code=b&state=c", "state=%FF", "a=b"]
)
async def test_nonsense(site: Site, query: str) -> None:
    """Whatever comes back, it is answered by the sign-in page."""
    browser = Browser(site.console)
    for _ in range(2):
        answer = await browser.come_back(f"https://ota.example.com/console/api/oidc-callback?{query}")
        assert location(answer) == EXPIRED
        await browser.start()


@pytest.mark.parametrize("then", ["//evil.example", "https://evil.example", "/\\evil.example", "/a%0d%0ab", "/x" * 99])
async def test_A11_only_back_to_ourselves(site: Site, then: str) -> None:
    """Where one wanted to go is a route of ours, or the first page."""
    browser = Browser(site.console)
    answer = await browser.come_back(await at_provider(location(await browser.start(then)), "ada"))
    assert location(answer) == SIGNED_IN


async def test_the_other_methods(site: Site) -> None:
    """Both are pages to go to, and nothing else."""
    for path in ("/console/api/oidc-start", "/console/api/oidc-callback"):
        assert (await site.console.send("POST", path, [SAME_SITE])).status == 405
