"""A05: no secret is in a browser before somebody asks to see it there (ADR 0068)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Response, expect

from tests.browser.browsing import Visitor
from tests.browser.conftest import Visit
from tests.browser.people import ADMIN, RELEASER
from tests.browser.populated import LAMP, Populated

#: Playwright does not see what comes in a stream.
KEEP_WHAT_STREAMS_TELL = """
    window.told = [];
    const add = EventSource.prototype.addEventListener;
    EventSource.prototype.addEventListener = function (type, listener) {
        if (type === "answer") add.call(this, type, (event) => window.told.push(event.data));
        add.call(this, type, listener);
    };
"""


class Answers:
    """All that the server said to a visitor's calls and watches."""

    def __init__(self, visitor: Visitor) -> None:
        self._page = visitor.page
        self._called: list[str] = []
        self._page.add_init_script(KEEP_WHAT_STREAMS_TELL)
        self._page.on("response", self._keep)

    def _keep(self, response: Response) -> None:
        if "/api/call/" in response.url:
            with suppress(Error):  # a page that is left gives up what it asked for, and never has it
                self._called.append(response.text())

    def holding(self, secret: str) -> int:
        """How many have it in them."""
        told: list[str] = self._page.evaluate("window.told")
        assert self._called
        assert told
        return sum(secret in text for text in [*self._called, *told])


def secrets_of(populated: Populated) -> tuple[str, str]:
    """Those of the product of lamps and of its first device."""
    key = populated.products[LAMP]

    def ok(action: str, **parameters: str) -> Any:
        return populated.client.call(action, ProductKey=key, **parameters).body["data"]

    return ok("QueryProduct")["productSecret"], ok("QueryDeviceInfo", DeviceName="lamp-0001")["deviceSecret"]


def copied(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


@pytest.mark.parametrize("role", [RELEASER, ADMIN])
def test_A05_no_answer_holds_a_secret_before_somebody_asks(visit: Visit, populated: Populated, role: str) -> None:
    """Every page is opened by who may see them; then one is shown, and hidden again."""
    of_product, of_device = secrets_of(populated)
    visitor = visit(role)
    answers = Answers(visitor)
    lamp = populated.products[LAMP]
    for route in (*populated.routes.values(), f"/products/{lamp}?tab=connect", f"/products/{lamp}?tab=settings"):
        visitor.open(route)
    page = visitor.open(f"/devices/{lamp}/lamp-0001")
    expect(page.get_by_role("button", name="Show the secret")).to_be_visible()
    assert (answers.holding(of_product), answers.holding(of_device)) == (0, 0)
    page.get_by_role("button", name="Show the secret").click()
    expect(page.get_by_text(of_device)).to_be_visible()
    assert (answers.holding(of_product), answers.holding(of_device)) == (0, 1)
    visitor.picture(f"secret-shown-{role.lower()}")
    assert visitor.violations() == []
    page.get_by_role("button", name="Hide the secret").click()
    assert of_device not in page.content()


def test_A05_a_secret_is_copied_without_being_shown(visit: Visit, populated: Populated) -> None:
    """Nobody who looks over a shoulder reads it."""
    of_product, _ = secrets_of(populated)
    visitor = visit()
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.open(f"/products/{populated.products[LAMP]}?tab=settings")
    page.get_by_role("button", name="Copy ProductSecret").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert copied(page) == of_product
    assert of_product not in page.content()


def test_A05_lines_for_a_registered_device_wait_for_its_secret(visit: Visit, populated: Populated) -> None:
    """They say where it belongs, and have it once it is shown."""
    _, of_device = secrets_of(populated)
    visitor = visit()
    answers = Answers(visitor)
    page = visitor.open(f"/products/{populated.products[LAMP]}?tab=connect")
    page.get_by_label("Device name").fill("lamp-0001")
    page.get_by_role("button", name="It is registered already").click()
    expect(page.get_by_text("lamp-0001 is here")).to_be_visible()
    lines = page.locator("pre code")
    expect(lines).to_contain_text("DEVICE_SECRET")
    assert answers.holding(of_device) == 0
    page.get_by_role("button", name="Show the secret").click()
    expect(lines).to_contain_text(of_device)
    visitor.picture("connect-registered")
