"""Sessions of devices that were disabled or deleted, over real sockets (device-protocol 1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import add_devices, add_place, open_store
from tests.reports.line import ACCEPTED, TICK_S, Door, until
from whimbrel.domain.device import DeviceStatus
from whimbrel.engine.session_ends import SessionEnding
from whimbrel.gateway import mqtt
from whimbrel.gateway.ingest import BATCH_REPORTS_MAX, Item
from whimbrel.gateway.packets import ConnAck, ConnackCode
from whimbrel.reports.declaration import Outcome, ReportContext


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(mqtt, "TICK_SECONDS", TICK_S)
    store = open_store(tmp_path)
    made = Door(store, await add_place(store))
    await add_devices(store, made.place, 1)
    await made.open()
    yield made
    await made.close()
    await store.close()


async def test_a_revoked_session(rig: Door) -> None:
    """A disabled device is cut off, stays disabled when its session has ended, and is refused at its next login."""
    line = await rig.device()
    async with rig.store.transaction() as store:
        await store.device_changes.disable(await rig.row(), rig.clock.ms)
    assert await SessionEnding(rig.store, rig.channel).step()
    assert await line.ended()
    await until(rig.open_count, 0)
    await rig.ingest.drain()
    assert await rig.status() is DeviceStatus.DISABLE
    again = await rig.line()
    again.send(again.credential())
    assert await again.receive() == ConnAck(ConnackCode.NOT_AUTHORIZED)
    assert len(rig.channel) == 0


@pytest.mark.parametrize("change", ["disable", "delete"])
async def test_a_login_that_was_under_way(rig: Door, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """A device that was let in just before it was disabled or deleted is cut off when its presence is reported."""
    monkeypatch.setattr(rig.ingest, "submit", rig.ingest._waiting.append)
    line = await rig.line()
    line.send(line.credential())
    assert await line.receive() == ACCEPTED
    async with rig.store.transaction() as store:
        await getattr(store.device_changes, change)(await rig.row(), rig.clock.ms)
    await rig.ingest.drain()
    assert await line.ended()
    async with rig.store.snapshot() as snapshot:
        counts = await snapshot.device_states.counts(rig.place.account_id, rig.place.product_id)
    assert counts.online == 0


async def test_A21_while_the_ingest_is_busy(rig: Door) -> None:
    """A session ends as soon as its device is disabled, before the thousands of reports that wait have been stored."""
    line = await rig.device()
    device_id = (await rig.row()).id

    async def take_a_while(context: ReportContext) -> Outcome:
        await context.store.module_versions.get(context.device_id, "default")
        await asyncio.sleep(0)
        return Outcome()

    for _ in range(20 * BATCH_REPORTS_MAX):
        rig.ingest.submit(Item("busy", device_id, take_a_while, Nobody()))
    await asyncio.sleep(0)
    async with rig.store.transaction() as store:
        await store.device_changes.disable(await rig.row(), rig.clock.ms)
    assert await SessionEnding(rig.store, rig.channel).step()
    assert len(rig.ingest._waiting) > 10 * BATCH_REPORTS_MAX
    assert await line.ended()
    await rig.ingest.drain()
    await until(rig.status, DeviceStatus.DISABLE)


class Nobody:
    """Takes the outcome of a report that no device waits for."""

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        return

    def failed(self) -> None:
        raise AssertionError
