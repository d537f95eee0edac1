"""Several processes with the engine on one PostgreSQL: one leads, whatever happens to any of them (issue 5, part 6).

What counts is seen from the devices' side, by the clock of the test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.story.cut_line import CutLine
from tests.story.engine_scene import VERSION, Chaos, EngineScene, leads
from tests.story.fleet import wait_until
from tests.story.servers import AccessKey, WhimbrelServer
from tests.story.signed_client import SignedClient

PACE = 20
WINDOW_S = 60.0
SEED = 20261126
JOBS, CHAOS_S, WINDOWS = 5, 75.0, 2
LONG_JOBS, LONG_CHAOS_S, LONG_WINDOWS = 10, 900.0, 12
LONG_SEEDS = range(3)


@pytest.fixture
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EngineScene]:
    """With as many engines as the test says, three if it says nothing."""
    made = EngineScene(tmp_path, *["engine"] * getattr(request, "param", 3))
    try:
        made.open()
        yield made
    finally:
        made.close()


def ready(server: WhimbrelServer) -> tuple[int, dict[str, str]]:
    status, body = SignedClient(server, AccessKey("", "")).send("GET", "/readyz", b"", {})
    return status, json.loads(body)


def test_F22_one_leads_and_the_others_are_well(scene: EngineScene) -> None:
    """All start, and one says that it leads. Another does when that one has ended in good order, and when the next one
    was killed and its lease is over."""
    first = scene.wait_for_leader()
    others = [engine for engine in scene.engines if engine is not first]
    assert [leads(engine) for engine in others] == [False, False]
    states = {"store": "ok", "firmware_store": "ok", "gateway": "ok"}
    assert [ready(engine) for engine in scene.engines] == [(200, states)] * 3
    assert first.stop() == 0
    second = scene.wait_for_leader(within_s=5.0)
    scene.wait_until_told(scene.roll_out(30), within_s=20.0)
    second.kill()
    third = scene.wait_for_leader()
    assert third not in (first, second)
    scene.wait_until_told(scene.roll_out(30), within_s=20.0)
    assert scene.terms() >= 3
    scene.check_end()


def suffer(scene: EngineScene, seed: int, jobs: int, seconds: float, windows: int) -> None:
    """Jobs with a pace, over fleets that come one by one and need so many minutes, while processes are stopped, killed
    and ended."""
    devices = PACE * windows
    scene.wait_for_leader()
    rollouts = [scene.roll_out(devices, seconds / 2, MaximumPerMinute=str(PACE)) for _ in range(jobs)]
    chaos = Chaos(scene, seed)
    chaos.rage(seconds)
    scene.wait_until_told(*rollouts, within_s=(windows + 1) * WINDOW_S)
    words = "\n".join(chaos.deeds)
    for rollout in rollouts:
        assert rollout.most_within(WINDOW_S) <= PACE, words
        assert rollout.fleet.pushes(VERSION) == [1] * devices, words
    wait_until(lambda: [leads(engine) for engine in scene.engines].count(True) == 1, "one leads")
    assert scene.terms() > len(scene.engines), words
    scene.check_end()


def test_I5_engines_are_stopped_and_killed(scene: EngineScene) -> None:
    """In every sliding minute each job tells at most its MaximumPerMinute, and in the end each device was told once."""
    suffer(scene, SEED, JOBS, CHAOS_S, WINDOWS)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_I5_engines_are_stopped_and_killed_for_long(scene: EngineScene, seed: int) -> None:
    """As the short one, for a quarter of an hour each."""
    suffer(scene, seed, LONG_JOBS, LONG_CHAOS_S, LONG_WINDOWS)


@pytest.mark.parametrize("scene", [0], indirect=True)
def test_I18_I19_a_leader_is_cut_off(scene: EngineScene) -> None:
    """A leader that reaches the database no more is followed by another. When the line is whole again it stands by, and
    leads again when it is its turn."""
    line = CutLine(scene.site.url)
    try:
        cut_off = scene.engine("cut-off", line.url)
        cut_off.start()
        assert scene.wait_for_leader() is cut_off
        other = scene.engine("other", scene.site.url)
        other.start()
        rollout = scene.roll_out(60)
        line.cut()
        wait_until(lambda: leads(other) and not leads(cut_off), "the other leads, and the first knows", 60.0)
        scene.wait_until_told(rollout, scene.roll_out(30), within_s=20.0)
        line.heal()
        wait_until(lambda: "this one stands by" in cut_off.log, "the first has stood back", 60.0)
        assert [leads(cut_off), leads(other)] == [False, True]
        wait_until(lambda: ready(cut_off)[0] == 200, "the first is well")
        assert other.stop() == 0
        wait_until(lambda: leads(cut_off), "the first leads again", 10.0)
        scene.wait_until_told(scene.roll_out(30), within_s=20.0)
        assert all(one.fleet.pushes(VERSION) == [1] * len(one.devices) for one in scene.rollouts)
        scene.check_end()
    finally:
        scene.close_engines()
        line.end()
