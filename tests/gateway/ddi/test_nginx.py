"""Devices with certificates come through a real nginx, set up as the how-to page says (ddi-protocol 2; A15).

The page's own block is what runs; addresses and paths alone are put in.
"""

from __future__ import annotations

import http.client
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.gateway.ddi.certificates import Authority, Pair
from tests.story.servers import WhimbrelServer, free_port
from tests.story.signed_client import SignedClient

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "give-ddi-devices-their-tokens.md"
NGINX = Path("/usr/sbin/nginx")
START_WITHIN_S = 20
_BLOCK = re.compile(r"^```nginx\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FRAME = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{block}
}}
"""


class Site(NamedTuple):
    """A server behind nginx, with one product that trusts the factory's authority."""

    server: WhimbrelServer
    https_port: int
    product_key: str
    factory: Authority
    stranger: Authority

    def call(self, action: str, **parameters: str) -> dict[str, str]:
        body = SignedClient(self.server).call(action, ProductKey=self.product_key, **parameters).body
        assert body["success"], body
        data: dict[str, str] = body.get("data", {})
        return data

    def poll(self, name: str, certificate: Pair | None = None, **headers: str) -> int:
        """The status of a device's poll through nginx."""
        context = ssl.create_default_context(cafile=str(self.factory.file))
        if certificate is not None:
            context.load_cert_chain(*certificate)
        connection = http.client.HTTPSConnection("localhost", self.https_port, timeout=20, context=context)
        try:
            given = {header.replace("_", "-"): value for header, value in headers.items()}
            connection.request("GET", f"/{self.product_key}/controller/v1/{name}", headers=given)
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    server = WhimbrelServer(folder / "var", "--trusted-proxies", "127.0.0.1/32")
    factory, stranger = Authority(folder, "factory-ca"), Authority(folder, "other-ca")
    port = free_port()
    (folder / "nginx.conf").write_text(_configuration(folder, factory, server, port))
    nginx: subprocess.Popen[bytes] | None = None
    try:
        server.start()
        product_key = str(
            SignedClient(server).call("CreateProduct", ProductName="gate", NodeType="0").body["productKey"]
        )
        found = Site(server, port, product_key, factory, stranger)
        for name in ("gate-0001", "gate-0002"):
            found.call("RegisterDevice", DeviceName=name)
        found.call("XUpdateProductDdi", Authorities="factory-ca")
        with (folder / "nginx.stderr").open("wb") as log:
            nginx = subprocess.Popen([NGINX, "-c", folder / "nginx.conf", "-p", folder], stderr=log)
        _wait_for(port, nginx, folder / "nginx.stderr")
        yield found
    finally:
        if nginx is not None:
            nginx.terminate()
            nginx.wait()
        server.end()


def _configuration(folder: Path, factory: Authority, server: WhimbrelServer, port: int) -> str:
    (block,) = _BLOCK.findall(PAGE.read_text("utf-8"))
    own = factory.issue("localhost")
    for text, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/whimbrel/chain.pem", str(own.chain)),
        ("/etc/whimbrel/key.pem", str(own.key)),
        ("/etc/whimbrel/factory-ca.pem", str(factory.file)),
        ("http://127.0.0.1:8686", f"http://{server.endpoint}"),
    ):
        assert block.count(text) == 1, f"the page's nginx block has {text} once"
        block = block.replace(text, here)
    return _FRAME.format(folder=folder, block=block)


def _wait_for(port: int, nginx: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.connect()
            connection.close()
            return
        except OSError:
            assert nginx.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"nginx does not listen within {START_WITHIN_S} s"
            time.sleep(0.05)


def test_a_device_with_its_certificate(site: Site) -> None:
    """It is let in as the device that its certificate names, and as no other."""
    certificate = site.factory.issue("gate-0001")
    assert site.poll("gate-0001", certificate) == 200
    assert site.poll("gate-0002", certificate) == 401
    assert site.poll("gate-0404", certificate) == 401


def test_A15_nobody_names_an_authority_for_himself(site: Site) -> None:
    """Headers that a device sends itself do not come through, in either form, with a certificate or without."""
    forged = {"x_controller_id": "gate-0001", "x_authority": "factory-ca"}
    numbered = {"x_controller_id": "gate-0001", "x_authority_0": "factory-ca", "x_authority_1": "factory-ca"}
    another = site.factory.issue("gate-0002")
    for headers in (forged, numbered, forged | numbered):
        assert site.poll("gate-0001", None, **headers) == 401
        assert site.poll("gate-0001", another, **headers) == 401
    site.call("XUpdateProductDdi", Authorities="factory-two")
    try:
        trusted = {"x_authority": "factory-two", "x_authority_0": "factory-two", "x_authority_1": "factory-two"}
        assert site.poll("gate-0002", another, **trusted) == 401
    finally:
        site.call("XUpdateProductDdi", Authorities="factory-ca")
    assert site.poll("gate-0002", another) == 200


def test_a_certificate_of_another_authority(site: Site) -> None:
    """nginx itself refuses what it cannot verify."""
    assert site.poll("gate-0001", site.stranger.issue("gate-0001")) in (400, 401)


def test_a_device_with_a_token_comes_the_same_way(site: Site) -> None:
    """Without a certificate its token is what counts; with one that is another's, the token still does."""
    token = site.call("XRotateDeviceToken", DeviceName="gate-0001")["deviceToken"]
    assert site.poll("gate-0001", authorization=f"TargetToken {token}") == 200
    assert site.poll("gate-0001", site.factory.issue("gate-0002"), authorization=f"TargetToken {token}") == 200
    assert site.poll("gate-0002", authorization=f"TargetToken {token}") == 401
    assert site.poll("gate-0001") == 401
