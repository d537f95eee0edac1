"""What Zephyr's hawkBit client can read: its fixed buffers and strict types (ddi-protocol 1 and 13).

Every answer in the tests of this folder goes through here, so a body that a real client chokes on fails the test that
brought it forth.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

SLEEP = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
ACTION_CHARS_MAX = 50  # what it keeps behind deploymentBase/ and cancelAction/, its end included
DOWNLOAD_CHARS_MAX = 200  # of a download's path from /DEFAULT on
BODY_BYTES_MAX = 2_200  # 1100, doubled once
INT32_MAX = 2**31 - 1
HANDLINGS = {"skip", "attempt", "forced"}


def accept(status: int, headers: dict[str, str], body: bytes) -> None:
    """Raises AssertionError for an answer that the client would not understand."""
    assert "transfer-encoding" not in headers, "it counts bytes"
    assert "content-encoding" not in headers
    if status == 304:
        return
    assert int(headers["content-length"]) == len(body), "it compares the bytes with Content-Length"
    if status != 200 or "json" not in headers.get("content-type", ""):
        return
    content = json.loads(body)
    if isinstance(content, dict):
        _accept_poll(content)
        _accept_cancel(content)
        _accept_deployment(content, body)


def _accept_poll(content: dict[str, Any]) -> None:
    if "config" not in content:
        return
    sleep = content["config"]["polling"]["sleep"]
    assert SLEEP.fullmatch(sleep), sleep
    links = content.get("_links", {})
    assert len(links.keys() & {"confirmationBase", "cancelAction", "deploymentBase"}) <= 1
    for name, link in links.items():
        parts = urlsplit(link["href"])
        assert parts.scheme in ("http", "https")
        assert parts.netloc, "links are absolute"
        if name in ("deploymentBase", "cancelAction"):
            behind = link["href"].partition(f"/{name}/")[2]
            assert 0 < len(behind) < ACTION_CHARS_MAX, behind
        if name == "cancelAction":
            assert not parts.query, "/feedback is put behind it"


def _accept_cancel(content: dict[str, Any]) -> None:
    if "cancelAction" in content:
        _accept_id(content["id"])
        _accept_id(content["cancelAction"]["stopId"])


def _accept_deployment(content: dict[str, Any], body: bytes) -> None:
    deployment = content.get("deployment") or content.get("confirmation")
    if deployment is None or not isinstance(deployment, dict):
        return
    _accept_id(content["id"])
    assert deployment["download"] in HANDLINGS
    assert deployment["update"] in HANDLINGS
    [chunk] = deployment["chunks"]
    assert all(isinstance(chunk[member], str) for member in ("part", "version", "name"))
    for file in chunk["artifacts"]:
        _accept_file(file)
    if "metadata" not in chunk and "actionHistory" not in content and len(chunk["artifacts"]) == 1:
        assert len(body) <= BODY_BYTES_MAX, f"{len(body)} bytes are more than its buffer"


def _accept_file(file: dict[str, Any]) -> None:
    assert isinstance(file["filename"], str)
    assert isinstance(file["size"], int)
    assert not isinstance(file["size"], bool)
    for name, digits in (("sha1", 40), ("md5", 32), ("sha256", 64)):
        assert re.fullmatch(f"[0-9a-f]{{{digits}}}", file["hashes"][name]), name
    links = file["_links"]
    assert links.keys() >= {"download", "download-http", "md5sum", "md5sum-http"}
    path = urlsplit(links["download-http"]["href"]).path
    if "/DEFAULT/" in path:
        start = path.index("/DEFAULT/controller/v1")
        assert len(path) - start < DOWNLOAD_CHARS_MAX, path


def _accept_id(text: object) -> None:
    assert isinstance(text, str)
    assert re.fullmatch("[0-9]+", text), "ids are texts of digits"
    assert 0 < int(text) <= INT32_MAX
    assert int(text) % 10, "an id that ends in 0 cannot be cancelled by some releases"
