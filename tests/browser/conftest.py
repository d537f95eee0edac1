"""Fixtures of the browser's tests: Chromium without a screen, and visitors that are signed in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.browsing import AXE, DESKTOP, SHOWS_WITHIN_MS, Look, Visitor
from tests.browser.people import ADMIN, People
from tests.browser.populated import Populated, populate
from tests.story.servers import WhimbrelServer

CHROMIUM = Path("/usr/bin/chromium")

Visit = Callable[..., Visitor]

#: So much longer each call of a page takes (`SLOWED_MS=1000 make test ARGS=tests/browser`), half of it before the
#: server has it and half behind its answer: a test that looks too early at either side fails with it each time.
SLOWED_MS = int(os.environ.get("SLOWED_MS", "0"))
_SLOWED = """(() => {
  const asked = window.fetch;
  const later = () => new Promise((go) => setTimeout(go, %d / 2));
  window.fetch = (...all) => later().then(() => asked(...all)).then((answer) => later().then(() => answer));
})()"""

expect.set_options(timeout=SHOWS_WITHIN_MS)  # a busy machine is no failure


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a test file; each visitor has a context of its own in it.

    Not for the whole process: Playwright keeps a loop running until it is ended, and asynchronous tests come after it.
    """
    for path, what in ((CHROMIUM, "Debian package chromium"), (AXE, "axe-core")):
        if not path.exists():
            pytest.fail(f"{path} is missing: `make test` installs it ({what})", pytrace=False)
    with sync_playwright() as playwright:
        # The sandbox needs a user that is not root, and pages of the console are all that is opened here.
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhimbrelServer]:
    """One running server for a test file, on an empty data folder."""
    running = WhimbrelServer(tmp_path_factory.mktemp("operator") / "var")
    try:
        running.start()
        yield running
    finally:
        running.end()


@pytest.fixture(scope="module")
def people(server: WhimbrelServer) -> People:
    """Who may sign in."""
    return People(server)


@pytest.fixture(scope="module")
def populated(server: WhimbrelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Populated]:
    """The server with fleets, firmware, rollouts in many states, groups, keys and users."""
    with populate(server, tmp_path_factory.mktemp("fleet")) as site:
        yield site


@pytest.fixture
def visit(browser: Browser, people: People) -> Iterator[Visit]:
    """`visit()` is an administrator at a desktop; `visit(role=…, look=…, signed_in=False)` anybody else."""
    visitors: list[Visitor] = []

    def visit_one(
        role: str = ADMIN,
        look: Look | None = None,
        *,
        signed_in: bool = True,
        language: str = "en",
        slowed: bool = True,
    ) -> Visitor:
        chosen = look or Look("light", *DESKTOP)
        context = browser.new_context(
            viewport={"width": chosen.width, "height": chosen.height},
            color_scheme="dark" if chosen.scheme == "dark" else "light",
            locale="zh-CN" if language == "zh" else "en-GB",
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
        )
        if SLOWED_MS and slowed:
            context.add_init_script(_SLOWED % SLOWED_MS)
        if signed_in:
            context.add_cookies(people.cookies(role))
        visitors.append(Visitor(context, people.console_url))
        return visitors[-1]

    yield visit_one
    for visitor in visitors:
        visitor.end()
