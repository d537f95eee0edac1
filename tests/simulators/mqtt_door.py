"""A scripted MQTT door, where the real server would not misbehave on demand."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.simulators.sites import BADGE, Yard, switch_on, yard
from whimbrel.gateway.packets import (
    ConnAck,
    ConnackCode,
    Connect,
    EncodablePacket,
    Packet,
    PacketReader,
    PubAck,
    Publish,
    encode,
)
from whimbrel.simulator.fate import GOOD, Fate
from whimbrel.simulator.mqtt_device import MqttDevice
from whimbrel.simulator.site import MqttDoor
from whimbrel.simulator.tally import Tally
from whimbrel.simulator.witness import Witness

INFORM = "/ota/device/inform/kabcdefgh01/lamp-0001"
PROGRESS = "/ota/device/progress/kabcdefgh01/lamp-0001"
UPGRADE = "/ota/device/upgrade/kabcdefgh01/lamp-0001"


class Visit:
    """One connection of a device, seen from the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._packets = PacketReader()
        self._waiting: list[Packet] = []

    async def next(self) -> Packet:
        """The device's next packet. Raises EOFError when the device is gone."""
        while not self._waiting:
            try:
                data = await self._reader.read(65_536)
            except ConnectionError:
                data = b""
            if not data:
                raise EOFError("the device is gone")
            self._waiting += self._packets.feed(data)
        return self._waiting.pop(0)

    async def next_publish(self) -> Publish:
        """The device's next message, acknowledgements passed over."""
        packet = await self.next()
        while isinstance(packet, PubAck):
            packet = await self.next()
        assert isinstance(packet, Publish)
        return packet

    async def next_report(self) -> tuple[Publish, dict[str, Any]]:
        """The device's next report and its params."""
        packet = await self.next_publish()
        return packet, json.loads(packet.payload)["params"]

    async def take_report(self) -> dict[str, Any]:
        """The params of the device's next report, which is acknowledged."""
        report, params = await self.next_report()
        self.acknowledge(report)
        return params

    def send(self, packet: EncodablePacket) -> None:
        """A packet to the device."""
        self.send_bytes(encode(packet))

    def send_bytes(self, data: bytes) -> None:
        """Anything at all to the device."""
        self._writer.write(data)

    def acknowledge(self, report: Publish) -> None:
        """The report is durable."""
        assert report.packet_id is not None
        self.send(PubAck(report.packet_id))

    def cut(self) -> None:
        """The connection is lost."""
        self._writer.transport.abort()

    async def end(self) -> None:
        """Nothing is left open."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()


class Door:
    """Listens for one device."""

    def __init__(self) -> None:
        self.visits: asyncio.Queue[Visit] = asyncio.Queue()
        self.seen: list[Visit] = []
        self.yard: Yard
        self.device: MqttDevice

    @property
    def tally(self) -> Tally:
        """What is counted of the device."""
        return self.yard.site.tally

    @property
    def witness(self) -> Witness:
        """What the device saw that it should not."""
        return self.yard.site.witness

    async def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A new connection."""
        self.seen.append(Visit(reader, writer))
        await self.visits.put(self.seen[-1])

    async def visit(self) -> Visit:
        """The device's next connection, accepted."""
        visit = await self.visits.get()
        assert isinstance(await visit.next(), Connect)
        visit.send(ConnAck(ConnackCode.ACCEPTED))
        return visit

    async def booted(self) -> Visit:
        """The device's next connection, its version told and acknowledged."""
        visit = await self.visit()
        await visit.take_report()
        return visit


def port_of(server: asyncio.Server) -> int:
    """Where it listens."""
    port: int = server.sockets[0].getsockname()[1]
    return port


@asynccontextmanager
async def device_at_door(fate: Fate = GOOD) -> AsyncIterator[Door]:
    """A device that lives while the block runs."""
    door = Door()
    server = await asyncio.start_server(door.welcome, "127.0.0.1", 0)
    async with server, yard(MqttDoor("127.0.0.1", port_of(server), None), fates=[fate]) as door.yard:
        door.device = MqttDevice(BADGE, 0, fate, door.yard.site)
        switch_on(door.device)
        try:
            yield door
        finally:
            door.yard.site.is_over = True
            door.device.switch_off()
            await asyncio.gather(*(visit.end() for visit in door.seen), return_exceptions=True)


@asynccontextmanager
async def file_server(contents: dict[str, bytes]) -> AsyncIterator[str]:
    """Serves these files by their paths, from the byte that is asked for on; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        content = contents[request.split(" ")[1]]
        offset = int(request.partition("Range: bytes=")[2].partition("-")[0])
        rest = content[offset:]
        head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {offset}-{len(content) - 1}/{len(content)}\r\n"
        writer.write(f"{head}Content-Length: {len(rest)}\r\n\r\n".encode() + rest)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def upgrade(url: str, content: bytes, version: str = "2.0.0", **more: object) -> Publish:
    """A push of a file with this content."""
    sign = hashlib.md5(content).hexdigest()
    data = {"size": len(content), "version": version, "url": url, "signMethod": "Md5", "sign": sign, **more}
    return Publish(UPGRADE, json.dumps({"code": "1000", "data": data}).encode(), packet_id=9)


def push(version: str) -> Publish:
    """A push of a firmware that cannot be downloaded."""
    return upgrade("http://127.0.0.1:1/f/t", b"12345678", version)
