"""One visitor in headless Chromium: opens pages of the console, and keeps what must never happen on any of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Locator, Page, Request, expect

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "console" / "web" / "node_modules" / "axe-core" / "axe.min.js"
GALLERY = ROOT / "build" / "gallery"
SHOWS_WITHIN_MS = 15_000
#: What the browser itself says of an answer that is no 2xx; pages show those, and each is checked where it is meant.
_OF_THE_NETWORK = "Failed to load resource"


class Look(NamedTuple):
    """How a page is looked at."""

    scheme: str
    width: int
    height: int

    @property
    def name(self) -> str:
        return f"{self.scheme}-{'phone' if self.width < 600 else 'desktop'}"


DESKTOP, PHONE = (1280, 800), (390, 844)
LOOKS = [Look(scheme, *size) for scheme in ("light", "dark") for size in (DESKTOP, PHONE)]


class Visitor:
    """A person at one browser tab. `faults` holds failed scripts, policy violations, dialogs, foreign requests."""

    def __init__(self, context: BrowserContext, console_url: str) -> None:
        self.context = context
        self.console_url = console_url
        self.faults: list[str] = []
        self._host = urlsplit(console_url).netloc
        self.page: Page = context.new_page()
        self.page.set_default_timeout(SHOWS_WITHIN_MS)
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.page.on("console", self._console)
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)

    def open(self, route: str) -> Page:
        """The page at `#route`, once it shows its heading and nothing is being loaded any more."""
        self.page.goto(f"{self.console_url}#{route}")
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait for the heading, and until no part of the page says that it is busy."""
        expect(self.page.locator("#root main h1").first).to_be_visible(timeout=SHOWS_WITHIN_MS)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0, timeout=SHOWS_WITHIN_MS)

    def heading(self) -> Locator:
        return self.page.locator("main h1").first

    def picture(self, name: str, look: Look | None = None, height_max: int = 100_000) -> Path:
        """A screenshot of the whole page, or of so many pixels of it, in the gallery."""
        folder = GALLERY / (look.name if look else "story")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        window = self.page.viewport_size
        assert window is not None
        # As tall as the page: what stays at the window's edge stays at the page's.
        height = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size(
            {"width": window["width"], "height": min(max(height, window["height"]), height_max)}
        )
        self.page.screenshot(path=path, animations="disabled")
        self.page.set_viewport_size(window)
        return path

    def violations(self) -> list[str]:
        """What axe-core finds on the page as it is now: rule, help and the places."""
        self.page.evaluate(AXE.read_text())
        found: list[dict[str, Any]] = self.page.evaluate("async () => (await axe.run(document)).violations")
        return [
            f"{rule['id']}: {rule['help']}: " + json.dumps([node["html"][:200] for node in rule["nodes"][:3]])
            for rule in found
        ]

    def end(self) -> None:
        """Close the tab. Raises AssertionError with what went wrong on it."""
        self.context.close()
        assert not self.faults, self.faults

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_OF_THE_NETWORK):
            self.faults.append(f"console: {message.text}")

    def _dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._host:
            self.faults.append(f"foreign request: {request.url}")
