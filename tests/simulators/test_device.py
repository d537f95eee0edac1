"""A virtual device against a scripted MQTT door, where the real server would not misbehave on demand."""

import asyncio
import hashlib
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from whimbrel.domain.device_credential import connect_fields
from whimbrel.gateway.packets import (
    ConnAck,
    ConnackCode,
    Connect,
    Disconnect,
    EncodablePacket,
    Packet,
    PacketReader,
    PubAck,
    Publish,
    encode,
)
from whimbrel.simulator.device import Badge, Site, VirtualDevice
from whimbrel.simulator.fate import GOOD
from whimbrel.simulator.tally import DeviceState, Tally

BADGE = Badge("kabcdefgh01", "lamp-0001", "0123456789abcdefghijklmnopqrstuv")
INFORM = "/ota/device/inform/kabcdefgh01/lamp-0001"
UPGRADE = "/ota/device/upgrade/kabcdefgh01/lamp-0001"


class Visit:
    """One connection of a device, seen from the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._packets = PacketReader()
        self._waiting: list[Packet] = []

    async def next(self) -> Packet:
        """The device's next packet."""
        while not self._waiting:
            data = await self._reader.read(65_536)
            assert data, "the device is gone"
            self._waiting += self._packets.feed(data)
        return self._waiting.pop(0)

    async def next_report(self) -> tuple[Publish, dict[str, Any]]:
        """The device's next report and its params."""
        packet = await self.next()
        while isinstance(packet, PubAck):
            packet = await self.next()
        assert isinstance(packet, Publish)
        return packet, json.loads(packet.payload)["params"]

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
    """Listens for one device; `tally` is its fleet's, `life` ends it when cancelled."""

    def __init__(self) -> None:
        self.visits: asyncio.Queue[Visit] = asyncio.Queue()
        self.seen: list[Visit] = []
        self.tally = Tally(1)
        self.life: asyncio.Task[None]

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


@asynccontextmanager
async def device_at_door() -> AsyncIterator[Door]:
    """A device that lives while the block runs."""
    door = Door()
    server = await asyncio.start_server(door.welcome, "127.0.0.1", 0)
    async with server, asyncio.timeout(30), asyncio.TaskGroup() as group:
        site = Site(
            "127.0.0.1",
            server.sockets[0].getsockname()[1],
            None,
            connecting=asyncio.Semaphore(1),
            downloading=asyncio.Semaphore(1),
            tally=door.tally,
            dice=random.Random(1),
            spawn=group.create_task,
        )
        door.life = group.create_task(VirtualDevice(BADGE, "1.0.0", GOOD, site).live())
        try:
            yield door
        finally:
            door.life.cancel()
            await asyncio.gather(door.life, *(visit.end() for visit in door.seen), return_exceptions=True)


def push(version: str) -> Publish:
    """A push of a firmware that cannot be downloaded."""
    data = {"size": 8, "version": version, "url": "http://127.0.0.1:1/f/t", "signMethod": "Md5", "sign": "0" * 32}
    return Publish(UPGRADE, json.dumps({"code": "1000", "data": data}).encode(), packet_id=9)


async def test_a_device_connects_as_the_c_sdk_does() -> None:
    """CONNECT carries the credentials of device-protocol 1, and the version is reported without being asked for."""
    async with device_at_door() as door:
        visit = await door.visits.get()
        connect = await visit.next()
        assert isinstance(connect, Connect)
        fields = connect_fields(*BADGE)
        assert (connect.client_id, connect.username, connect.password) == (
            fields.client_id,
            fields.username,
            fields.password.encode(),
        )
        visit.send(ConnAck(ConnackCode.ACCEPTED))
        report, params = await visit.next_report()
        assert (report.topic, params) == (INFORM, {"version": "1.0.0"})


async def test_I1_an_unacknowledged_report_is_sent_again() -> None:
    """A report that was not acknowledged comes again on the next connection, marked as a duplicate, and once only."""
    async with device_at_door() as door:
        first = await door.visit()
        report, _ = await first.next_report()
        first.cut()
        second = await door.visit()
        again, _ = await second.next_report()
        assert again == report._replace(is_duplicate=True)
        second.acknowledge(again)
        await second.end()
        third = await door.visit()
        fresh, params = await third.next_report()
        assert (fresh.is_duplicate, params) == (False, {"version": "1.0.0"})
        assert door.tally.reconnects == 2


async def test_I12_an_upgrade_that_is_done_is_only_confirmed() -> None:
    """Told to upgrade to the version it runs, a device acknowledges the push and reports that version."""
    async with device_at_door() as door:
        visit = await door.visit()
        visit.acknowledge((await visit.next_report())[0])
        visit.send(push("1.0.0"))
        assert await visit.next() == PubAck(9)
        _, params = await visit.next_report()
        assert params == {"version": "1.0.0"}
        assert door.tally.by_state[DeviceState.ONLINE] == 1


async def test_I12_a_repeated_push_is_one_upgrade() -> None:
    """The same push twice is notified of once."""
    async with device_at_door() as door:
        visit = await door.visit()
        await visit.next_report()
        visit.send(push("2.0.0"))
        visit.send(push("2.0.0"))
        assert [await visit.next(), await visit.next()] == [PubAck(9), PubAck(9)]
        await asyncio.sleep(0)
        assert door.tally.by_state[DeviceState.DOWNLOADING] == 1
        assert door.tally.by_state.total() == 1


@pytest.mark.parametrize("code", [ConnackCode.BAD_CREDENTIAL, ConnackCode.SERVER_UNAVAILABLE])
async def test_a_refused_device_tries_again(code: ConnackCode) -> None:
    """Whatever the refusal, the device waits and connects again; the tally counts the refusal."""
    async with device_at_door() as door:
        refused = await door.visits.get()
        await refused.next()
        refused.send(ConnAck(code))
        await (await door.visit()).next_report()
        assert door.tally.refused_connects == 1


async def test_a_device_that_is_switched_off_says_goodbye() -> None:
    """The end of a device's life is a DISCONNECT."""
    async with device_at_door() as door:
        visit = await door.visit()
        await visit.next_report()
        door.life.cancel()
        assert isinstance(await visit.next(), Disconnect)


async def test_junk_from_the_server_breaks_the_connection_alone() -> None:
    """Bytes that are no MQTT end the connection; the device comes back on a new one."""
    async with device_at_door() as door:
        visit = await door.visit()
        await visit.next_report()
        visit.send_bytes(b"\xff\xff\xff")
        await (await door.visit()).next_report()


@asynccontextmanager
async def file_server(contents: dict[str, bytes]) -> AsyncIterator[str]:
    """Serves these files by their paths, from the start on; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        content = contents[(await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()]
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def push_of_files(address: str, contents: dict[str, bytes], announced: dict[str, bytes]) -> Publish:
    """A push for the module MCU of these files, announced as if they were other bytes."""
    files = [
        {
            "fileName": path,
            "fileSize": len(contents[path]),
            "fileUrl": address + path,
            "fileSign": hashlib.md5(announced[path]).hexdigest(),
        }
        for path in contents
    ]
    data = {"version": "2.0.0", "module": "MCU", "signMethod": "Md5", "files": files}
    return Publish(UPGRADE, json.dumps({"code": "1000", "data": data}).encode(), packet_id=9)


async def test_several_files_for_a_module() -> None:
    """Every file is downloaded and counts for its share; the module's version is told, and again at the next boot."""
    contents = {"/a": bytes(4), "/b": bytes(8)}
    async with device_at_door() as door, file_server(contents) as address:
        visit = await door.visit()
        visit.acknowledge((await visit.next_report())[0])
        visit.send(push_of_files(address, contents, contents))
        steps, params = [], {}
        while "version" not in params:
            report, params = await visit.next_report()
            visit.acknowledge(report)
            steps += [params["step"]] if "step" in params else []
            assert params["module"] == "MCU"
        assert steps == ["12", "25", "37", "50", "62", "75", "87", "100"]
        assert params["version"] == "2.0.0"
        assert door.tally.by_version == {"1.0.0": 1}
        assert door.tally.downloaded_bytes == 12
        await visit.end()
        again = await door.visit()
        booted = [(await again.next_report())[1] for _ in range(2)]
        assert booted == [{"version": "1.0.0"}, {"version": "2.0.0", "module": "MCU"}]


async def test_I11_one_damaged_file_fails_the_upgrade() -> None:
    """When the second of three files is not what was announced, the third is not asked for, and step -3 is told."""
    contents = {"/a": bytes(4), "/b": bytes(4), "/c": bytes(4)}
    async with device_at_door() as door, file_server(contents) as address:
        visit = await door.visit()
        visit.acknowledge((await visit.next_report())[0])
        visit.send(push_of_files(address, contents, {**contents, "/b": b"none"}))
        steps: list[str] = []
        while not steps or int(steps[-1]) >= 0:
            report, params = await visit.next_report()
            visit.acknowledge(report)
            steps.append(params["step"])
        assert (steps[-2:], params["module"]) == (["66", "-3"], "MCU")
        assert door.tally.downloaded_bytes == 8
