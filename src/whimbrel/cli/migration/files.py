"""The bytes of firmware on their way: from a local folder, or downloaded by the link that a source gave.

Invariant: a file is handed on only when its digest and size are those that the source told (A27, I11).
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from whimbrel.cli.api import open_connection
from whimbrel.cli.migration.records import FileRecord
from whimbrel.domain.form_upload import FILE_BYTES_MAX

BLOCK_BYTES = 262_144
DOWNLOAD_TRIES_MAX = 3
_FILE_NAME = re.compile(r'filename="([^"]{1,255})"')


class FileMissingError(Exception):
    """The file is nowhere; the text says why."""


class FoundFile(NamedTuple):
    """Bytes that are what was wanted. `name` has the suffix that tells their kind, where anything does."""

    path: Path
    name: str
    md5: str
    sha256: str
    size_bytes: int


class Files:
    """`folder`: where to look first, by digest, else by name; `work`: where downloads are put."""

    def __init__(self, work: Path, folder: Path | None = None, *, may_download: bool) -> None:
        self._work = work
        self._folder = folder
        self._may_download = may_download
        self._by_digest: dict[str, FoundFile] | None = None

    def find(self, wanted: FileRecord) -> FoundFile:
        """Raises FileMissingError."""
        found = self._in_folder(wanted)
        if found is not None:
            return found
        if not self._may_download:
            raise FileMissingError("no file of the folder has its digest")
        if not wanted.url:
            raise FileMissingError("the source gives no link to download it")
        for left in reversed(range(DOWNLOAD_TRIES_MAX)):
            try:
                return self._download(wanted)
            except (OSError, http.client.HTTPException) as error:
                if not left:
                    raise FileMissingError(f"its download failed ({error})") from None
        raise AssertionError("the last try returns or raises")

    def may_find(self, wanted: FileRecord) -> bool:
        """Whether there is a place to get it from; what is there is not looked at."""
        return self._in_folder(wanted) is not None or (self._may_download and bool(wanted.url))

    def discard(self, found: FoundFile) -> None:
        """A downloaded file is not needed any more; one of the folder stays."""
        if found.path.parent == self._work:
            found.path.unlink(missing_ok=True)

    def _in_folder(self, wanted: FileRecord) -> FoundFile | None:
        if self._folder is None:
            return None
        if self._by_digest is None:
            self._by_digest = {}
            for path in sorted(self._folder.rglob("*")):
                if path.is_file():
                    found = measure(path)
                    self._by_digest |= {found.md5: found, found.sha256: found, found.name: found}
        for key in (wanted.sha256, wanted.md5) if wanted.sha256 or wanted.md5 else (wanted.name,):
            found_ = self._by_digest.get(key) if key else None
            if found_ is not None and difference(wanted, found_) is None:
                return found_
        return None

    def _download(self, wanted: FileRecord) -> FoundFile:
        path = self._work / "download.part"
        limit_bytes = FILE_BYTES_MAX if wanted.size_bytes is None else wanted.size_bytes
        parts = urlsplit(wanted.url)
        try:
            connection = open_connection(wanted.url)
        except click.UsageError:
            raise FileMissingError("its link is no http(s) URL") from None
        with closing(connection):
            connection.request("GET", f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}")
            response = connection.getresponse()
            if response.status != 200:
                raise FileMissingError(f"its link answers HTTP {response.status}")
            named = _FILE_NAME.search(response.getheader("Content-Disposition") or "")
            with path.open("wb") as file:
                for block in _blocks(response):
                    limit_bytes -= len(block)
                    if limit_bytes < 0:
                        raise FileMissingError("its link gives more bytes than the file has")
                    file.write(block)
        found = measure(path)._replace(name=named[1] if named else wanted.suffix)
        wrong = difference(wanted, found)
        if wrong is not None:
            path.unlink()
            raise FileMissingError(f"its link gives other bytes: {wrong}")
        return found


def measure(path: Path) -> FoundFile:
    """The file with its digests. Raises OSError."""
    md5, sha256, size_bytes = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            md5.update(block)
            sha256.update(block)
            size_bytes += len(block)
    return FoundFile(path, path.name, md5.hexdigest(), sha256.hexdigest(), size_bytes)


def difference(wanted: FileRecord, found: FoundFile) -> str | None:
    """What of the bytes is not as the source told; None when all is."""
    if wanted.size_bytes is not None and wanted.size_bytes != found.size_bytes:
        return f"{found.size_bytes} bytes instead of {wanted.size_bytes}"
    if wanted.sha256 and wanted.sha256 != found.sha256:
        return f"the SHA-256 {found.sha256} instead of {wanted.sha256}"
    if wanted.md5 and wanted.md5 != found.md5:
        return f"the MD5 {found.md5} instead of {wanted.md5}"
    return None


def _blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while block := response.read(BLOCK_BYTES):
        yield block


@contextlib.contextmanager
def fetched(files: Files, wanted: tuple[FileRecord, ...]) -> Iterator[list[FoundFile]]:
    """All files of one firmware, each under a name of its own until they are not needed. Raises FileMissingError."""
    found: list[FoundFile] = []
    try:
        for number, file in enumerate(wanted):
            one = files.find(file)
            if one.path.name == "download.part":
                one = one._replace(path=one.path.rename(one.path.with_name(f"download.{number}")))
            found.append(one)
        yield found
    finally:
        for one in found:
            files.discard(one)
