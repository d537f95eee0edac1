"""The five-minute tour of README.md, run as written: its blocks in one shell, those for another terminal beside it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.story.servers import WHIMBREL, WhimbrelServer

ROOT = Path(__file__).resolve().parent.parent
SECTION = "## Five-minute tour"
START = "make run\n"
TOUR_SECONDS_MAX = 240
DEVICES = 20

#: A block marked `sh` is typed in the reader's terminal, one marked `sh another terminal` stays running in another.
_BLOCK = re.compile(r"^```sh( another terminal)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One shell block of the tour."""

    is_elsewhere: bool
    text: str


class Tour(NamedTuple):
    """What the tour left: its shell's variables, what was printed, and how to call the server once more."""

    variables: dict[str, str]
    printed: str
    environment: dict[str, str]

    def call(self, *words: str) -> Any:
        """The answer's JSON."""
        key = ("--key-file", self.environment["KEY_FILE"])
        command = [WHIMBREL, "call", "--raw", *key, *words]
        return json.loads(subprocess.run(command, env=self.environment, capture_output=True, check=True).stdout)


def read_blocks() -> list[Block]:
    """The tour's shell blocks, in order."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").split(SECTION)[1].split("\n## ")[0]
    return [Block(bool(elsewhere), text) for elsewhere, text in _BLOCK.findall(section)]


def as_script(blocks: list[Block]) -> str:
    """The blocks as written; what runs in another terminal runs beside the rest, and has to end well."""
    lines = ["set -eu\n"]
    lines += [f"(\n{block.text}) &\n" if block.is_elsewhere else block.text for block in blocks]
    lines += ["wait $!\n", 'echo "$product $firmware $job" > variables\n']
    return "".join(lines)


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tour]:
    """The tour, taken once: in a folder that looks like a clone, against a server on free ports."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    server = WhimbrelServer(folder / "var")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WHIMBREL_")},
        "WHIMBREL_SERVER": f"http://{server.endpoint}",
        "WHIMBREL_MQTT": f"127.0.0.1:{server.mqtt_port}",
        "KEY_FILE": str(folder / "var" / "root-access-key.json"),
    }
    try:
        server.start()
        printed = run_shell(as_script(read_blocks()[1:]), folder, environment)
        names = ("product", "firmware", "job")
        variables = dict(zip(names, (folder / "variables").read_text().split(), strict=True))
        yield Tour(variables, printed, environment)
    finally:
        server.end()


def run_shell(script: str, folder: Path, environment: dict[str, str]) -> str:
    """What the script printed. AssertionError when it fails or takes too long; nothing of it stays running."""
    log = folder / "printed"
    with log.open("wb") as output:
        shell = subprocess.Popen(
            ["bash", "-c", script], stdout=output, stderr=output, cwd=folder, env=environment, start_new_session=True
        )
        try:
            status = shell.wait(TOUR_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            status = -1
        finally:
            with suppress(ProcessLookupError):  # the usual case: all of it has ended by itself
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
    printed = log.read_text(errors="replace")
    assert status == 0, f"the tour ended with {status}:\n{printed}"
    return printed


def test_the_tour_begins_with_the_command_that_starts_a_server() -> None:
    """The first block is `make run`, in a terminal of its own; the test plays it, because its ports are fixed."""
    assert read_blocks()[0] == Block(True, START)


def test_the_tour_ends_with_a_completed_job(tour: Tour) -> None:
    """Followed as written, the tour verifies firmware on one device and rolls it out to the other nineteen."""
    job = tour.call("QueryOTAJob", f"JobId={tour.variables['job']}")["data"]
    tasks = tour.call("ListOTATaskByJob", f"JobId={tour.variables['job']}", "PageSize=100")
    statuses = Counter(task["taskStatus"] for task in tasks["data"]["simpleOTATaskInfo"])
    assert (job["jobStatus"], job["destVersion"]) == ("COMPLETED", "1.1.0")
    assert statuses == {"SUCCEEDED": DEVICES - 1}


def test_the_tour_leaves_every_device_at_the_new_version(tour: Tour) -> None:
    """The simulator ends by itself, and counts all twenty devices as succeeded and at the new version."""
    assert re.search(rf"succeeded +{DEVICES}\n", tour.printed)
    assert re.search(rf"1\.1\.0 +{DEVICES}\n", tour.printed)


def test_the_tour_shows_what_it_promises(tour: Tour) -> None:
    """The reader sees the device's secret, the verified status and the completed job."""
    for words in ('"deviceSecret"', '"deviceCount": 20', '"status": 1', '"jobStatus": "COMPLETED"'):
        assert words in tour.printed
