"""The MQTT door on a port of the loopback, and devices that speak to it packet by packet over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from tests.engine.world import LINKS, NODE, Place, SteeredClock, secret_of
from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.adapters.firmware_store.disk import DiskFirmwareStore
from whimbrel.adapters.randomness import SystemRandomness
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.device import Device, DeviceStatus
from whimbrel.domain.device_credential import connect_fields
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.gateway.admission import Admission
from whimbrel.gateway.blocks import BlockDesk
from whimbrel.gateway.doorway import Doorway
from whimbrel.gateway.ingest import Ingest
from whimbrel.gateway.login import LoginDesk
from whimbrel.gateway.mqtt import MqttGateway
from whimbrel.gateway.node import Node
from whimbrel.gateway.packets import (
    ConnAck,
    ConnackCode,
    Connect,
    EncodablePacket,
    Packet,
    PacketReader,
    Publish,
    SubAck,
    Subscribe,
    encode,
)
from whimbrel.ports.firmware_store import FirmwareStore
from whimbrel.reports.registration import Registrar
from whimbrel.reports.registry import load_reports

PATIENCE_S = 30.0
SILENCE_S = 0.15
KEEP_ALIVE_S = 60
TICK_S = 0.005
ACCEPTED = ConnAck(ConnackCode.ACCEPTED)


class Line:
    """A device's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, product_key: str, name: str) -> None:
        self._reader = reader
        self.writer = writer
        self._packets = PacketReader()
        self._received: list[Packet] = []
        self._product_key = product_key
        self.name = name

    def topic(self, template: str) -> str:
        return template.replace("*", f"{self._product_key}/{self.name}")

    def credential(self, secret: str | None = None) -> Connect:
        fields = connect_fields(self._product_key, self.name, secret or secret_of(self.name))
        return Connect(fields.client_id, fields.username, fields.password.encode(), KEEP_ALIVE_S)

    def send(self, *packets: EncodablePacket) -> None:
        self.writer.write(b"".join(map(encode, packets)))

    def report(self, message: object, packet_id: int | None = 1, topic: str = "/ota/device/inform/*") -> None:
        self.send(Publish(self.topic(topic), json.dumps(message).encode(), packet_id))

    def version(self, version: str, packet_id: int | None = 1) -> None:
        self.report({"id": "1", "params": {"version": version}}, packet_id)

    async def receive(self) -> Packet | None:
        """The next packet, None when the server has closed."""
        while not self._received:
            data = await asyncio.wait_for(self._reader.read(65_536), PATIENCE_S)
            if not data:
                return None
            self._received = self._packets.feed(data)
        return self._received.pop(0)

    async def ended(self) -> bool:
        """Wait until the server has closed; False when it says anything before."""
        try:
            return await self.receive() is None
        except ConnectionError:
            return True

    async def is_silent(self) -> bool:
        """Nothing comes for a while."""
        try:
            return not await asyncio.wait_for(self._reader.read(1), SILENCE_S)
        except TimeoutError:
            return True

    async def pull_answer(self) -> Publish:
        packet = await self.receive()
        assert isinstance(packet, Publish), packet
        return packet


async def open_line(port: int, product_key: str, name: str, receive_bytes: int | None = None) -> Line:
    """A connection on which nothing has been said; `receive_bytes` makes the device's buffer small."""
    raw = socket.socket()
    raw.setblocking(False)
    if receive_bytes is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=receive_bytes or 65_536)
    return Line(reader, writer, product_key, name)


async def open_tls_line(port: int, product_key: str, name: str, context: ssl.SSLContext) -> Line:
    """The same through TLS."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="localhost")
    return Line(reader, writer, product_key, name)


class Door:
    """The door on a port of the loopback, with a product behind it."""

    def __init__(
        self, store: SqliteStore, place: Place, node_name: str = NODE, files: FirmwareStore | None = None
    ) -> None:
        self.store, self.place = store, place
        self.files = files or DiskFirmwareStore(Path("no such folder"), lambda: "unused")
        self.clock, self.channel = SteeredClock(), SessionChannel()
        self.node = Node(store, self.clock, node_name)
        self.ingest = Ingest(store, self.clock, InProcessWakeup(), LINKS, self.node)
        self.admission = Admission()
        self.lines: list[Line] = []

    async def open(self) -> None:
        registrar = Registrar(self.store, self.clock, SystemRandomness())
        login = LoginDesk(self.store, self.admission, registrar)
        await self.node.begin()
        blocks = BlockDesk(self.store, self.files, self.clock)
        self.doorway = Doorway(
            self.node, self.store, self.ingest, self.channel, self.clock, load_reports(), login, blocks
        )
        self.gateway = MqttGateway(self.doorway)
        self.port = await self.gateway.start("127.0.0.1", 0, None)
        self._ingesting = asyncio.create_task(self.ingest.run())

    async def close(self) -> None:
        await self.gateway.stop()
        self.doorway.blocks.files.close()
        await self.ingest.drain()
        self._ingesting.cancel()
        await asyncio.gather(self._ingesting, return_exceptions=True)
        for line in self.lines:
            line.writer.close()
        await asyncio.gather(*(line.writer.wait_closed() for line in self.lines), return_exceptions=True)

    async def line(self, name: str = "dev-0000", receive_bytes: int | None = None) -> Line:
        """A connection on which nothing has been said."""
        self.lines.append(await open_line(self.port, self.place.product_key, name, receive_bytes))
        return self.lines[-1]

    async def device(self, name: str = "dev-0000", receive_bytes: int | None = None) -> Line:
        """A connection that the device has just got through."""
        line = await self.line(name, receive_bytes)
        line.send(line.credential())
        assert await line.receive() == ACCEPTED
        await until(lambda: self.status(name), DeviceStatus.ONLINE)
        return line

    async def row(self, name: str = "dev-0000") -> Device:
        async with self.store.snapshot() as store:
            row = await store.devices.by_name(self.place.account_id, self.place.product_key, name)
        assert row is not None
        return row

    async def status(self, name: str = "dev-0000") -> DeviceStatus:
        return (await self.row(name)).status

    async def version(self, device_id: int) -> str | None:
        async with self.store.snapshot() as store:
            return await store.module_versions.get(device_id, "default")

    async def open_count(self) -> int:
        return len(self.gateway.open)


async def until(ask: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Wait for an answer; AssertionError with the last one when it does not come."""
    answer: object = None
    for _ in range(int(PATIENCE_S / TICK_S / 4)):
        answer = await ask()
        if answer == wanted:
            return
        await asyncio.sleep(TICK_S)
    raise AssertionError(f"{answer} did not become {wanted}")


LARGE_NOTICE = UpgradeNotice(
    1, 1, 1, "default", "2.0.0", False, 1, "MD5", "s", "m", "https://x/f/t", {"k": "v" * 8_000}
)


async def flood(door: Door, line: Line) -> AsyncIterator[int]:
    """Send to a device that reads nothing, until it is cut off; the bytes that wait inside the door, after each."""
    [connection] = door.gateway.open
    assert connection._transport is not None
    line.send(Subscribe(1, ((line.topic("/ota/device/upgrade/*"), 0),)))
    assert isinstance(await line.receive(), SubAck)
    for _ in range(4_000):
        await door.channel.send(LARGE_NOTICE)
        await asyncio.sleep(0)
        yield connection._transport.get_write_buffer_size()
        if connection not in door.gateway.open:
            return
