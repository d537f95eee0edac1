"""Strangers at the MQTT port harm nobody: honest devices are served, and the server stays as large as it was (I17)."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from pathlib import Path

import mqtt5
import pytest

from tests.reports.line import Line, open_line
from tests.story.hostile_mqtt import Attack
from tests.story.servers import WhimbrelServer
from tests.story.signed_client import SignedClient
from whimbrel.domain.device_credential import connect_fields
from whimbrel.gateway.packets import ConnAck, ConnackCode, Connect, Disconnect, PubAck

SEED = 4
DEVICES = 20
ROUNDS = 10
DRIPPERS_MAX = 1_500
SHOUTERS = 20

#: Measured: 12 MiB for 1,500 half-open connections and 20 shouters, of which sockets and their buffers are the most.
#: A server that kept what strangers send would pass it within seconds.
GROWTH_KIB_MAX = 48 * 1024


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WhimbrelServer]:
    running = WhimbrelServer(tmp_path / "var")
    try:
        running.start()
        yield running
        assert running.stop() == 0
    finally:
        running.end()


def drippers() -> int:
    """As many as the open files of one process allow, here and in the server."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(DRIPPERS_MAX, soft // 2)


async def visit(port: int, key: str, name: str, secret: str) -> None:
    """One connection of an honest device: in, a report that is acknowledged, out."""
    line = await open_line(port, key, name)
    fields = connect_fields(key, name, secret)
    if int(name[-2:]) % 2:
        await visit5(line, fields)
    else:
        line.send(Connect(*fields[:2], fields.password.encode(), 60))
        assert await line.receive() == ConnAck(ConnackCode.ACCEPTED)
        line.version("1.0.0", 1)
        assert await line.receive() == PubAck(1)
        line.send(Disconnect())
    line.writer.close()


async def visit5(line: Line, fields: tuple[str, str, str]) -> None:
    """The same in MQTT 5."""
    client_id, username, password = fields
    connect = mqtt5.ConnectPacket(client_id, username=username, password=password.encode(), keep_alive=60)
    topic = line.topic("/ota/device/inform/*")
    report = mqtt5.PublishPacket(
        topic, b'{"id":"1","params":{"version":"1.0.0"}}', qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1
    )
    line.writer.write(connect.write() + report.write())
    heard = b""
    while not heard.endswith(b"\x40\x02\x00\x01"):
        data = await asyncio.wait_for(line._reader.read(1_000), 30)
        assert data, heard
        heard += data
    line.writer.write(mqtt5.DisconnectPacket().write())


async def test_I17_honest_devices_are_served_while_strangers_attack(server: WhimbrelServer) -> None:
    """1,500 half-open connections and a stream of garbage: every visit of every device succeeds, memory stays."""
    back_end = SignedClient(server)
    key = back_end.call("CreateProduct", ProductName="honest", NodeType="0").body["productKey"]
    secrets = {}
    for number in range(DEVICES):
        name = f"dev-{number:02}"
        device = back_end.call("RegisterDevice", ProductKey=key, DeviceName=name).body["data"]
        secrets[name] = device["deviceSecret"]
    before_kib = server.peak_memory_kib()
    attack = Attack(server.mqtt_port, SEED)

    async def live(name: str, secret: str) -> None:
        for _ in range(ROUNDS):
            await visit(server.mqtt_port, key, name, secret)
            await asyncio.sleep(0.5)

    async with attack.going_on(drippers(), SHOUTERS):
        await asyncio.gather(*(live(name, secret) for name, secret in secrets.items()))
    assert attack.connections > drippers() + 10 * SHOUTERS
    assert attack.dropped > 10 * SHOUTERS
    assert server.peak_memory_kib() - before_kib < GROWTH_KIB_MAX
    assert "Traceback" not in server.log
