"""Devices by the hundred on one thread, each with a gateway of its own choice, that count what they are told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from tests.story.servers import WhimbrelServer
from whimbrel.domain.device_credential import connect_fields
from whimbrel.gateway.packets import ConnAck, ConnackCode, Connect, PacketReader, PubAck, Publish, encode

AGAIN_SECONDS = 0.3
CONNECT_SECONDS_MAX = 5.0
CONNECTS_AT_ONCE = 100
KEEP_ALIVE_S = 600


class FleetDevice:
    """Connects to its gateway, and after a loss to the next one; installs what it is pushed once it may."""

    def __init__(self, fleet: Fleet, name: str, secret: str, choice: int) -> None:
        self.fleet, self.name = fleet, name
        self._fields = connect_fields(fleet.product_key, name, secret)
        self.choice = choice
        self.version = "1.0.0"
        self.pushes: Counter[str] = Counter()
        self.told_s: list[float] = []  # of the monotonic clock, for each push
        self.times_connected = 0
        self.refusals: Counter[ConnackCode] = Counter()
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def live(self, wait_s: float = 0.0) -> None:
        """Until cancelled: connect, listen, connect again."""
        await asyncio.sleep(wait_s)
        while True:
            try:
                await self.connect_and_listen()
            except (OSError, TimeoutError):
                self.choice += 1
            finally:
                if self.writer is not None:
                    self.writer.close()
                    self.writer = None
            await asyncio.sleep(AGAIN_SECONDS)

    async def connect_and_listen(self) -> None:
        port = self.fleet.ports[self.choice % len(self.fleet.ports)]
        async with self.fleet.turns, asyncio.timeout(CONNECT_SECONDS_MAX):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            self.reader, self.writer = reader, writer
            fields = self._fields
            connect = Connect(fields.client_id, fields.username, fields.password.encode(), KEEP_ALIVE_S)
            writer.write(encode(connect))
            packets = PacketReader()
            found = packets.feed(await reader.readexactly(4))
        assert isinstance(found[0], ConnAck)
        if found[0].code is not ConnackCode.ACCEPTED:
            self.refusals[found[0].code] += 1
            return
        self.times_connected += 1
        self.report_version()
        while data := await reader.read(65_536):
            for packet in packets.feed(data):
                if isinstance(packet, Publish):
                    self.take(packet)
                assert isinstance(packet, Publish | PubAck)

    def take(self, packet: Publish) -> None:
        if packet.packet_id is not None:
            self.say(encode(PubAck(packet.packet_id)))
        data = json.loads(packet.payload)["data"]
        self.pushes[data["version"]] += 1
        self.told_s.append(time.monotonic())
        if self.fleet.may_install.is_set() and self.version != data["version"]:
            self.install(data["version"])

    def install(self, version: str) -> None:
        self.publish("/ota/device/progress/", {"step": "50", "desc": ""})
        self.version = version
        self.report_version()

    def report_version(self) -> None:
        self.publish("/ota/device/inform/", {"version": self.version})

    def publish(self, topic: str, params: dict[str, str]) -> None:
        payload = json.dumps({"id": "1", "params": params}).encode()
        self.say(encode(Publish(f"{topic}{self.fleet.product_key}/{self.name}", payload, 1)))

    def say(self, data: bytes) -> None:
        if self.writer is not None and not self.writer.is_closing():
            self.writer.write(data)


class Fleet:
    """`secrets` are names and secrets; device i begins at gateway i modulo their number."""

    def __init__(self, servers: list[WhimbrelServer], product_key: str, secrets: dict[str, str]) -> None:
        self.ports = [server.mqtt_port for server in servers]
        self.product_key = product_key
        self.may_install = threading.Event()
        self.may_install.set()
        self.turns = asyncio.Semaphore(CONNECTS_AT_ONCE)
        self.devices = [FleetDevice(self, name, secret, i) for i, (name, secret) in enumerate(sorted(secrets.items()))]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mqtt fleet", daemon=True)
        self._lives: list[asyncio.Task[None]] = []
        self._left_open: list[asyncio.StreamWriter | None] = []

    def start(self, spread_s: float = 0.0) -> None:
        """All devices connect, one after the other within so many seconds."""
        self._thread.start()
        self.run(self._start(spread_s / len(self.devices)))

    def end(self) -> None:
        self.run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def let_install(self) -> None:
        """What was held back is installed now."""
        self.may_install.set()
        self._loop.call_soon_threadsafe(self._install_all)

    def pushes(self, version: str) -> list[int]:
        """How often each device was told of the version."""
        return [device.pushes[version] for device in self.devices]

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def move(self, devices: list[FleetDevice], choice: int) -> list[asyncio.StreamReader]:
        """They connect to another gateway, and their first connection stays open, as that of a device that vanished: it
        is at its end when the server has ended it."""
        readers = [device.reader for device in devices if device.reader is not None]
        self.run(self._move(devices, choice))
        return readers

    async def _start(self, apart_s: float) -> None:
        self._lives = [asyncio.create_task(device.live(number * apart_s)) for number, device in enumerate(self.devices)]

    async def _end(self) -> None:
        for life in self._lives:
            life.cancel()
        await asyncio.gather(*self._lives, return_exceptions=True)
        for writer in self._left_open:
            if writer is not None:
                writer.close()

    async def _move(self, devices: list[FleetDevice], choice: int) -> None:
        for device in devices:
            number = self.devices.index(device)
            self._lives[number].cancel()
            self._left_open.append(device.writer)
            device.writer, device.choice = None, choice
            self._lives[number] = asyncio.create_task(device.live())

    def _install_all(self) -> None:
        for device in self.devices:
            for version in device.pushes:
                if version > device.version:
                    device.install(version)
