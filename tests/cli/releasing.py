"""What the tests of `whimbrel release` share: files, fleets, and the lines that a run writes."""

import json
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.cli.terminal import call, start, whimbrel
from tests.story.servers import WhimbrelServer

Lines = list[dict[str, Any]]


def firmware_file(folder: Path, name: str, size_bytes: int = 100_000) -> Path:
    """A file of so many bytes that the name decides."""
    file = folder / f"{name}.bin"
    file.write_bytes(random.Random(name).randbytes(size_bytes))
    return file


@contextmanager
def fleet(server: WhimbrelServer, product: str, devices: int, *options: str) -> Iterator[None]:
    """Virtual devices, all connected, until the block ends."""
    simulation = start(server, "simulate", "--product", product, "--devices", str(devices), *options)
    try:
        assert simulation.stderr is not None
        line = ""
        while f"{devices} connected" not in line:
            line = simulation.stderr.readline()
            assert line, "the simulation ended before its devices were there"
        yield
    finally:
        simulation.send_signal(signal.SIGINT)
        simulation.communicate(timeout=60)


def absent_fleet(server: WhimbrelServer, product: str, devices: int) -> str:
    """A product whose devices are registered and never come; its key."""
    key: str = call(server, "CreateProduct", ProductName=product, NodeType=0)["productKey"]
    for number in range(1, devices + 1):
        call(server, "RegisterDevice", ProductKey=key, DeviceName=f"{product}-{number:04d}")
    return key


def lines_of(text: str) -> Lines:
    """The JSON lines of a run."""
    return [json.loads(line) for line in text.splitlines()]


def release(server: WhimbrelServer, *words: str, status: int = 0) -> Lines:
    """Run `whimbrel release` in a pipe, which must end with this status; its lines."""
    ended: subprocess.CompletedProcess[str] = whimbrel(server, "release", *words)
    assert ended.returncode == status, ended.stdout + ended.stderr
    return lines_of(ended.stdout)


def names(lines: Lines) -> list[str]:
    """The events in their order, each once for a row of the same."""
    found = [line["event"] for line in lines]
    return [event for place, event in enumerate(found) if place == 0 or found[place - 1] != event]


def firmware_of(server: WhimbrelServer, product_key: str) -> list[dict[str, Any]]:
    """All firmware of a product."""
    page = call(server, "ListOTAFirmware", ProductKey=product_key, CurrentPage=1, PageSize=100)
    rows: list[dict[str, Any]] = page["firmwareInfo"]["simpleFirmwareInfo"]
    return rows


def job_types(server: WhimbrelServer, firmware_id: str) -> list[str]:
    """The types of a firmware's jobs, oldest first."""
    page = call(server, "ListOTAJobByFirmware", FirmwareId=firmware_id, CurrentPage=1, PageSize=100)
    return [row["jobType"] for row in reversed(page["data"]["simpleOTAJobInfo"])]
