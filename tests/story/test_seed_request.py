"""The request that Whimbrel began with: a GET of ListOTAFirmware without Version, Format or SignatureVersion."""

import base64
import hashlib
import hmac
import http.client
import json
import re
import time
import uuid
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from tests.story.sdk_processes import BackEnd, DriverProcess
from tests.story.servers import AccessKey, WhimbrelServer
from tests.story.steps import OPENSBI, SEABIOS, Product, create_product, digest, upload

ENVELOPE_KEYS = {
    "code", "requestId", "success", "total", "pageCount", "pageSize", "currentPage", "firmwareInfo",
}  # fmt: skip
ROW_TYPES = {
    "firmwareId": str, "firmwareName": str, "firmwareDesc": str, "firmwareSign": str, "signMethod": str,
    "firmwareSize": int, "destVersion": str, "srcVersion": str, "moduleName": str, "productKey": str,
    "productName": str, "status": int, "type": int, "utcCreate": str, "utcModified": str,
}  # fmt: skip
LOWER_CASE_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
UTC_MILLISECONDS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


def sign(parameters: dict[str, str], secret: str) -> str:
    """Signature 1.0 of a GET (api-contract 3.1), written from the contract alone."""
    canonical = "&".join(f"{quote(name, safe='~')}={quote(parameters[name], safe='~')}" for name in sorted(parameters))
    text = f"GET&%2F&{quote(canonical, safe='~')}"
    mac = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(mac.digest()).decode()


class Answer(NamedTuple):
    """What came back over the wire."""

    status: int
    content_type: str
    body: dict[str, Any]


def seed_list(server: WhimbrelServer, **parameters: str) -> Answer:
    """The answer to the seed's request with these parameters, signed with the root AccessKey."""
    return send(server, server.access_key, parameters)


def send(server: WhimbrelServer, key: AccessKey, parameters: dict[str, str]) -> Answer:
    """Send the seed's request with nothing around it but the headers HTTP demands."""
    sent = {
        "Action": "ListOTAFirmware",
        "AccessKeyId": key.key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "CurrentPage": "1",
        "PageSize": "10",
        **parameters,
    }
    sent["Signature"] = sign(sent, key.secret)
    query = "&".join(f"{name}={quote(value, safe='~')}" for name, value in sent.items())
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=30)
    try:
        connection.request("GET", f"/?{query}")
        response = connection.getresponse()
        return Answer(response.status, response.headers["Content-Type"], json.loads(response.read()))
    finally:
        connection.close()


def rows(answer: Answer) -> list[dict[str, Any]]:
    """The firmware rows of an answer that must be a success."""
    assert answer.status == 200, answer
    assert answer.body["success"] is True
    listed: list[dict[str, Any]] = answer.body["firmwareInfo"]["simpleFirmwareInfo"]
    return listed


def create_versions(back_end: BackEnd, uploader: DriverProcess, product: Product, *versions: str) -> list[str]:
    """A firmware of each version, in this order; their ids."""
    return [
        back_end.succeed(
            "CreateOTAFirmware",
            FirmwareName=f"{product.name}-{version.replace('.', '_')}",
            ProductKey=product.key,
            DestVersion=version,
            FirmwareUrl=upload(back_end, uploader, SEABIOS / "bios.bin"),
        )["Data"]["FirmwareId"]
        for version in versions
    ]


@pytest.fixture
def classic(open_back_end: Any) -> BackEnd:
    """The back end that fills the server; what the seed's request reads is another dialect of the same rows."""
    back_end: BackEnd = open_back_end("classic")
    return back_end


def test_signature_of_the_contract() -> None:
    """This file signs as vector A of api-contract 3.5 demands, so that a refusal is the server's."""
    parameters = {
        "Action": "ListOTAFirmware",
        "AccessKeyId": "testAccessKeyId",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "9e6189124f5a4716ad2de849467b0001",
        "Timestamp": "2024-11-19T09:47:43Z",
        "CurrentPage": "1",
        "PageSize": "10",
        "ProductKey": "k1nhvyl0001",
        "DestVersion": "1.0.0",
    }
    assert sign(parameters, "testAccessKeySecret") == "bGyBn27SVWvJ+tTqbloaAqa0hj8="


def test_empty_list(server: WhimbrelServer, classic: BackEnd) -> None:
    """A product without firmware answers with every key of the envelope and an empty list."""
    product = create_product(classic)
    answer = seed_list(server, ProductKey=product.key, DestVersion="1.0.0")
    assert answer.status == 200
    assert answer.content_type.replace(" ", "").lower() == "application/json;charset=utf-8"
    request_id = answer.body.pop("requestId")
    assert LOWER_CASE_UUID.fullmatch(request_id)
    assert answer.body == {
        "code": "",
        "success": True,
        "total": 0,
        "pageCount": 0,
        "pageSize": 10,
        "currentPage": 1,
        "firmwareInfo": {"simpleFirmwareInfo": []},
    }


def test_filled_list(server: WhimbrelServer, classic: BackEnd, uploader: DriverProcess) -> None:
    """A firmware appears with exactly the keys, types and values of api-contract 1.8 and 8.5."""
    product = create_product(classic)
    file = OPENSBI / "fw_jump.elf"
    created = classic.succeed(
        "CreateOTAFirmware",
        FirmwareName=f"{product.name}-fw",
        FirmwareDesc='传感器 "1" & <2>',
        ProductKey=product.key,
        DestVersion="1.0.0",
        FirmwareUrl=upload(classic, uploader, file),
    )["Data"]
    answer = seed_list(server, ProductKey=product.key, DestVersion="1.0.0")
    assert answer.body.keys() == ENVELOPE_KEYS
    paging = [answer.body[name] for name in ("code", "total", "pageCount", "pageSize", "currentPage")]
    assert paging == ["", 1, 1, 10, 1]
    [row] = rows(answer)
    assert {name: type(value) for name, value in row.items()} == ROW_TYPES
    modified = row.pop("utcModified")
    assert UTC_MILLISECONDS.fullmatch(modified)
    assert modified >= row["utcCreate"]
    assert row == {
        "firmwareId": created["FirmwareId"],
        "firmwareName": f"{product.name}-fw",
        "firmwareDesc": '传感器 "1" & <2>',
        "firmwareSign": digest(file, "md5"),
        "signMethod": "MD5",
        "firmwareSize": file.stat().st_size,
        "destVersion": "1.0.0",
        "srcVersion": "",
        "moduleName": "default",
        "productKey": product.key,
        "productName": product.name,
        "status": 0,
        "type": 0,
        "utcCreate": created["UtcCreate"],
    }
    assert UTC_MILLISECONDS.fullmatch(row["utcCreate"])


def test_filters_are_exact(server: WhimbrelServer, classic: BackEnd, uploader: DriverProcess) -> None:
    """ProductKey and DestVersion select equal values only: no prefix, no other case, no other product."""
    lamp, plug = create_product(classic), create_product(classic)
    lamp_ids = create_versions(classic, uploader, lamp, "1.0.0", "1.0.0.1", "1.0.0-a")
    plug_ids = create_versions(classic, uploader, plug, "1.0.0")

    def ids(**parameters: str) -> list[str]:
        return [row["firmwareId"] for row in rows(seed_list(server, **parameters))]

    assert ids(ProductKey=lamp.key, DestVersion="1.0.0") == [lamp_ids[0]]
    assert ids(ProductKey=lamp.key, DestVersion="1.0.0-a") == [lamp_ids[2]]
    assert ids(ProductKey=lamp.key, DestVersion="1.0.0-A") == []
    assert ids(ProductKey=lamp.key, DestVersion="1.0") == []
    assert ids(ProductKey=lamp.key, DestVersion="1.0._") == []
    assert ids(ProductKey=lamp.key) == lamp_ids[::-1]
    assert ids(ProductKey=plug.key) == plug_ids
    assert set(ids(DestVersion="1.0.0")) >= {lamp_ids[0], plug_ids[0]}


def test_pages(server: WhimbrelServer, classic: BackEnd, uploader: DriverProcess) -> None:
    """Newest first, pages of PageSize, and a page beyond the end is an empty success (api-contract 1.5)."""
    product = create_product(classic)
    newest_first = create_versions(classic, uploader, product, "1.0.0", "1.0.1", "1.0.2")[::-1]
    pages = [seed_list(server, ProductKey=product.key, PageSize="2", CurrentPage=page) for page in ("1", "2", "3")]
    assert [[row["firmwareId"] for row in rows(page)] for page in pages] == [newest_first[:2], newest_first[2:], []]
    for number, page in enumerate(pages, start=1):
        paging = [page.body[name] for name in ("total", "pageCount", "pageSize", "currentPage")]
        assert paging == [3, 2, 2, number]


@pytest.mark.parametrize("page_size", ["0", "101"])
def test_page_size_out_of_range(page_size: str, server: WhimbrelServer) -> None:
    """PageSize 0 and 101 are business failures in the seed's dialect: HTTP 200, success false, an errorMessage."""
    answer = seed_list(server, PageSize=page_size)
    assert answer.status == 200
    assert answer.body.keys() == {"code", "errorMessage", "requestId", "success"}
    assert answer.body["code"] == "iot.common.InvalidPageParams"
    assert answer.body["success"] is False


@pytest.mark.parametrize("page_size", ["1", "100"])
def test_page_size_at_the_limits(page_size: str, server: WhimbrelServer) -> None:
    """PageSize 1 and 100 are allowed, and echoed as integers."""
    assert seed_list(server, PageSize=page_size).body["pageSize"] == int(page_size)


def test_wrong_secret(server: WhimbrelServer) -> None:
    """A gateway failure in the seed's dialect reads like a business failure too (api-contract 5.1)."""
    answer = send(server, server.access_key._replace(secret="wrong"), {})
    assert answer.status == 400
    assert answer.body["code"] == "SignatureDoesNotMatch"
    assert answer.body["success"] is False
    assert answer.body["errorMessage"] == answer.body["message"]
