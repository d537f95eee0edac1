"""An export on disk: JSON lines, firmware under its SHA-256, and a manifest that is written last.

    FOLDER/manifest.json        what the folder holds, with the SHA-256 and the number of lines of each file below
           products.jsonl  modules.jsonl  firmware.jsonl  groups.jsonl  members.jsonl
           devices/PRODUCTKEY.jsonl
           files/SHA256         the bytes of firmware, which firmware.jsonl names

A folder without a manifest is no export: whoever was interrupted left none (ADR 0064). All files are 0600.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import click
import msgspec

from whimbrel.cli.migration.records import (
    DeviceRecord,
    FirmwareRecord,
    GroupRecord,
    MemberRecord,
    ModuleRecord,
    ProductRecord,
)

FORMAT, FORMAT_VERSION = "whimbrel-export", 1
MANIFEST, UNFINISHED = "manifest.json", "unfinished"
PRODUCTS, MODULES, FIRMWARE = "products.jsonl", "modules.jsonl", "firmware.jsonl"
GROUPS, MEMBERS, FILES = "groups.jsonl", "members.jsonl", "files"
LINE_BYTES_MAX = 65_536  # a device with a hundred of the longest tags has some 40 KiB
_LISTED = re.compile(r"(products|modules|firmware|groups|members)\.jsonl|devices/[A-Za-z0-9]{1,30}\.jsonl")

Record = ProductRecord | ModuleRecord | DeviceRecord | FirmwareRecord | GroupRecord | MemberRecord

R = TypeVar("R", bound=Record)


class ListedFile(msgspec.Struct, frozen=True, rename="camel"):
    """A file of lines as the manifest names it."""

    sha256: str
    lines: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`files` are those of lines; those of firmware are named by their own digests."""

    format: str
    version: int
    has_secrets: bool
    files: dict[str, ListedFile]


def devices_file(product_key: str) -> str:
    """Where a product's devices stand."""
    return f"devices/{product_key}.jsonl"


class Lines:
    """A file of lines that is being written; it counts and hashes them."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._file = open_private(path)
        self._digest = hashlib.sha256()
        self._lines = 0

    def write(self, record: Record) -> None:
        line = msgspec.json.encode(record) + b"\n"
        self._digest.update(line)
        self._lines += 1
        self._file.write(line)

    def close(self) -> ListedFile:
        """To disk, and what the manifest says of it."""
        sync(self._file)
        self._file.close()
        return ListedFile(self._digest.hexdigest(), self._lines)


def open_private(path: Path) -> BinaryIO:
    """A new file that its owner alone may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """The file has this content or the old one, whenever this is interrupted."""
    beside = path.with_name(f"{path.name}.new")
    with open_private(beside) as file:
        file.write(content)
        sync(file)
    beside.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_manifest(folder: Path) -> Manifest:
    """Raises click.ClickException, also when a file of lines is not what the manifest says."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except OSError as error:
        raise click.ClickException(
            f"{folder} is no finished export: {MANIFEST} cannot be read ({error.strerror})"
        ) from None
    except msgspec.DecodeError as error:
        raise click.ClickException(f"{folder / MANIFEST} is damaged: {error}") from None
    if (manifest.format, manifest.version) != (FORMAT, FORMAT_VERSION):
        raise click.ClickException(f"{folder} has another format; this program reads {FORMAT} {FORMAT_VERSION}")
    for name in (PRODUCTS, MODULES, FIRMWARE, GROUPS, MEMBERS):
        if name not in manifest.files:
            raise click.ClickException(f"{folder / MANIFEST} is damaged: it does not name {name}")
    for name, listed in manifest.files.items():
        if _LISTED.fullmatch(name) is None:
            raise click.ClickException(f"{folder / MANIFEST} is damaged: it names {name}")
        if _digest(folder / name) != listed.sha256:
            raise click.ClickException(f"{folder / name} is not what was exported: its SHA-256 is another")
    return manifest


def read_lines(path: Path, kind: type[R], offset: int = 0) -> Iterator[tuple[R, int]]:
    """The records from an offset on, each with the offset behind it. Raises click.ClickException."""
    decoder = msgspec.json.Decoder(kind)
    with path.open("rb") as file:
        file.seek(offset)
        while line := file.readline(LINE_BYTES_MAX + 1):
            try:
                yield decoder.decode(line), file.tell()
            except msgspec.DecodeError as error:
                raise click.ClickException(f"{path}: a line is damaged: {error}") from None


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read ({error.strerror})") from None
