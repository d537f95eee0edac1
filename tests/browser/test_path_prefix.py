"""Behind a proxy that serves it below a path, with nothing configured: the console works, and is live."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browsing import Visitor
from tests.browser.people import People
from tests.story.fleet import wait_until
from tests.story.servers import WhimbrelServer, free_port
from tests.story.signed_client import SignedClient

NGINX = "/usr/sbin/nginx"
_CONFIGURATION = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location /factory/ota/ {{ proxy_pass http://{endpoint}/; proxy_set_header Host $http_host; }}
  }}
}}
"""


@pytest.fixture
def prefixed_url(server: WhimbrelServer, tmp_path: Path) -> Iterator[str]:
    """The console's address at the proxy."""
    port = free_port()
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(folder=tmp_path, port=port, endpoint=server.endpoint))
    with (tmp_path / "nginx.stderr").open("wb") as log:
        nginx = subprocess.Popen([NGINX, "-c", configuration, "-p", tmp_path], stderr=log)
    try:
        yield f"http://127.0.0.1:{port}/factory/ota/console/"
    finally:
        nginx.terminate()
        nginx.wait()


def test_the_first_sign_in_and_a_live_page_behind_a_prefix(
    browser: Browser, server: WhimbrelServer, people: People, prefixed_url: str
) -> None:
    """From the printed link's token to a number that changes by itself."""
    visitor = Visitor(browser.new_context(locale="en-GB"), prefixed_url)
    page = visitor.page
    wait_until(lambda: "First sign-in" in server.log, "the server prints its link")
    page.goto(prefixed_url + "#" + people.first_link().partition("#")[2])
    page.get_by_label("User name").fill("ada")
    for label in ("New password", "The same again"):
        page.get_by_role("textbox", name=label).fill("a long enough phrase 42")
    with page.expect_response(lambda answer: "api/live" in answer.url) as stream:
        page.get_by_role("button", name="Set the password").click()
        expect(visitor.heading()).to_be_visible()
    assert stream.value.status == 200
    assert stream.value.headers["content-type"].startswith("text/event-stream")
    SignedClient(server).call("CreateProduct", ProductName="lamp_behind", NodeType="0")
    visitor.open("/products")
    expect(page.get_by_role("link", name="lamp_behind")).to_be_visible()
    visitor.end()
