"""The files that the build of the console left: read once, named by a table, so that no path of a request is opened."""

from __future__ import annotations

import base64
import hashlib
import html
from pathlib import Path
from typing import NamedTuple

from whimbrel.asgi import Answer, Headers
from whimbrel.console.headers import page_policy

INDEX, REASON = "index.html", "reason.txt"
NONCE_MARK = b"__CSP_NONCE__"
REASON_LENGTH_MAX = 4_000
FILES_MAX = 2_000
_ENCODINGS = ((".br", "br"), (".gz", "gzip"))  # the better one first
_IMMUTABLE = b"public, max-age=31536000, immutable"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Whimbrel</title><style nonce="__CSP_NONCE__">body{{font:1rem/1.5 sans-serif;margin:3rem auto;max-width:40rem;
padding:0 1rem}}pre{{white-space:pre-wrap;overflow-wrap:anywhere}}</style></head><body><main>
<h1>The console was not built</h1>
<p>The server runs: its management API, its downloads and its devices need nothing more. Only these pages are
missing.</p>
<p>Install Node 20.19 or newer with npm, run <code>make install</code> again, and start the server again.</p>
{reason}</main></body></html>
"""


class _File(NamedTuple):
    """`tag` is its ETag."""

    content: bytes
    compressed: tuple[tuple[str, bytes], ...]
    content_type: bytes
    tag: str


class Built:
    """The files of one build, or their absence."""

    def __init__(self, folder: Path) -> None:
        files = _read(folder)
        index = files.pop(INDEX, None)
        reason = files.pop(REASON, None)
        self.is_there = index is not None
        self._index = _not_built(reason) if index is None else index.content
        self._files = files if self.is_there else {}

    def index(self, nonce: str) -> Answer:
        """The page, with this nonce for the style sheets that it brings and makes."""
        body = self._index.replace(NONCE_MARK, nonce.encode())
        headers = _headers(_TYPES[".html"].encode(), body, b"no-store")
        return Answer(200, [*headers, page_policy(nonce)], body)

    def file(self, name: str, accepted: str, known_tag: str) -> Answer | None:
        """A file beside the page, None when there is none. `accepted` is Accept-Encoding, `known_tag` If-None-Match."""
        file = self._files.get(name)
        if file is None:
            return None
        is_immutable = name.startswith("assets/")  # whose names change with what is in them
        encoding, content = _best(file, accepted)
        tag = f'"{file.tag}-{encoding or "plain"}"'
        headers = _headers(file.content_type, content, _IMMUTABLE if is_immutable else b"no-cache")
        headers += [(b"etag", tag.encode()), (b"vary", b"accept-encoding"), page_policy()]
        if encoding:
            headers.append((b"content-encoding", encoding.encode()))
        if known_tag == tag:
            kept = [pair for pair in headers if pair[0] not in (b"content-length", b"content-type")]
            return Answer(304, kept)
        return Answer(200, headers, content)


def _headers(content_type: bytes, content: bytes, caching: bytes) -> Headers:
    length = (b"content-length", b"%d" % len(content))
    return [(b"content-type", content_type), length, (b"cache-control", caching)]


def _best(file: _File, accepted: str) -> tuple[str, bytes]:
    """The encoding, empty for none, and the bytes."""
    wanted = _accepted(accepted)
    return next(((name, content) for name, content in file.compressed if name in wanted), ("", file.content))


def _accepted(text: str) -> frozenset[str]:
    """The encodings that an Accept-Encoding names and does not refuse (RFC 9110, 12.5.3)."""
    found = set()
    for item in text.split(","):
        name, _, weight = item.partition(";")
        refused = weight.replace(" ", "").rstrip("0") in ("q=", "q=0.")
        if not refused:
            found.add(name.strip().lower())
    return frozenset(found)


def _read(folder: Path) -> dict[str, _File]:
    if not folder.is_dir():
        return {}
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(paths) > FILES_MAX:
        raise RuntimeError(f"{folder} has {len(paths)} files; a build has at most {FILES_MAX}")
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    plain = {name for name in contents if not name.endswith((".br", ".gz"))}
    return {name: _file(name, contents) for name in plain}


def _file(name: str, contents: dict[str, bytes]) -> _File:
    content = contents[name]
    compressed = tuple((encoding, contents[name + end]) for end, encoding in _ENCODINGS if name + end in contents)
    tag = base64.urlsafe_b64encode(hashlib.sha256(content).digest()[:12]).decode()
    content_type = _TYPES.get(Path(name).suffix, "application/octet-stream")
    return _File(content, compressed, content_type.encode(), tag)


def _not_built(reason: _File | None) -> bytes:
    text = "" if reason is None else reason.content.decode(errors="replace").strip()[:REASON_LENGTH_MAX]
    shown = f"<p>What the build said:</p><pre>{html.escape(text)}</pre>" if text else ""
    return _NOT_BUILT.format(reason=shown).encode()
