"""Devices that say more than can be taken in at once: they wait, and all that they said is taken in (I17, F20, F23)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import add_devices, add_place, open_store
from tests.reports.line import KEEP_ALIVE_S, SILENCE_S, TICK_S, Door, until
from whimbrel.domain.device import DeviceStatus
from whimbrel.gateway import ingest, mqtt
from whimbrel.gateway.connection import READ_BYTES_PER_TURN, DeviceConnection
from whimbrel.gateway.packets import PingReq, PingResp, PubAck, Publish, encode
from whimbrel.gateway.session import REPORTS_PENDING_MAX, Session


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


async def test_F23_what_came_while_the_ingest_was_full_is_taken_in_afterwards(
    rig: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full ingest cuts nobody off and loses nothing: reports that came meanwhile are acknowledged once it has room,
    each device's in their order, also those of a device that has closed its side since.
    """
    lines = [await rig.device(f"dev-{number:04d}") for number in range(3)]
    monkeypatch.setattr(ingest, "WAITING_REPORTS_MAX", 1)
    async with rig.store.transaction():
        lines[0].version("1")  # the one that the ingest takes and cannot commit
        await until(lambda: has_nothing_waiting(rig), True)
        lines[0].version("2", 2)
        await until(lambda: is_full(rig), True)
        for line in lines:
            line.version("3", 3)
            line.version("4", 4)
        lines[2].writer.write_eof()
        await asyncio.sleep(SILENCE_S)
        assert len(rig.ingest._waiting) == 1
    assert [await lines[0].receive() for _ in range(4)] == [PubAck(number) for number in range(1, 5)]
    assert [await lines[1].receive() for _ in range(2)] == [PubAck(3), PubAck(4)]
    await until(lambda: rig.version(3), "4")
    await until(rig.open_count, 2)


async def has_nothing_waiting(rig: Door) -> bool:
    return not rig.ingest._waiting


async def is_full(rig: Door) -> bool:
    return rig.ingest.is_full


@pytest.mark.parametrize("ends", ["server", "device"])
async def test_F23_a_session_that_ends_while_its_reports_wait_says_no_more(
    rig: Door, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    """What a device had said before it was sent away, or its connection broke, is not taken in after that."""
    line = await rig.device()
    [connection] = rig.gateway.open
    with monkeypatch.context() as full:
        full.setattr(type(rig.ingest), "is_full", property(lambda self: True))
        line.version("1")
        await until(lambda: waits(connection), True)
        if ends == "server":
            connection.revoke()
        else:
            assert connection._transport is not None
            connection._transport.abort()
        await until(rig.open_count, 0)
        assert connection._unread is None, "kept until there is room (I17)"
    await until(rig.status, DeviceStatus.OFFLINE)
    assert await rig.version(1) is None
    await rig.device()


async def waits(connection: DeviceConnection) -> bool:
    return connection._unread is not None


async def test_F23_a_device_that_is_not_read_is_not_taken_for_silent(rig: Door) -> None:
    """A device pings in time, but nobody reads it while the store is slow: its keep-alive ends only after that."""
    line = await rig.device()
    [connection] = rig.gateway.open
    async with rig.store.transaction():
        for number in range(1, REPORTS_PENDING_MAX + 1):
            line.version("1", number)
        await until(lambda: is_paused(connection), True)
        for _ in range(4):
            line.send(PingReq())
            rig.clock.s += KEEP_ALIVE_S
            await asyncio.sleep(5 * TICK_S)
        assert await rig.open_count() == 1
    answers = [await line.receive() for _ in range(REPORTS_PENDING_MAX + 4)]
    assert answers.count(PingResp()) == 4
    rig.clock.s += 2 * KEEP_ALIVE_S
    assert await line.ended()


async def is_paused(connection: DeviceConnection) -> bool:
    return connection._is_paused
