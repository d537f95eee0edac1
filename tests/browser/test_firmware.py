"""What the pages of firmware do: each action once, and what a viewer is not offered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import expect

from tests.browser.browsing import PHONE, Look
from tests.browser.conftest import Visit
from tests.browser.people import VIEWER
from tests.cli.terminal import start
from tests.story.fleet import wait_until
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

SHOWS_WITHIN_MS = 30_000


class Site(NamedTuple):
    """A product with three devices that are connected, and what makes firmware for it."""

    client: SignedClient
    product: str

    def call(self, action: str, **parameters: str) -> Any:
        body = self.client.call(action, **parameters).body
        assert body["success"], body
        return body.get("data", body)

    def firmware(self, version: str, **more: str) -> str:
        made = self.call(
            "CreateOTAFirmware",
            FirmwareName=f"bulb-{version.replace('.', '-')}",
            ProductKey=self.product,
            DestVersion=version,
            FirmwareUrl=str(self.client.upload(version.encode() * 1_000)),
            FirmwareDesc="Dims without flicker",
            SignMethod="SHA256",
            **more,
        )
        return str(made["firmwareId"])


@pytest.fixture(scope="module")
def site(server: WhimbrelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    client = SignedClient(server)
    product = str(client.call("CreateProduct", ProductName="bulb", NodeType="0").body["productKey"])
    record: Path = tmp_path_factory.mktemp("fleet") / "bulb.jsonl"
    words = ("--product", "bulb", "--devices", "3", "--version", "1.0.0", "--record", str(record))
    fleet = start(server, "simulate", *words)
    try:
        found = Site(client, product)
        wait_until(
            lambda: int(found.call("QueryDeviceStatistics", ProductKey=product)["onlineCount"]) == 3, "bulbs online"
        )
        yield found
    finally:
        fleet.terminate()
        fleet.communicate(timeout=30)


def test_firmware_is_verified_on_chosen_devices_while_one_looks_on(visit: Visit, site: Site) -> None:
    """From not verified to verified without a reload; then it may be rolled out."""
    firmware = site.firmware("1.1.0")
    visitor = visit()
    page = visitor.open(f"/firmware/{firmware}")
    expect(page.get_by_role("link", name="Start a rollout")).to_have_count(0)
    page.get_by_role("button", name="Verify", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("bulb-0002").check()
    expect(dialog.get_by_text("1 of 10 chosen")).to_be_visible()
    assert visitor.violations() == []
    visitor.picture("firmware-verify")
    dialog.get_by_role("button", name="Verify", exact=True).click()
    expect(page.get_by_text("It may go out")).to_be_visible(timeout=SHOWS_WITHIN_MS)
    expect(page.get_by_role("table", name="Test devices").get_by_text("Succeeded")).to_be_visible(
        timeout=SHOWS_WITHIN_MS
    )
    expect(page.get_by_role("link", name="1 device", exact=True)).to_have_attribute(
        "href", f"#/devices?product={site.product}&version=1.1.0", timeout=SHOWS_WITHIN_MS
    )
    assert visitor.violations() == []
    visitor.picture("firmware-verified")
    page.get_by_role("link", name="Start a rollout").click()
    expect(page).to_have_url(f"{visitor.console_url}#/rollouts/new?firmware={firmware}")


def test_it_is_renamed_and_described_and_deleted(visit: Visit, site: Site) -> None:
    """The version is typed before anything is deleted."""
    firmware = site.firmware("1.2.0")
    page = visit().open(f"/firmware/{firmware}")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("What is new").fill("Dims to one percent")
    page.get_by_role("button", name="Save").click()
    expect(
        page.get_by_role("banner").or_(page.locator("main header")).get_by_text("Dims to one percent")
    ).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_role("textbox").fill("1.2.0")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Firmware")
    assert site.client.call("QueryOTAFirmware", FirmwareId=firmware).body["success"] is False


def test_firmware_that_is_in_use_is_not_deleted_and_the_page_says_why(visit: Visit, site: Site) -> None:
    """While a job of it has not ended."""
    firmware = site.firmware("1.3.0")
    names = {"TargetDeviceName.1": "bulb-0003"}
    site.call("CreateOTAVerifyJob", FirmwareId=firmware, ProductKey=site.product, NeedConfirm="true", **names)
    page = visit().open(f"/firmware/{firmware}")
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("1.3.0")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_role("alert")).to_contain_text("iot.ota.")


def test_the_list_is_narrowed_by_its_address(visit: Visit, site: Site) -> None:
    """Filters stand in the address, and typing changes it."""
    site.firmware("9.1.0")
    page = visit().open(f"/firmware?product={site.product}&version=9.1.0")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("textbox", name="Version").fill("nothing")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.get_by_role("link", name="bulb-9-1-0")).to_be_visible()


def test_the_list_is_narrowed_by_module_and_status(visit: Visit, site: Site) -> None:
    """Both stand in the address beside the others, and Back undoes them; a module of the product is suggested."""
    site.call("CreateOTAModule", ProductKey=site.product, ModuleName="radio")
    site.firmware("9.3.0")
    site.firmware("9.4.0", ModuleName="radio", NeedToVerify="false")
    visitor = visit()
    page = visitor.open(f"/firmware?product={site.product}&version=9.4.0&module=radio&status=-1")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("combobox", name="Status")).to_have_value("-1")
    page.get_by_role("combobox", name="Status").select_option("Not verified")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    expect(page).to_have_url(
        f"{visitor.console_url}#/firmware?product={site.product}&version=9.4.0&module=radio&status=0"
    )
    page.get_by_role("combobox", name="Module").fill("default")
    page.get_by_role("textbox", name="Version").fill("9.3.0")
    expect(page.get_by_role("link", name="bulb-9-3-0")).to_be_visible()
    modules = page.locator("datalist option")
    expect(modules).to_have_count(2)
    assert modules.evaluate_all("all => all.map(one => one.value)") == ["default", "radio"]
    visitor.picture("firmware-narrowed")
    assert visitor.violations() == []
    page.get_by_role("combobox", name="Product").select_option("All products")
    expect(page.get_by_role("combobox", name="Module")).to_have_value("")


def test_a_viewer_looks_and_changes_nothing(visit: Visit, site: Site) -> None:
    """I6: nothing is offered that the server would refuse."""
    firmware = site.firmware("9.2.0")
    visitor = visit(role=VIEWER, look=Look("dark", *PHONE))
    page = visitor.open(f"/firmware/{firmware}")
    for name in ("Verify", "Edit", "Delete"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    assert visitor.violations() == []
