"""Devices that do not read, among many that do (F20, I17): they are cut off, and the others get all that is theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.world import add_devices, add_place, open_store
from tests.reports.line import LARGE_NOTICE, TICK_S, Door, Line, until
from whimbrel.gateway import mqtt
from whimbrel.gateway.connection import WRITE_BUFFER_BYTES_MAX
from whimbrel.gateway.packets import SubAck, Subscribe

DEVICES = 20
SLOW = 5  # the first of them
ROUNDS = 400
NOTICE_BYTES_MAX = 16 * 1024


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(mqtt, "TICK_SECONDS", TICK_S)
    store = open_store(tmp_path)
    made = Door(store, await add_place(store))
    await add_devices(store, made.place, DEVICES)
    await made.open()
    yield made
    await made.close()
    await store.close()


async def count_notices(line: Line, seen: list[int], number: int) -> None:
    while await line.receive() is not None:
        seen[number] += 1


def waiting_bytes(rig: Door) -> int:
    """What waits inside the door for all devices together."""
    transports = [connection._transport for connection in rig.gateway.open]
    return sum(transport.get_write_buffer_size() for transport in transports if transport is not None)


async def test_F20_a_fan_out_with_slow_readers(rig: Door) -> None:
    """Of twenty devices that are sent as much as can be, five read nothing: the door never holds more for them than
    their buffers may, they are cut off, and each of the fifteen gets every notice.
    """
    lines = [await rig.device(f"dev-{number:04d}", 4_096 if number < SLOW else None) for number in range(DEVICES)]
    for line in lines:
        # QoS 0: nothing but the socket's own pace holds the server back.
        line.send(Subscribe(1, ((line.topic("/ota/device/upgrade/*"), 0),)))
        assert isinstance(await line.receive(), SubAck)
    seen = [0] * DEVICES
    reading = [
        asyncio.create_task(count_notices(line, seen, number)) for number, line in enumerate(lines) if number >= SLOW
    ]
    most_waiting = 0
    for _ in range(ROUNDS):
        for device_id in range(1, DEVICES + 1):
            await rig.channel.send(LARGE_NOTICE._replace(device_id=device_id))
        most_waiting = max(most_waiting, waiting_bytes(rig))
        await asyncio.sleep(TICK_S / 5)  # readers keep up, which is what makes them readers
    assert most_waiting <= DEVICES * (WRITE_BUFFER_BYTES_MAX + NOTICE_BYTES_MAX)
    await until(rig.open_count, DEVICES - SLOW)

    async def all_seen() -> bool:
        return all(count == ROUNDS for count in seen[SLOW:])

    await until(all_seen, True)
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
