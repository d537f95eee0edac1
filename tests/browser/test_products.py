"""What the pages of products do, to the first device that connects with the lines that the page gave it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsing import PHONE, Look
from tests.browser.conftest import Visit
from tests.browser.people import VIEWER
from tests.clients.swu_package import PackageSigner
from tests.clients.swupdate import SWUPDATE
from tests.story.sdk_processes import CLIENTS_PYTHON
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient

ARRIVES_WITHIN_MS = 30_000
LINES_THAT_RUN = {
    "linkkit": (str(CLIENTS_PYTHON), "-u"),
    "mqtt": (str(CLIENTS_PYTHON), "-u"),
    "https": ("sh", "-eu"),
}


def call(server: WhimbrelServer, action: str, **parameters: str) -> Any:
    body = SignedClient(server).call(action, **parameters).body
    assert body["success"], body
    return body.get("data", body)


@pytest.fixture(scope="module")
def product(server: WhimbrelServer) -> str:
    return str(call(server, "CreateProduct", ProductName="pump", NodeType="0")["productKey"])


def connected_page(visit: Visit, product: str, kind: str, name: str = "") -> Page:
    """The tab that connects a device, with a new one registered."""
    name = name or f"{kind}-0001"
    page = visit().open(f"/products/{product}?tab=connect")
    page.get_by_label("Device name").fill(name)
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_text(f"Waiting for {name}")).to_be_visible()
    page.get_by_label("What runs on the device").select_option(kind)
    return page


def test_a_product_is_made_and_says_how_to_connect_its_first_device(visit: Visit) -> None:
    """Whoever makes a product is led on to its first device."""
    page = visit().open("/products")
    page.get_by_role("button", name="New product").first.click()
    page.get_by_role("textbox", name="Name").fill("street_lamp")
    page.get_by_role("button", name="Create product").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("street_lamp")
    expect(page.get_by_role("heading", name="1. Register the device")).to_be_visible()


@pytest.mark.parametrize("kind", LINES_THAT_RUN)
def test_a_device_connects_with_the_lines_of_the_page(visit: Visit, product: str, kind: str, tmp_path: Path) -> None:
    """As they are: no address, name or secret is put in by hand. The page sees the device arrive."""
    page = connected_page(visit, product, kind)
    lines = tmp_path / "lines"
    lines.write_text(page.locator("pre code").inner_text())
    with (tmp_path / "said").open("wb") as said:
        device = subprocess.Popen([*LINES_THAT_RUN[kind], lines], stdout=said, stderr=said, cwd=tmp_path)
    try:
        expect(page.get_by_text(f"{kind}-0001 is here")).to_be_visible(timeout=ARRIVES_WITHIN_MS)
        expect(page.get_by_text("It runs 1.0.0")).to_be_visible(timeout=ARRIVES_WITHIN_MS)
    except AssertionError:
        pytest.fail((tmp_path / "said").read_text())
    finally:
        device.kill()
        device.wait()


def test_lines_for_hawkbit_clients_hold_a_token_that_is_made_once(visit: Visit, product: str) -> None:
    """A15: the token is shown as it is made; the server proves it by answering a poll with it."""
    page = connected_page(visit, product, "swupdate")
    page.get_by_role("button", name="Make its token").click()
    lines = page.locator("pre code")
    expect(lines).not_to_contain_text("DEVICE_TOKEN")
    found = re.search(r'url = "(.+)"; tenant = "(.+)"; id = "(.+)";\s+targettoken = "(.+?)";', lines.inner_text())
    assert found is not None
    url, tenant, name, token = found.groups()
    poll = page.request.get(f"{url}/{tenant}/controller/v1/{name}", headers={"Authorization": f"TargetToken {token}"})
    assert poll.status == 200
    for kind in ("rauc", "zephyr"):
        page.get_by_label("What runs on the device").select_option(kind)
        expect(lines).to_contain_text(token)


def test_swupdate_polls_with_the_lines_of_the_page(visit: Visit, product: str) -> None:
    """Debian's SWUpdate, unmodified; the certificate that packages are signed with is the only thing put in."""
    page = connected_page(visit, product, "swupdate", "gateway-0001")
    page.get_by_role("button", name="Make its token").click()
    expect(page.locator("pre code")).not_to_contain_text("DEVICE_TOKEN")
    lines = page.locator("pre code").inner_text()
    # Its sockets are here, and a socket's path must stay below 108 characters.
    with tempfile.TemporaryDirectory(prefix="swu-") as place:
        folder = Path(place)
        (folder / "signer.pem").write_bytes(PackageSigner().certificate_pem)
        (folder / "lines").write_text(lines.replace("/etc/swupdate", place))
        command = [str(SWUPDATE), "-f", str(folder / "lines"), "-H", "test:1.0", "-u", ""]
        with (folder / "said").open("wb") as said:
            device = subprocess.Popen(
                command,
                stdout=said,
                stderr=said,
                env={"PATH": os.environ["PATH"], "TMPDIR": place},
                start_new_session=True,
            )
        try:
            expect(page.get_by_text("gateway-0001 is here")).to_be_visible(timeout=ARRIVES_WITHIN_MS)
        except AssertionError:
            pytest.fail((folder / "said").read_text())
        finally:
            os.killpg(device.pid, signal.SIGKILL)  # it makes processes; nobody else is in the session opened above
            device.wait()


def test_modules_are_added_renamed_and_deleted(visit: Visit, product: str) -> None:
    """Each once; the name is typed before a module goes."""
    page = visit().open(f"/products/{product}")
    page.get_by_role("button", name="Add module").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Module").fill("radio")
    dialog.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name="radio")
    row.get_by_role("button", name="Edit").click()
    dialog.get_by_label("Alias").fill("Radio_chip")
    dialog.get_by_role("button", name="Save").click()
    expect(row.get_by_text("Radio_chip")).to_be_visible()
    row.get_by_role("button", name="Delete").click()
    dialog.get_by_role("textbox").fill("radio")
    dialog.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_settings_of_devices_are_saved(visit: Visit, server: WhimbrelServer, product: str) -> None:
    """Enrolment, DDI, and a gateway token that is shown once."""
    page = visit().open(f"/products/{product}?tab=settings")
    page.get_by_label("Dynamic registration").select_option("REGISTERED_NAMES")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.get_by_label("How often they ask").fill("00:10:00")
    page.get_by_label("The tenant DEFAULT").check()
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Saved", exact=True)).to_have_count(2)
    page.get_by_role("button", name="Make one").click()
    expect(page.get_by_text("it is shown this once")).to_be_visible()
    enrolment = call(server, "XQueryProductEnrolment", ProductKey=product)
    ddi = call(server, "XQueryProductDdi", ProductKey=product)
    assert enrolment["dynamicRegistration"] == "REGISTERED_NAMES"
    assert (ddi["pollingInterval"], ddi["isDefault"], ddi["hasGatewayToken"]) == ("00:10:00", True, True)


def test_a_product_is_renamed_and_deleted_by_typing_its_name(visit: Visit, server: WhimbrelServer) -> None:
    """The list no longer has it."""
    key = str(call(server, "CreateProduct", ProductName="doomed", NodeType="0")["productKey"])
    page = visit().open(f"/products/{key}")
    page.get_by_role("button", name="Edit").first.click()
    page.get_by_role("dialog").get_by_label("Name").fill("condemned")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("condemned")
    page.get_by_role("button", name="Delete").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("condemned")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Products")


def test_a_viewer_sees_no_secret_and_changes_nothing(visit: Visit, server: WhimbrelServer, product: str) -> None:
    """I6: secrets are blank in the answer itself."""
    secret = call(server, "QueryProduct", ProductKey=product)["productSecret"]
    visitor = visit(role=VIEWER, look=Look("light", *PHONE))
    for tab in ("overview", "connect", "settings"):
        page = visitor.open(f"/products/{product}?tab={tab}")
        for name in ("Add firmware", "Delete", "Register", "Save", "Make one", "Add module"):
            expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
        assert secret not in page.content()
        assert visitor.violations() == []
