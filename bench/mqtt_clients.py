"""Thousands of plain MQTT 3.1.1 devices in a process of their own: `python -m bench.mqtt_clients`, steered by lines of
JSON on its standard input, each answered by one on its standard output.

They are made to cost little, so that a server of the same machine is what is measured: packets are made beforehand, and
acknowledgements are counted by their bytes.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

import uvloop

from whimbrel.domain.device_credential import connect_fields
from whimbrel.gateway.packets import Connect, Disconnect, Publish, Subscribe, encode

CONNECTING_MAX = 500  # at once: a server's backlog is not what is measured
KEEP_ALIVE_S = 1_200
PATIENCE_S = 120.0
PUBACK_BYTES = 4
_CONNACK = bytes((0x20, 2, 0, 0))
_SUBACK = 0x90


class Client(asyncio.Protocol):
    """One device. `told` counts the messages it was sent, each of which it acknowledges."""

    __slots__ = ("acked_bytes", "first", "fleet", "told", "transport", "up")

    def __init__(self, fleet: Fleet, first: bytes) -> None:
        self.fleet = fleet
        self.first = first
        self.up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.acked_bytes = 0
        self.told = 0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.first)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.up.done():
            self.up.set_exception(ConnectionResetError("refused"))

    def data_received(self, data: bytes) -> None:
        if not self.up.done():
            if not data.startswith(_CONNACK):
                self.up.set_exception(ConnectionRefusedError(f"CONNACK {data[:4].hex()}"))
                return
            self.up.set_result(None)
            data = data[len(_CONNACK) :]
        if data and data[0] == _SUBACK:
            data = data[5:]
        if not data:
            return
        if data[0] == 0x40:
            self.acked_bytes += len(data)
            self.fleet.acked(self, len(data))
        else:
            self._told(data)

    def _told(self, data: bytes) -> None:
        """PUBLISH packets of QoS 1, each whole in what was read: they are far smaller than a socket's buffer."""
        answers = bytearray()
        place = 0
        while place < len(data) and data[place] & 0xF0 == 0x30:
            length, place = _length(data, place + 1)
            name = data[place] << 8 | data[place + 1]
            answers += b"\x40\x02" + data[place + 2 + name : place + 4 + name]
            self.told += 1
            place += length
        assert self.transport is not None
        self.transport.write(bytes(answers))
        self.fleet.heard(len(answers) // PUBACK_BYTES)


def _length(data: bytes, place: int) -> tuple[int, int]:
    length = shift = 0
    while True:
        byte = data[place]
        length |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return length, place


class Fleet:
    """All devices of the process."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self._names: list[str] = []
        self._product_key = ""
        self._waiting = 0
        self._done: asyncio.Future[None] | None = None
        self._goal = 0
        self._flow: dict[Client, tuple[bytes, int, int]] = {}

    async def connect(self, order: dict[str, Any]) -> dict[str, Any]:
        """Connect the devices `first`.. of a product; how long it took."""
        self._product_key = order["product_key"]
        self._names = [order["name"].format(i) for i in range(order["first"], order["first"] + order["count"])]
        firsts = [self._first_packet(order, i, name) for i, name in enumerate(self._names, order["first"])]
        gate = asyncio.Semaphore(CONNECTING_MAX)
        loop = asyncio.get_running_loop()

        async def one(first: bytes) -> Client:
            async with gate:
                client = Client(self, first)
                await loop.create_connection(lambda: client, order["host"], order["port"])
                await client.up
                return client

        begun = time.perf_counter()
        self.clients += await asyncio.gather(*(one(first) for first in firsts))
        return {"seconds": time.perf_counter() - begun}

    def _first_packet(self, order: dict[str, Any], number: int, name: str) -> bytes:
        fields = connect_fields(self._product_key, name, f"{number:032d}")
        first = encode(Connect(fields.client_id, fields.username, fields.password.encode(), KEEP_ALIVE_S))
        if order.get("subscribes"):
            first += encode(Subscribe(1, ((f"/ota/device/upgrade/{self._product_key}/{name}", 1),)))
        return first

    async def report(self, order: dict[str, Any]) -> dict[str, Any]:
        """Each device sends `each` reports, `window` of them at a time; ends when all are acknowledged."""
        window, windows = order["window"], order["each"] // order["window"]
        self._flow = {}
        for client, name in zip(self.clients, self._names, strict=True):
            topic = f"/ota/device/progress/{self._product_key}/{name}"
            packets = (
                encode(Publish(topic, b'{"id":"1","params":{"step":"%d","desc":""}}' % (step % 99 + 1), step + 1))
                for step in range(window)
            )
            self._flow[client] = (b"".join(packets), windows, window * PUBACK_BYTES)
        self._waiting = len(self.clients)
        self._done = asyncio.get_running_loop().create_future()
        begun = time.perf_counter()
        for client, (block, _, _) in self._flow.items():
            client.acked_bytes = 0
            assert client.transport is not None
            client.transport.write(block)
        await asyncio.wait_for(self._done, PATIENCE_S)
        return {"seconds": time.perf_counter() - begun, "reports": windows * window * len(self.clients)}

    def acked(self, client: Client, n: int) -> None:
        flow = self._flow.get(client)
        if flow is None or client.acked_bytes < flow[2]:
            return
        block, left, wanted = flow
        client.acked_bytes -= wanted
        if left > 1:
            self._flow[client] = (block, left - 1, wanted)
            assert client.transport is not None
            client.transport.write(block)
            return
        del self._flow[client]
        self._waiting -= 1
        if not self._waiting and self._done is not None and not self._done.done():
            self._done.set_result(None)

    async def expect(self, order: dict[str, Any]) -> dict[str, Any]:
        """From now on count what the devices are told; answered at once."""
        for client in self.clients:
            client.told = 0
        self._goal = order["count"]
        self._done = asyncio.get_running_loop().create_future()
        return {}

    async def told(self, order: dict[str, Any]) -> dict[str, Any]:
        """Wait until as many messages as expected have come."""
        assert self._done is not None
        await asyncio.wait_for(self._done, PATIENCE_S)
        return {"told": sum(client.told for client in self.clients)}

    def heard(self, n: int) -> None:
        self._goal -= n
        if self._goal <= 0 and self._done is not None and not self._done.done():
            self._done.set_result(None)

    async def publish(self, order: dict[str, Any]) -> dict[str, Any]:
        """One more connection publishes a message to each device's topic: how a broker is told to notify a fleet."""
        loop = asyncio.get_running_loop()
        client = Client(self, encode(Connect("publisher", None, None, KEEP_ALIVE_S)))
        await loop.create_connection(lambda: client, order["host"], order["port"])
        await client.up
        assert client.transport is not None
        payload = b"x" * order["payload_bytes"]
        topics = [f"/ota/device/upgrade/{self._product_key}/{name}" for name in self._names]
        begun = time.perf_counter()
        for place in range(0, len(topics), 500):
            client.transport.write(
                b"".join(encode(Publish(topic, payload, i + 1)) for i, topic in enumerate(topics[place : place + 500]))
            )
            await asyncio.sleep(0)
        answer = await self.told({})
        client.transport.close()
        return {"seconds": time.perf_counter() - begun, **answer}

    async def close(self, order: dict[str, Any]) -> dict[str, Any]:
        """Say goodbye."""
        for client in self.clients:
            assert client.transport is not None
            client.transport.write(encode(Disconnect()))
            client.transport.close()
        self.clients = []
        return {}


async def main() -> None:
    fleet = Fleet()
    loop = asyncio.get_running_loop()
    commands: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
        "connect": fleet.connect,
        "report": fleet.report,
        "expect": fleet.expect,
        "told": fleet.told,
        "publish": fleet.publish,
        "close": fleet.close,
    }
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        answer = await commands[order["do"]](order)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
