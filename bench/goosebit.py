"""Starts the Python peer, goosebit, privately on loopback: its set-up as its own guide has it, and devices to poll as.

The devices have told their attributes, and one rollout offers each of them a software, so that every poll is answered
with a `deploymentBase`. Its two tables of logs are silenced: a server under load would not print a line a poll.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from bench.servers import Server, answers, free_port, running

BENCH_BIN = Path(__file__).parent.parent / ".venv-bench" / "bin"
STARLETTE_ROUTE = Path(__file__).with_name("starlette_route.py")
TENANT = "DEFAULT"
#: goosebit's enums: the state of a device that has sent its attributes, and the mode that follows rollouts.
_REGISTERED, _FOLLOWS_ROLLOUTS = 2, 3
_SETTINGS = """
poll_time: "00:05:00"
tenant: {tenant}
db_uri: sqlite://{folder}/db.sqlite3
artifacts_dir: {folder}/artifacts
logging: {{version: 1, root: {{level: ERROR}}}}
"""
_MIGRATIONS = """
[tool.aerich]
tortoise_orm = "goosebit.db.config.TORTOISE_CONF"
location = "{package}/db/migrations"
src_folder = "./."
"""


@contextmanager
def goosebit(folder: Path, devices: list[str]) -> Iterator[Server]:
    """A server of its own in the folder, which knows the devices."""
    package = next(BENCH_BIN.parent.glob("lib/python3*/site-packages/goosebit"))
    (folder / "goosebit.yaml").write_text(_SETTINGS.format(folder=folder, tenant=TENANT))
    (folder / "pyproject.toml").write_text(_MIGRATIONS.format(package=package))
    environment = {**os.environ, "GOOSEBIT_SETTINGS": str(folder / "goosebit.yaml")}
    subprocess.run(  # noqa: S603  a program of .venv-bench
        [BENCH_BIN / "aerich", "upgrade"], check=True, cwd=folder, env=environment, capture_output=True
    )
    _fill(folder / "db.sqlite3", devices)
    port = free_port()
    command = [str(BENCH_BIN / "uvicorn"), "goosebit:app", "--port", str(port), "--no-access-log"]
    command += ["--log-level", "error"]
    poll = f"/{TENANT}/controller/v1/{devices[0]}"
    with running(command, port, lambda port: answers(port, poll), environment) as server:
        yield server


@contextmanager
def starlette_route() -> Iterator[Server]:
    """The bare route, on the same uvicorn."""
    port = free_port()
    with running([str(BENCH_BIN / "python"), str(STARLETTE_ROUTE), str(port)], port) as server:
        yield server


def _fill(database: Path, devices: list[str]) -> None:
    connection = apsw.Connection(str(database))
    with connection:
        connection.execute("INSERT INTO hardware (id, model, revision) VALUES (1, 'default', 'default')")
        connection.execute(
            "INSERT INTO software (id, uri, size, hash, version) VALUES (1, 'file:///fw.swu', 1000, ?, '2.0.0')",
            ("a" * 40,),
        )
        connection.execute("INSERT INTO software_compatibility (software_id, hardware_id) VALUES (1, 1)")
        connection.execute("INSERT INTO rollout (name, feed, software_id) VALUES ('r', 'default', 1)")
        connection.executemany(
            "INSERT INTO device (id, hardware_id, sw_version, update_mode, last_state) VALUES (?, 1, '1.0.0', ?, ?)",
            [(name, _FOLLOWS_ROLLOUTS, _REGISTERED) for name in devices],
        )
    connection.close()
