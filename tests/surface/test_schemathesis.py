"""Schemathesis over `/openapi.json` of a server started as an operator starts it, beside devices that obey.

Every action, with generated parameters that fit the description and with such that do not, all rightly signed: each
answer is as described and below 500, and afterwards the server and its store are well.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import requests
from schemathesis import GenerationMode

from tests.cli.terminal import environment, whimbrel
from tests.operations.signed_door import OPERATIONS
from tests.story.servers import WHIMBREL, WhimbrelServer
from tests.surface.explorer import ANSWER_WITHIN_S, FLEET_PRODUCT, Explorer
from tests.surface.long_run import CI, CI_SEED, FUZZ, Count, Effort, fuzz_seed, told

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
MEMORY_GROWTH_KIB_MAX = 64 * 1024  # what one connection's page cache may grow to (CACHE_KIB); a leak is larger
#: What the store holds grows with the requests, and its page caches with it, up to their own bounds: measured, 27 MiB
#: for the second half of a long run.
MEMORY_GROWTH_LONG_KIB_MAX = 96 * 1024
DEVICES = 10
ROUNDS_BEFORE = 4
SHARE_BETWEEN = 0.3
#: Of the actions; some need luck, as a task that waits for a confirmation.
SUCCEEDED_SHARE_MIN = 0.85


class Explored(NamedTuple):
    """A run over all actions."""

    explorer: Explorer
    growth_kib: int


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WhimbrelServer]:
    """A server with a few virtual devices."""
    running = WhimbrelServer(tmp_path_factory.mktemp("explored") / "var")
    running.start()
    words = ("simulate", "--product", FLEET_PRODUCT, "--devices", str(DEVICES), "--fail-share", "0.2")
    fleet = subprocess.Popen(
        [WHIMBREL, *words],
        env=environment(running),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield running
        fleet.terminate()
        fleet.wait(20)
        assert running.stop() == 0
    finally:
        fleet.kill()
        fleet.wait()
        running.end()


def run(server: WhimbrelServer, effort: Effort, seed: int, count: Count) -> Explored:
    """All actions with what fits, then all again with what does not; the peak memory's growth in the second half."""
    explorer = Explorer(server, seed)
    explorer.furnish(ROUNDS_BEFORE)
    warm_kib = 0
    for mode in MODES:
        warm_kib = server.peak_memory_kib()
        for action in OPERATIONS:
            explorer.furnish(1, SHARE_BETWEEN)
            explorer.explore(action, mode, effort.cases, count)
    return Explored(explorer, server.peak_memory_kib() - warm_kib)


def check(server: WhimbrelServer, explored: Explored, growth_kib_max: int) -> None:
    """The requests reached the operations, the server has not grown, its log tells of no fault, its store is whole."""
    succeeded = explored.explorer.succeeded
    assert len(succeeded) >= SUCCEEDED_SHARE_MIN * len(OPERATIONS), f"never: {sorted(OPERATIONS.keys() - succeeded)}"
    assert explored.growth_kib < growth_kib_max
    assert "Traceback" not in server.log
    assert requests.get(f"http://{server.endpoint}/readyz", timeout=ANSWER_WITHIN_S).status_code == 200
    checked = whimbrel(server, "check")
    assert checked.returncode == 0, checked.stdout


def test_no_generated_request_breaks_the_server(server: WhimbrelServer, capfd: pytest.CaptureFixture[str]) -> None:
    """Thousands of generated requests to all actions."""
    with told("schemathesis", CI_SEED, capfd) as count:
        explored = run(server, CI, CI_SEED, count)
    check(server, explored, MEMORY_GROWTH_KIB_MAX)


@pytest.mark.fuzz
def test_no_generated_request_breaks_the_server_for_long(
    server: WhimbrelServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """The same with a hundred thousand."""
    seed = fuzz_seed()
    with told("schemathesis", seed, capfd) as count:
        explored = run(server, FUZZ, seed, count)
    check(server, explored, MEMORY_GROWTH_LONG_KIB_MAX)
