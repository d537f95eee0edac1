"""A virtual device that speaks MQTT 5, against a server that is scripted byte by byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.simulators.http_door import listening
from tests.simulators.mqtt_door import INFORM, upgrade
from tests.simulators.sites import BADGE, Yard, come_true, switch_on, yard
from whimbrel.domain.device_credential import connect_fields
from whimbrel.gateway.packets import Connect, Publish
from whimbrel.simulator.fate import GOOD
from whimbrel.simulator.link import KEEP_ALIVE_S
from whimbrel.simulator.messages import version_message
from whimbrel.simulator.mqtt_device import MqttDevice
from whimbrel.simulator.packets5 import encode
from whimbrel.simulator.site import MqttDoor
from whimbrel.simulator.witness import Violation

FIELDS = connect_fields(*BADGE[:3])
CONNECT = encode(Connect(FIELDS.client_id, FIELDS.username, FIELDS.password.encode(), KEEP_ALIVE_S))
ACCEPTED, REFUSED = b"\x20\x03\x00\x00\x00", b"\x20\x03\x00\x86\x00"
REPORT = encode(Publish(INFORM, version_message(1, "1.0.0"), 1))
AGAIN = encode(Publish(INFORM, version_message(1, "1.0.0"), 1, is_duplicate=True))

#: What the device sends, and what it is answered with.
Script = list[tuple[bytes, bytes]]


@asynccontextmanager
async def device_at(*connections: Script) -> AsyncIterator[tuple[Yard, list[int]]]:
    """A device at a server that plays one script a connection, each to its end; how many lines were played in each."""
    played: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = connections[min(len(played), len(connections) - 1)]
        played.append(0)
        place = len(played) - 1
        for said, answer in script:
            assert await reader.readexactly(len(said)) == said
            writer.write(answer)
            played[place] += 1
        await reader.read()

    async with listening(serve) as address:
        port = int(address.rpartition(":")[2])
        async with yard(MqttDoor("127.0.0.1", port, None, level=5)) as one:
            device = MqttDevice(BADGE, 0, GOOD, one.site)
            switch_on(device)
            yield one, played
            device.drop_connection()


async def test_a_device_connects_reports_and_is_notified() -> None:
    """CONNECT of level 5, a version report, and a push that is acknowledged."""
    push = encode(upgrade("http://127.0.0.1:1/f", b"12345678"))
    script = [(CONNECT, ACCEPTED), (REPORT, b"\x40\x02\x00\x01" + push), (b"\x40\x02\x00\x09", b"")]
    async with device_at(script) as (one, played):
        await come_true(lambda: played == [3])
        assert one.site.tally.notices == 1
        assert not one.site.witness.counts


async def test_a_refused_device_tries_again() -> None:
    """A reason of 0x80 and more is a refusal, counted as one; the next connection may be accepted."""
    async with device_at([(CONNECT, REFUSED)], [(CONNECT, ACCEPTED), (REPORT, b"")]) as (one, played):
        await come_true(lambda: played == [1, 2])
        assert one.site.tally.refused_connects == 1


async def test_I1_a_report_comes_again_after_a_farewell() -> None:
    """A server that says goodbye ends the connection; what it did not acknowledge comes again, marked as a
    duplicate.
    """
    farewell = b"\xe0\x02\x8b\x00"
    async with device_at([(CONNECT, ACCEPTED), (REPORT, farewell)], [(CONNECT, ACCEPTED), (AGAIN, b"")]) as (_, played):
        await come_true(lambda: played == [2, 2])


async def test_a_refused_report_is_witnessed_and_not_repeated() -> None:
    """A PUBACK with a refusal is a violation: a device says only what it may say."""
    async with device_at([(CONNECT, ACCEPTED), (REPORT, b"\x40\x03\x00\x01\x87")]) as (one, _):
        await come_true(lambda: bool(one.site.witness.counts))
        assert one.site.witness.counts == {Violation.BAD_ANSWER: 1}
