"""Presence is right after any storm of reconnects, kicks and failing commits of one device (device-protocol 1; F12,
I19).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.world import add_devices, add_place, open_store
from tests.reports.line import ACCEPTED, TICK_S, Door, Line, until
from whimbrel.domain.device import DeviceStatus
from whimbrel.errors import StoreUnavailableError
from whimbrel.gateway import connection, mqtt
from whimbrel.gateway.packets import Disconnect

SEEDS = 25
STEPS = 12


class Weather:
    """Lets the next transactions fail."""

    def __init__(self, transaction: Any) -> None:
        self._transaction = transaction
        self.failures = 0

    def __call__(self) -> Any:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError("the test says so")
        return self._transaction()


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(mqtt, "TICK_SECONDS", TICK_S)
    monkeypatch.setattr(connection, "FAREWELL_RETRY_SECONDS", TICK_S)
    store = open_store(tmp_path)
    made = Door(store, await add_place(store))
    await add_devices(store, made.place, 1)
    await made.open()
    yield made
    await made.close()
    await store.close()


async def connect(rig: Door, lines: list[Line]) -> None:
    line = await rig.line()
    line.send(line.credential())
    lines.append(line)


async def take_step(rig: Door, lines: list[Line], weather: Weather, step: str) -> None:
    match step:
        case "connect":
            await connect(rig, lines)
        case "goodbye" if lines:
            lines.pop().send(Disconnect())
        case "cut newest" if lines:
            lines.pop().writer.transport.abort()
        case "cut oldest" if lines:
            lines.pop(0).writer.transport.abort()
        case "wait":
            await asyncio.sleep(TICK_S)
        case "fail":
            weather.failures += 2


STEPS_TO_TAKE = ("connect", "connect", "connect", "goodbye", "cut newest", "cut oldest", "wait", "wait", "fail")


@pytest.mark.parametrize("has_faults", [False, True])
async def test_presence_follows_the_session(rig: Door, monkeypatch: pytest.MonkeyPatch, has_faults: bool) -> None:
    """When the dust has settled, a device is ONLINE if it has a session here, and OFFLINE if not: whatever came before.

    25 seeds of 12 steps each; a failing seed is in the assertion.
    """
    weather = Weather(rig.store.transaction)
    monkeypatch.setattr(rig.store, "transaction", weather)
    await rig.device()
    for seed in range(SEEDS):
        dice, lines = random.Random(seed), list[Line]()
        rig.clock.s += 60  # or it would count as flapping
        for _ in range(STEPS):
            step = dice.choice(STEPS_TO_TAKE)
            await take_step(rig, lines, weather, step if has_faults or step != "fail" else "wait")
        weather.failures = 0
        try:
            await settle(rig)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from None
        for line in rig.lines:
            line.writer.transport.abort()
        await until(rig.status, DeviceStatus.OFFLINE)


async def settle(rig: Door) -> None:
    """Until every connection is a device's or has gone, nothing waits to be stored, and the presence is that of the
    session: for some time, because the end of a connection is noticed a little later on this side.
    """
    times_right = 0

    async def is_right() -> bool:
        nonlocal times_right
        undecided = any(open_.session.identity is None for open_ in rig.gateway.open)
        is_settled = not undecided and not rig.ingest._waiting and len(rig.gateway.open) == len(rig.channel)
        wanted = DeviceStatus.ONLINE if len(rig.channel) else DeviceStatus.OFFLINE
        times_right = times_right + 1 if is_settled and await rig.status() is wanted else 0
        return times_right == 10

    await until(is_right, True)


async def test_I19_a_goodbye_that_could_not_be_stored(rig: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that leaves while the store is down is OFFLINE soon after the store is back."""
    line = await rig.device()
    weather = Weather(rig.store.transaction)
    with monkeypatch.context() as fault:
        fault.setattr(rig.store, "transaction", weather)
        weather.failures = 3
        line.send(Disconnect())
        assert await line.ended()
        await until(rig.status, DeviceStatus.OFFLINE)
    assert weather.failures == 0


async def test_a_kick_is_no_goodbye(rig: Door) -> None:
    """A hundred sessions that each take the last one over leave the device ONLINE, in one session."""
    lines: list[Line] = []
    for number in range(100):
        rig.clock.s += 2
        await connect(rig, lines)
        if number % 3 == 0:
            assert await lines[-1].receive() == ACCEPTED
    await settle(rig)
    assert len(rig.channel) == 1
    await until(rig.status, DeviceStatus.ONLINE)
