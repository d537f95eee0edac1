"""Devices that say more than can be taken in at once: they wait, and all that they said is taken in (I17, F20, F23)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import add_devices, add_place, open_store
from tests.reports.line import TICK_S, Door
from whimbrel.gateway import mqtt
from whimbrel.gateway.connection import READ_BYTES_PER_TURN
from whimbrel.gateway.packets import PingReq, PingResp, PubAck, Publish, encode
from whimbrel.gateway.session import Session


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(mqtt, "TICK_SECONDS", TICK_S)
    store = open_store(tmp_path)
    made = Door(store, await add_place(store))
    await add_devices(store, made.place, 3)
    await made.open()
    yield made
    await made.close()
    await store.close()


@pytest.mark.parametrize(
    ("said_bytes", "pieces"),
    [
        (READ_BYTES_PER_TURN - 2, [READ_BYTES_PER_TURN - 2]),
        (READ_BYTES_PER_TURN, [READ_BYTES_PER_TURN]),
        (READ_BYTES_PER_TURN + 2, [READ_BYTES_PER_TURN, 2]),
        (3 * READ_BYTES_PER_TURN, [READ_BYTES_PER_TURN] * 3),
    ],
)
async def test_F20_a_device_that_floods_takes_turns(
    rig: Door, monkeypatch: pytest.MonkeyPatch, said_bytes: int, pieces: list[int]
) -> None:
    """However much a device says at once, the loop is left after a piece of it; every ping is answered in the end."""
    line = await rig.device()
    [connection] = rig.gateway.open
    taken: list[int] = []
    received = Session.received

    def noted(session: Session, data: bytes, now_s: float) -> object:
        taken.append(len(data))
        return received(session, data, now_s)

    monkeypatch.setattr(Session, "received", noted)
    ping = encode(PingReq())
    connection.data_received(ping * (said_bytes // len(ping)))
    assert taken == pieces[:1]
    for number in range(1, len(pieces) + 1):
        assert len(taken) == number, "two pieces in one turn"
        await asyncio.sleep(0)
    assert taken == pieces
    assert {await line.receive() for _ in range(said_bytes // len(ping))} == {PingResp()}
    line.version("1.0.0")
    assert await line.receive() == PubAck(1)


async def test_F20_what_is_said_in_one_breath_is_taken_in_its_order(rig: Door) -> None:
    """Reports cut by the end of a piece are put together, also when the device has more to say meanwhile."""
    line = await rig.device()
    [connection] = rig.gateway.open
    topic, filler = line.topic("/ota/device/inform/*"), " " * 900
    reports = [
        encode(Publish(topic, b'{"params":{"version":"%d"}}%s' % (number, filler.encode()), number))
        for number in range(1, 31)
    ]
    connection.data_received(b"".join(reports[:20]))
    connection.data_received(b"".join(reports[20:]))
    assert [await line.receive() for _ in reports] == [PubAck(number) for number in range(1, 31)]
    assert await rig.version(1) == "30"
