"""After a pause is answered nobody is told any more, whichever process is killed or comes back (I8)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.world import SEALER
from tests.story.engine_scene import EngineScene
from tests.story.fleet import wait_until
from whimbrel.adapters.store.postgresql import PostgresqlStore
from whimbrel.domain.rollout import Hold
from whimbrel.ports.store import Because

DEVICES = 500
SPREAD_S = 12.0  # they connect within so many seconds, and are told as they come
TOLD_BEFORE = 60
GRACE_S = 1.0
QUIET_S = 6.0


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[EngineScene]:
    """An API, two gateways and an engine, each a process."""
    made = EngineScene(tmp_path, "engine")
    try:
        made.open()
        yield made
    finally:
        made.close()


async def _held(url: str, job_id: int) -> None:
    store = PostgresqlStore(url, SEALER)
    async with store.transaction() as transaction:
        because = Because("stop", "test")
        assert await transaction.rollouts.hold(job_id, Hold.PAUSED, because, time.time_ns() // 1_000_000)
    await store.close()


async def _resumed(url: str, job_id: int) -> None:
    store = PostgresqlStore(url, SEALER)
    async with store.transaction() as transaction:
        assert await transaction.rollouts.resume(job_id, Because("go on", "test"), time.time_ns() // 1_000_000)
    await store.close()


def test_I8_nobody_is_told_after_a_pause(scene: EngineScene) -> None:
    """Of 500 devices that come while their job is under way, none is told of it first later than a second after the
    pause; nor after the engine, a gateway and the API were killed and are back. Resumed, it reaches them all."""
    scene.wait_for_leader()
    rollout = scene.roll_out(DEVICES, SPREAD_S)
    wait_until(lambda: DEVICES - rollout.untold() >= TOLD_BEFORE, "the job is under way")
    asyncio.run(_held(scene.site.url, int(rollout.job_id)))
    answered_s = time.monotonic()
    untold = rollout.untold()
    assert untold > DEVICES // 4, "the pause came too late to show anything"
    wait_until(lambda: all(device.times_connected for device in rollout.devices), "all devices have come")
    for server in (scene.engines[0], scene.gateways[0], scene.api):
        server.kill()
        server.start()
    scene.wait_for_leader()
    wait_until(lambda: all(device.writer is not None for device in rollout.devices), "all devices are back")
    time.sleep(QUIET_S)  # time enough for whatever might still come
    late = [at_s for device in rollout.devices for at_s in device.told_s[:1] if at_s > answered_s + GRACE_S]
    assert late == []
    assert rollout.untold() > 0
    asyncio.run(_resumed(scene.site.url, int(rollout.job_id)))
    scene.wait_until_told(rollout, within_s=60.0)
    scene.check_end()
