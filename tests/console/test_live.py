"""Live pages: what is told, to whom, how long, and how many (A21, I17, ADR 0052)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from tests.console.rig import COOKIE, NOBODY, SAME_SITE, Console, Person, scope_of
from tests.operations.fleet import make_product
from whimbrel.console import live, watches
from whimbrel.console.live import STREAMS_MAX, STREAMS_OF_SESSION_MAX, WATCHES_OF_STREAM_MAX
from whimbrel.console.watches import WATCHES_MAX
from whimbrel.domain.access import Access, Policy, Statement
from whimbrel.errors import StoreUnavailableError

WITHIN_S = 60
READER = Policy((Statement(frozenset({"product:read"}), Access.READ),))
LIST = {"action": "QueryProductList", "parameters": {"CurrentPage": 1, "PageSize": 10}}


def page(size: int) -> dict[str, Any]:
    """A watch that differs from others by its page's size."""
    return {"action": "QueryProductList", "parameters": {"CurrentPage": 1, "PageSize": size}}


class Event(NamedTuple):
    """One event as a page reads it."""

    name: str
    data: dict[str, Any]


class Page:
    """One stream that is open, its events as they come."""

    def __init__(self, console: Console, person: Person, watched: Any) -> None:
        self._incoming: asyncio.Queue[Any] = asyncio.Queue()
        self._sent: asyncio.Queue[Any] = asyncio.Queue()
        text = watched if isinstance(watched, str) else json.dumps(watched)
        headers = [(b"cookie", f"{COOKIE}={person.token}".encode()), SAME_SITE]
        scope = scope_of("GET", "/console/api/live", headers, f"watch={quote(text)}")
        self.task = asyncio.create_task(console.door(scope, self._incoming.get, self._sent.put))
        self._text = b""

    async def status(self) -> int:
        """Of the answer, once it has begun."""
        async with asyncio.timeout(WITHIN_S):
            status: int = (await self._sent.get())["status"]
        return status

    async def event(self) -> Event:
        """The next event that says something; heartbeats are passed over."""
        while True:
            text = await self.raw()
            if text.startswith("event: ") and not text.startswith("event: beat\n"):
                name, data = text.split("\n")
                return Event(name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))

    async def raw(self) -> str:
        """The next block as it is on the wire."""
        async with asyncio.timeout(WITHIN_S):
            while b"\n\n" not in self._text:
                self._text += (await self._sent.get())["body"]
        block, _, self._text = self._text.partition(b"\n\n")
        return block.decode()

    async def leave(self) -> None:
        """The browser closes the page."""
        self._incoming.put_nowait({"type": "http.disconnect"})
        async with asyncio.timeout(WITHIN_S):
            await self.task


@asynccontextmanager
async def opened(console: Console, person: Person, *watched: Any) -> AsyncIterator[Page]:
    """A stream that was taken."""
    page = Page(console, person, list(watched))
    assert await page.status() == 200
    yield page
    await page.leave()


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds and checks follow one another at once."""
    monkeypatch.setattr(watches, "PAUSE_SECONDS_MIN", 0.01)
    monkeypatch.setattr(watches, "PAUSES_PER_ROUND", 0)
    monkeypatch.setattr(watches, "RESTS_PER_ROUND", 0)
    monkeypatch.setattr(live, "RECHECK_SECONDS", 0.01)


async def test_the_answers_at_once_and_then_what_changed(console: Console, brisk: None) -> None:
    """Each watch by its index; after a change the changed answers alone."""
    ada = await console.sign_in()
    nothing = {"action": "QueryProduct", "parameters": {"ProductKey": "none"}}
    async with opened(console, ada, LIST, nothing) as page:
        first = sorted([await page.event(), await page.event()], key=lambda event: event.data["index"])
        assert [event.data["status"] for event in first] == [200, 200]
        assert first[0].data["answer"]["data"]["total"] == 0
        assert first[1].data["answer"]["code"] == "iot.prod.NotExistedProduct"
        product_key = await make_product(console.signed)
        changed = await page.event()
        assert (changed.name, changed.data["index"]) == ("answer", 0)
        assert changed.data["answer"]["data"]["list"]["productInfo"][0]["productKey"] == product_key


async def test_A10_a_page_that_is_left_open_does_not_use_its_session(console: Console, brisk: None) -> None:
    """The stream looks again and again whether the session holds, which does not make it last."""
    ada = await console.sign_in()
    async with opened(console, ada, LIST) as page:
        await page.event()
        used, asked = console.sessions.used, console.sessions.asked
        while console.sessions.asked < asked + 3:  # noqa: ASYNC110  nobody tells when it has been looked
            await asyncio.sleep(0.01)
        assert console.sessions.used == used


async def test_I17_equal_watches_are_performed_once(console: Console, brisk: None) -> None:
    """For all sessions of one account and the same rights; the last that leaves ends it."""
    ada, bob = await console.sign_in("ada"), await console.sign_in("bob")
    carol = await console.sign_in("carol", READER)
    watching = console.door._live.watches
    async with opened(console, ada, LIST), opened(console, bob, LIST) as page:
        assert (await page.event()).data["answer"]["success"]
        assert len(watching) == 1
        async with opened(console, carol, LIST):
            assert len(watching) == 2
        assert len(watching) == 1
    assert len(watching) == 0


async def test_who_comes_later_is_told_at_once(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer of the last round, however long the next one is away."""
    monkeypatch.setattr(watches, "PAUSE_SECONDS_MIN", 3600)
    ada = await console.sign_in()
    async with opened(console, ada, LIST) as first, opened(console, ada, LIST) as second:
        told = await first.event()
        assert await second.event() == told


async def test_A05_no_page_is_told_a_secret_by_itself(console: Console, brisk: None) -> None:
    """Nobody is told one, for nobody asked: whoever looks on with the same rights has the same watch."""
    product_key = await make_product(console.signed)
    watch = {"action": "QueryProduct", "parameters": {"ProductKey": product_key}}
    ada, bob = await console.sign_in("ada"), await console.sign_in("bob", sees_secrets=False)
    async with opened(console, ada, watch) as sees, opened(console, bob, watch) as sees_not:
        for page in (sees, sees_not):
            assert "productSecret" not in (await page.event()).data["answer"]["data"]
        assert len(console.door._live.watches) == 1


async def test_A21_a_session_that_is_ended_is_told_nothing_more(console: Console, brisk: None) -> None:
    """The stream says so and closes."""
    ada = await console.sign_in()
    page = Page(console, ada, [LIST])
    assert await page.status() == 200
    await page.event()
    del console.sessions.open[ada.token]
    assert await page.event() == Event("end", {"reason": "session"})
    await asyncio.wait_for(page.task, WITHIN_S)


async def test_A21_rights_that_changed_end_the_stream(console: Console, brisk: None) -> None:
    """It was opened with the old ones."""
    ada = await console.sign_in()
    page = Page(console, ada, [LIST])
    assert await page.status() == 200
    await page.event()
    session = console.sessions.open[ada.token]
    console.sessions.open[ada.token] = session._replace(policy=READER)
    assert await page.event() == Event("end", {"reason": "rights"})
    await asyncio.wait_for(page.task, WITHIN_S)


async def test_A21_nobody_can_say_whether_it_still_holds(
    console: Console, brisk: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is gone ends the stream; the page comes again."""

    async def gone(token: str, now_ms: int, **how: object) -> None:
        raise StoreUnavailableError("locked")

    ada = await console.sign_in()
    page = Page(console, ada, [LIST])
    assert await page.status() == 200
    monkeypatch.setattr(console.sessions, "of_token", gone)
    while (event := await page.event()).name != "end":
        pass
    assert event.data == {"reason": "unavailable"}
    await asyncio.wait_for(page.task, WITHIN_S)


async def test_the_end_of_the_process_ends_every_stream(console: Console) -> None:
    """At once, with a reason, and no new one is taken."""
    ada = await console.sign_in()
    pages = [Page(console, ada, [LIST]) for _ in range(2)]
    for page in pages:
        assert await page.status() == 200
    console.stopping.set()
    for page in pages:
        while (event := await page.event()).name != "end":
            pass
        assert event.data == {"reason": "stopping"}
        await asyncio.wait_for(page.task, WITHIN_S)
    assert await Page(console, ada, [LIST]).status() == 503
    await asyncio.wait_for(console.door.close(), WITHIN_S)


async def test_a_heartbeat_while_nothing_changes(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """By it proxies keep the connection, and each side notices when the other is gone."""
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.01)
    async with opened(console, await console.sign_in(), LIST) as page:
        assert (await page.raw()).startswith("retry: ")
        while (await page.raw()) != "event: beat\ndata: 1":
            pass


async def test_what_is_forbidden_is_asked_for_once(console: Console, brisk: None) -> None:
    """403 before the stream; nothing of it is entered into the audit trail each second."""
    carol = await console.sign_in("carol", READER)
    forbidden = {"action": "XListAccessKeys", "parameters": {"CurrentPage": 1, "PageSize": 10}}
    assert await Page(console, carol, [LIST, forbidden]).status() == 403
    listed = await console.signed.ok("XListAuditEvents", CurrentPage=1, PageSize=10)
    assert listed["Total"] == 0


class TestBounds:
    @pytest.mark.parametrize(
        "watched",
        [
            "", "{", "{}", "[]", "null", '"x"', "[1]", "[[]]", "[{}]", '[{"action":1}]', '[{"action":null}]',
            '[{"action":"MakeCoffee"}]', '[{"action":"CreateProduct"}]', '[{"action":"XPreviewOTAJob"}]',
            '[{"action":"QueryProductList","parameters":[]}]', '[{"action":"QueryProductList","parameters":1}]',
            '[{"action":"QueryProductList","more":1}]', '[{"action":"QueryProductList","parameters":{"":1}}]',
            "[" * 8_000, '[{"action":"\\ud800"}]', '[{"action":"QueryProductList","parameters":{"A":"\\ud800"}}]',
        ],
    )  # fmt: skip
    async def test_what_is_no_list_of_watches(self, console: Console, watched: str) -> None:
        """400 with the fact: also for calls that change something, and those that walk through a fleet."""
        assert await Page(console, await console.sign_in(), watched).status() == 400

    async def test_A10_nobody_looks_on(self, console: Console) -> None:
        """401 without a session."""
        assert await Page(console, NOBODY, [LIST]).status() == 401

    async def test_I17_watches_of_a_stream(self, console: Console) -> None:
        """So many and no more."""
        ada = await console.sign_in()
        async with opened(console, ada, *[page(size) for size in range(1, WATCHES_OF_STREAM_MAX + 1)]):
            pass
        beyond = [page(size) for size in range(1, WATCHES_OF_STREAM_MAX + 2)]
        assert await Page(console, ada, beyond).status() == 400

    async def test_I17_streams_of_a_session(self, console: Console) -> None:
        """So many and no more; another session and a place that was left are open."""
        ada, bob = await console.sign_in("ada"), await console.sign_in("bob")
        pages = [Page(console, ada, [LIST]) for _ in range(STREAMS_OF_SESSION_MAX)]
        assert {await page.status() for page in pages} == {200}
        assert await Page(console, ada, [LIST]).status() == 429
        async with opened(console, bob, LIST):
            await pages.pop().leave()
            async with opened(console, ada, LIST):
                pass
        for page in pages:
            await page.leave()
        assert not console.door._live._streams

    async def test_I17_streams_of_a_process(self, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
        """503 for the one above."""
        assert STREAMS_MAX == 500
        monkeypatch.setattr(live, "STREAMS_MAX", 2)
        ada, bob = await console.sign_in("ada"), await console.sign_in("bob")
        async with opened(console, ada, LIST):
            async with opened(console, bob, LIST):
                assert await Page(console, ada, [LIST]).status() == 503
            async with opened(console, bob, LIST):
                pass

    async def test_I15_streams_and_watches_of_an_account_leave_room_for_others(
        self, console: Console, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One account has at most half of the process; 503 for the one above."""
        assert (live.STREAMS_OF_ACCOUNT_MAX, watches.WATCHES_OF_ACCOUNT_MAX) == (STREAMS_MAX // 2, WATCHES_MAX // 2)
        ada, bob = await console.sign_in("ada"), await console.sign_in("bob")
        monkeypatch.setattr(live, "STREAMS_OF_ACCOUNT_MAX", 1)
        async with opened(console, ada, LIST):
            assert await Page(console, bob, [LIST]).status() == 503
        monkeypatch.setattr(live, "STREAMS_OF_ACCOUNT_MAX", 2)
        monkeypatch.setattr(watches, "WATCHES_OF_ACCOUNT_MAX", 1)
        async with opened(console, ada, page(1)):
            assert await Page(console, bob, [page(2)]).status() == 503
            async with opened(console, bob, page(1)):
                pass
        assert not console.door._live._of_account

    async def test_I17_watches_of_a_process(self, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
        """503 for a stream with one too many, of which nothing stays; what is watched already is open to all."""
        assert WATCHES_MAX == 1_000
        monkeypatch.setattr(watches, "WATCHES_MAX", 2)
        ada = await console.sign_in()
        async with opened(console, ada, page(1)):
            assert await Page(console, ada, [page(1), page(2), page(3)]).status() == 503
            assert len(console.door._live.watches) == 1
            async with opened(console, ada, page(1), page(2)), opened(console, ada, page(2)):
                pass
