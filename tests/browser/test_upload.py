"""Files dropped on the console become firmware of exactly these bytes, or the page says what went wrong with them."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsing import Visitor
from tests.browser.conftest import Visit
from tests.browser.corrupting import Line, line_to
from tests.browser.people import ADMIN, VIEWER, People
from tests.story.servers import WhimbrelServer, free_port
from tests.story.signed_client import SignedClient

NGINX = Path("/usr/sbin/nginx")
BLOCK = b"0123456789abcdef"
CONTENT = BLOCK * 65_536  # 1 MiB
SHOWS_WITHIN_MS = 20_000
DROP = """async ([content, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([content.repeat(65536)], name));
    const place = document.querySelector('main label:has(input[type=file])');
    for (const type of ['dragover', 'drop']) {
        place.dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true}));
    }
}"""
PROXY = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
    access_log off; client_max_body_size 0;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location /updates/ {{
            proxy_pass http://{endpoint}/; proxy_set_header Host $http_host; proxy_request_buffering off;
            proxy_http_version 1.1;
        }}
    }}
}}
"""


@pytest.fixture(scope="module")
def product(server: WhimbrelServer) -> str:
    return str(SignedClient(server).call("CreateProduct", ProductName="lamp", NodeType="0").body["productKey"])


@pytest.fixture
def line(server: WhimbrelServer) -> Iterator[Line]:
    with line_to(server.http_port) as between:
        yield between


def through(visitor: Visitor, port: int, prefix: str = "") -> Visitor:
    """The same person, by another way to the server."""
    return Visitor(visitor.context, f"http://127.0.0.1:{port}{prefix}/console/")


def drop(page: Page, name: str) -> None:
    page.evaluate(DROP, [BLOCK.decode(), name])


def create(page: Page, product: str) -> None:
    page.get_by_role("combobox", name="Product").select_option(product)
    button = page.get_by_role("button", name="Create firmware")
    expect(button).to_be_enabled(timeout=SHOWS_WITHIN_MS)
    button.click()


def firmware(server: WhimbrelServer, version: str) -> list[dict[str, Any]]:
    body = SignedClient(server).call("ListOTAFirmware", CurrentPage="1", PageSize="10", DestVersion=version).body
    return list(body["firmwareInfo"]["simpleFirmwareInfo"])


def test_a_dropped_file_is_firmware_with_the_hash_that_the_browser_read(
    visit: Visit, server: WhimbrelServer, product: str
) -> None:
    """I11: name and version come from the file's name; the server's digest is shown beside that of the disk."""
    visitor = visit()
    page = visitor.open("/firmware/new")
    drop(page, "lamp-v1.4.2.bin")
    row = page.get_by_role("listitem", name="lamp-v1.4.2.bin")
    expect(row.get_by_text("stored on the server")).to_be_visible(timeout=SHOWS_WITHIN_MS)
    expect(row.get_by_text(hashlib.sha256(CONTENT).hexdigest())).to_be_visible()
    expect(page.get_by_role("textbox", name="Version")).to_have_value("1.4.2")
    assert visitor.violations() == []
    create(page, product)
    expect(page.get_by_text("every byte arrived")).to_be_visible(timeout=SHOWS_WITHIN_MS)
    visitor.picture("firmware-created")
    (made,) = firmware(server, "1.4.2")
    assert (made["firmwareSign"], made["signMethod"]) == (hashlib.sha256(CONTENT).hexdigest(), "SHA256")
    assert made["firmwareName"] == "lamp-v1-4-2"
    page.get_by_role("link", name="Open it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("lamp-v1-4-2 1.4.2")


def test_several_files_become_one_firmware(visit: Visit, server: WhimbrelServer, product: str) -> None:
    """Each is compared by itself; their sizes add up."""
    page = visit().open(f"/firmware/new?product={product}")
    drop(page, "image-2.0.0.bin")
    drop(page, "image-2.0.0.img")
    expect(page.get_by_text("stored on the server")).to_have_count(2, timeout=SHOWS_WITHIN_MS)
    create(page, product)
    expect(page.get_by_text("every byte arrived")).to_be_visible(timeout=SHOWS_WITHIN_MS)
    assert firmware(server, "2.0.0")[0]["firmwareSize"] == 2 * len(CONTENT)


def test_bytes_that_change_on_their_way_are_refused_and_sent_again(
    visit: Visit, server: WhimbrelServer, product: str, line: Line
) -> None:
    """I11: no firmware is made of them; the same page sends the file again, and then it is."""
    visitor = through(visit(), line.port)
    page = visitor.open(f"/firmware/new?product={product}")
    line.old, line.new = BLOCK, BLOCK[::-1]
    drop(page, "lamp-3.0.0.bin")
    create(page, product)
    expect(page.get_by_text("The server has other bytes than your file")).to_be_visible(timeout=SHOWS_WITHIN_MS)
    assert firmware(server, "3.0.0") == []
    line.old = b""
    page.get_by_role("button", name="Send the files again").click()
    create(page, product)
    expect(page.get_by_text("every byte arrived")).to_be_visible(timeout=SHOWS_WITHIN_MS)
    assert len(firmware(server, "3.0.0")) == 1
    assert visitor.faults == []


def test_a_connection_that_breaks_is_tried_again_by_itself(visit: Visit, product: str, line: Line) -> None:
    """F01: with new credentials, and from the beginning of the file."""
    page = through(visit(), line.port).open(f"/firmware/new?product={product}")
    line.cut_after = len(CONTENT) // 2
    drop(page, "lamp-4.0.0.bin")
    expect(page.get_by_text("The connection broke")).to_be_visible(timeout=SHOWS_WITHIN_MS)
    expect(page.get_by_text("stored on the server")).to_be_visible(timeout=SHOWS_WITHIN_MS)


def test_whoever_leaves_with_files_is_asked(visit: Visit) -> None:
    """Nothing that was sent is lost by a wrong click."""
    page = visit().open("/firmware/new")
    drop(page, "lamp-5.0.0.bin")
    page.get_by_role("link", name="Devices").click()
    page.get_by_role("button", name="Stay").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add firmware")
    page.get_by_role("link", name="Devices").click()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Devices")


def test_an_upload_goes_where_the_page_came_from_behind_a_path(
    visit: Visit, people: People, server: WhimbrelServer, product: str, tmp_path: Path
) -> None:
    """A proxy under /updates/, which the server knows nothing of (ADR 0057)."""
    port = free_port()
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(PROXY.format(folder=tmp_path, port=port, endpoint=server.endpoint))
    with (tmp_path / "nginx.stderr").open("wb") as log:
        nginx = subprocess.Popen([NGINX, "-c", configuration, "-p", tmp_path], stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/updates/console/")
        visitor = visit(signed_in=False)
        cookies = people.cookies(ADMIN)  # the browser keeps them to the folder that answered
        moved: list[Any] = [{**cookie, "path": f"/updates{cookie['path']}"} for cookie in cookies]
        visitor.context.add_cookies(moved)
        page = through(visitor, port, "/updates").open(f"/firmware/new?product={product}")
        drop(page, "lamp-6.0.0.bin")
        create(page, product)
        expect(page.get_by_text("every byte arrived")).to_be_visible(timeout=SHOWS_WITHIN_MS)
    finally:
        nginx.terminate()
        nginx.wait(20)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            httpx.get(url).raise_for_status()
            return
        except httpx.HTTPError:
            assert time.monotonic() < deadline, f"no answer from {url}"
            time.sleep(0.05)


def test_a_viewer_cannot_upload(visit: Visit) -> None:
    """I6: neither the way there nor the form."""
    visitor = visit(role=VIEWER)
    page = visitor.open("/firmware")
    expect(page.get_by_role("link", name="Add firmware")).to_have_count(0)
    visitor.open("/firmware/new")
    expect(page.get_by_text("You may not upload firmware")).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)
