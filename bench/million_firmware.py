"""A data folder with a million firmware, filled once and kept in the system's temporary folder for the next run."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import apsw

from bench.servers import whimbrel
from whimbrel.adapters.store.migrate_sqlite import migrations

FILL = Path(__file__).with_suffix(".sql")
_SORTING_KIB = 1_000_000  # indexes are filled in memory; with less the fill takes minutes


class Scale(NamedTuple):
    """Every product has firmware for each version."""

    products: int
    versions: int

    @property
    def firmware(self) -> int:
        return self.products * self.versions


MILLION = Scale(1_000, 1_000)


def data_folder(scale: Scale = MILLION) -> Path:
    """A data folder on which servers can be started, its nonces forgotten. Takes half a minute the first time.

    Only the newest is kept; it is filled again when the schema or the rows have changed.
    """
    home = _own_folder()
    folder = home / f"{scale.firmware}-firmware-{_fingerprint(scale)}"
    if not folder.exists():
        for older in home.iterdir():
            shutil.rmtree(older)
        unfinished = Path(tempfile.mkdtemp(dir=home))
        with whimbrel(unfinished):
            pass  # a first start makes the schema, the account and its root key
        fill(unfinished / "whimbrel.db", scale, time.time_ns() // 1_000_000)
        unfinished.rename(folder)
    for nonces in folder.glob("nonces.db*"):
        nonces.unlink()
    return folder


def fill(database: Path, scale: Scale, now_ms: int) -> None:
    """Put products and firmware into a database that has the schema and one account."""
    connection = apsw.Connection(str(database))
    # A power cut costs no more than another fill.
    connection.execute(f"PRAGMA synchronous=OFF; PRAGMA cache_size=-{_SORTING_KIB}; PRAGMA wal_autocheckpoint=0")
    connection.execute(FILL.read_text("utf-8"), {**scale._asdict(), "now_ms": now_ms})
    connection.close()


def product_key(number: int) -> str:
    """The key of a product, which are numbered from 1."""
    return f"k{number:010d}"


def _own_folder() -> Path:
    home = Path(tempfile.gettempdir()) / f"whimbrel-bench-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.getuid():
        raise SystemExit(f"{home} belongs to somebody else; remove it or set TMPDIR")
    return home


def _fingerprint(scale: Scale) -> str:
    parts = (FILL.read_text("utf-8"), repr(scale), *(migration.sha256 for migration in migrations()))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
