"""The built files as a browser gets them, and the page that stands in for them (A10, A30)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.console.rig import NOBODY, NONCE, Console
from whimbrel.console import built
from whimbrel.console.built import FILES_MAX, REASON_LENGTH_MAX, Built
from whimbrel.console.door import ConsoleDoor

INDEX = '<!doctype html><meta name="nonce" content="__CSP_NONCE__"><script type="module" src="./assets/a-1.js">'
BUILD = {
    "index.html": INDEX,
    "index.html.gz": "never sent: the page is another each time",
    "assets/a-1.js": "let a",
    "assets/a-1.js.gz": "as gzip",
    "assets/a-1.js.br": "as brotli",
    "assets/b-2.woff2": "a font",
    "icon.svg": "<svg/>",
    "odd": "of no known type",
}


@pytest.fixture
def pages(console: Console, tmp_path: Path) -> Console:
    """A console whose pages were built."""
    folder = tmp_path / "pages"
    for name, text in BUILD.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    console.door = ConsoleDoor(console.setup, folder)
    return console


async def test_the_page_bears_a_nonce_of_its_own(pages: Console) -> None:
    """The mark in the page is the nonce of its policy, and nothing keeps the page."""
    answer = await pages.get("/console/")
    assert answer.body.decode() == INDEX.replace("__CSP_NONCE__", NONCE)
    assert f"style-src 'self' 'nonce-{NONCE}'" in answer.headers[b"content-security-policy"].decode()
    assert (answer.status, answer.headers[b"cache-control"]) == (200, b"no-store")


@pytest.mark.parametrize(
    "path", ["/console", "/console/", "/console/assets/a-1.js", "/console/nothing", "/console/api/session"]
)
async def test_A10_what_every_answer_says(pages: Console, path: str) -> None:
    """No answer may be framed, sniffed, embedded, or run anything inline; a policy stands in each, once."""
    answer = await pages.get(path)
    policy = answer.headers[b"content-security-policy"].decode()
    assert policy.startswith("default-src 'none'; ")
    assert {"base-uri 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert "unsafe" not in policy
    assert "*" not in policy
    assert answer.headers[b"x-content-type-options"] == b"nosniff"
    assert answer.headers[b"cross-origin-resource-policy"] == b"same-origin"
    assert answer.headers[b"referrer-policy"] == b"no-referrer"
    assert answer.headers[b"strict-transport-security"].startswith(b"max-age=")
    plain = pages.setup._replace(server=pages.setup.server._replace(has_tls=False))
    pages.door = ConsoleDoor(plain)
    assert b"strict-transport-security" not in (await pages.get(path)).headers


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", "as brotli"),
        ("gzip", "gzip", "as gzip"),
        ("GZIP;q=0.5, br;q=0", "gzip", "as gzip"),
        ("br;q=0.000,gzip;q= 0", None, "let a"),
        ("", None, "let a"),
        ("identity", None, "let a"),
    ],
)
async def test_the_encoding_that_is_accepted(pages: Console, accepted: str, encoding: str | None, body: str) -> None:
    """Made by the build, never on the way; caches keep them apart."""
    answer = await pages.get("/console/assets/a-1.js", NOBODY, (b"accept-encoding", accepted.encode()))
    assert answer.body.decode() == body
    assert answer.headers.get(b"content-encoding") == (None if encoding is None else encoding.encode())
    assert answer.headers[b"vary"] == b"accept-encoding"
    assert answer.headers[b"content-type"] == b"text/javascript; charset=utf-8"
    assert b"immutable" in answer.headers[b"cache-control"]


async def test_what_may_change_is_asked_for_again(pages: Console) -> None:
    """Beside `assets/` a browser asks each time, and is told that nothing changed."""
    first = await pages.get("/console/icon.svg")
    assert (first.headers[b"cache-control"], first.headers[b"content-type"]) == (b"no-cache", b"image/svg+xml")
    again = await pages.get("/console/icon.svg", NOBODY, (b"if-none-match", first.headers[b"etag"]))
    assert (again.status, again.body) == (304, b"")
    other = await pages.get("/console/icon.svg", NOBODY, (b"if-none-match", b'"x"'))
    assert other.status == 200
    assert (await pages.get("/console/odd")).headers[b"content-type"] == b"application/octet-stream"


@pytest.mark.parametrize(
    "name",
    [
        "assets/../index.html", "../built.py", "..%2fbuilt.py", "assets/", "assets", "assets/a-1.js/", "index.html",
        "reason.txt", "assets/a-1.js.br", "/etc/passwd", "a\x00", "灯", "%",
    ],
)  # fmt: skip
async def test_A12_no_path_of_a_request_is_opened(pages: Console, name: str) -> None:
    """Only names of the table are served; all others are 404."""
    assert (await pages.get(f"/console/{name}")).status == 404


async def test_a_relative_way_to_the_page(pages: Console) -> None:
    """It holds behind any prefix that a proxy puts before."""
    answer = await pages.get("/console")
    assert (answer.status, answer.headers[b"location"]) == (307, b"console/")


class TestNotBuilt:
    async def test_the_page_says_what_to_do(self, console: Console) -> None:
        """Node, its version and the command; no script, and all else of the console answers."""
        answer = await console.get("/console/")
        text = answer.body.decode()
        assert answer.status == 200
        assert "Node 20.19" in text
        assert "make install" in text
        assert "<script" not in text
        assert re.search(f'<style nonce="{NONCE}">', text)
        assert (await console.get("/console/api/session")).status == 401

    def test_the_reason_of_the_build_is_text(self, tmp_path: Path) -> None:
        """Whatever a tool printed, nothing of it is markup, and it is cut off."""
        (tmp_path / "reason.txt").write_bytes(b"<script>alert(1)</script>{oops} \xff" + b"x" * REASON_LENGTH_MAX)
        body = Built(tmp_path).index("n").body.decode()
        assert "&lt;script&gt;alert(1)" in body
        assert "<script" not in body
        assert len(body) < REASON_LENGTH_MAX + 2_000

    def test_files_without_a_page_are_not_served(self, tmp_path: Path) -> None:
        """A build that broke off serves nothing of what it left."""
        (tmp_path / "icon.svg").write_text("<svg/>")
        assert Built(tmp_path).file("icon.svg", "", "") is None


def test_I17_a_folder_that_is_no_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many files are read into memory and no more: the start says that it is another folder."""
    assert FILES_MAX > 100
    monkeypatch.setattr(built, "FILES_MAX", 2)
    for number in range(2):
        (tmp_path / str(number)).touch()
    Built(tmp_path)
    (tmp_path / "2").touch()
    with pytest.raises(RuntimeError):
        Built(tmp_path)
