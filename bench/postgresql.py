"""The same measurements on a private PostgreSQL, filled with the same million."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from bench.calls import Store, calls
from bench.list_firmware import Effort
from bench.million import fill_postgresql
from bench.pages import pages
from bench.searches import searches
from bench.servers import root_key, whimbrel
from bench.table import Row
from tests.postgresql import PostgresqlServer, server_programs

COMMIT = "INSERT INTO bench_commit VALUES (1);\n"


def on_postgresql(effort: Effort) -> list[Row]:
    """With fsync, as an operator runs it; the server's data is removed afterwards."""
    server_of_database = PostgresqlServer(fsync=True)
    try:
        url = server_of_database.empty_database()
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "data"
            with whimbrel(data, url):
                pass  # a first start makes the schema, the account and its root key
            fill_postgresql(url, data)
            with whimbrel(data, url) as server:
                store = Store("PostgreSQL", server, root_key(data), lambda: _commits(url))
                rows = pages(server, store.key, store.name) + searches(server, store.key, store.name)
                return rows + calls(store, effort)
    finally:
        server_of_database.end()


def _commits(url: str) -> float:
    """Commits a second of one row each, by as many connections as the server's load has."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(COMMIT)
        script.flush()
        psql, pgbench = (str(server_programs() / name) for name in ("psql", "pgbench"))
        made = "CREATE TABLE IF NOT EXISTS bench_commit (x BIGINT)"
        subprocess.run([psql, "-qd", url, "-c", made], check=True, capture_output=True)  # noqa: S603  ours
        command = [pgbench, "-n", "-c", "16", "-j", "1", "-T", "2", "-f", script.name, url]
        begun = time.perf_counter()
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  ours
    line = next((line for line in printed.splitlines() if line.startswith("tps")), None)
    assert line is not None, f"pgbench said no rate after {time.perf_counter() - begun:.0f} s"
    return float(line.split()[2])
