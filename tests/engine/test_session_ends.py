"""Sessions of disabled and deleted devices end after the commit that asked for it (I1, F04)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import NOW_MS, Stage, add_devices, set_stage
from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.engine import session_ends as module
from whimbrel.engine.session_ends import SessionEnding


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with set_stage(tmp_path) as made:
        yield made


class Session:
    """A session that counts how often it was revoked."""

    def __init__(self) -> None:
        self.times_revoked = 0

    def notify(self, notice: UpgradeNotice) -> None:
        raise AssertionError("nothing is sent here")

    def take_over(self) -> None:
        raise AssertionError("there is one session")

    def revoke(self) -> None:
        self.times_revoked += 1


async def disable(stage: Stage, name: str, now_ms: int = NOW_MS) -> None:
    async with stage.store.transaction() as store:
        device = await store.devices.by_name(stage.place.account_id, stage.place.product_key, name)
        assert device is not None
        await store.device_changes.disable(device, now_ms)


async def test_only_those_that_were_asked_for(stage: Stage) -> None:
    """A disabled device's session ends, once; another's goes on; a device without a session costs nothing more."""
    ids = await add_devices(stage.store, stage.place, 3)
    channel, sessions = SessionChannel(), [Session(), Session()]
    for device_id, session in zip(ids, sessions, strict=False):
        channel.enter(device_id, session)
    ending = SessionEnding(stage.store, channel)
    assert not await ending.step()
    for name in ("dev-0000", "dev-0002"):
        await disable(stage, name)
    assert await ending.step()
    assert not await ending.step()
    assert [session.times_revoked for session in sessions] == [1, 0]


async def test_many_in_bounded_steps(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many were asked for, each step takes a few, and all are reached."""
    monkeypatch.setattr(module, "ENDS_PER_STEP", 2)
    ids = await add_devices(stage.store, stage.place, 5)
    channel, sessions = SessionChannel(), [Session() for _ in ids]
    for device_id, session in zip(ids, sessions, strict=True):
        channel.enter(device_id, session)
    for number in range(5):
        await disable(stage, f"dev-{number:04d}")
    ending, steps = SessionEnding(stage.store, channel), 0
    while await ending.step():
        steps += 1
    assert (steps, [session.times_revoked for session in sessions]) == (3, [1] * 5)


async def test_the_engine_does_it(stage: Stage) -> None:
    """The engine takes its chores in turn with the jobs, until none has anything left."""
    [device_id] = await add_devices(stage.store, stage.place, 1)
    channel, session = SessionChannel(), Session()
    channel.enter(device_id, session)
    stage.engine.take_on(SessionEnding(stage.store, channel))
    await disable(stage, "dev-0000")
    await stage.engine.settle()
    assert session.times_revoked == 1
