"""From the start of the process to the first answer on /healthz, beside the mere import of the dependencies."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.servers import whimbrel
from bench.table import Row, series, shares

START_SECONDS_MAX = 1.5
#: What a serving process has imported of other people's work when it answers.
DEPENDENCIES = (
    "apsw",
    "click",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cryptography.hazmat.primitives.kdf.hkdf",
    "httptools",
    "msgspec",
    "prometheus_client",
    "python_multipart",
    "uvicorn",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
)


def start(data: Path, rounds: int) -> list[Row]:
    """A first start on an empty folder, a start on the given one, and an interpreter that only imports, in turns."""
    imports, firsts, laters = [], [], []
    for _ in range(rounds):
        imports.append(_import_seconds())
        with tempfile.TemporaryDirectory() as folder, whimbrel(Path(folder) / "data") as server:
            firsts.append(server.started_seconds)
        with whimbrel(data) as server:
            laters.append(server.started_seconds)
    limit = series(imports, 2)
    found = {"empty folder": series(firsts, 2), "1,000,000 firmware": series(laters, 2)}
    return [
        Row(
            what=f"start to /healthz, {what}",
            unit="s",
            measured=measured,
            limit=limit,
            limit_is="import the dependencies",
            share=shares(limit, measured),
            budget=f"≤ {START_SECONDS_MAX} s",
            is_kept=measured.median <= START_SECONDS_MAX,
        )
        for what, measured in found.items()
    ]


def _import_seconds() -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {', '.join(DEPENDENCIES)}"], check=True)  # noqa: S603  ours
    return time.perf_counter() - begun
