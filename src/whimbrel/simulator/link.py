"""One MQTT connection of a virtual device, on the gateway's own codec used from the other side."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol, cast

from whimbrel.domain.device_credential import ConnectFields
from whimbrel.gateway.packets import (
    ConnAck,
    ConnackCode,
    Connect,
    Disconnect,
    EncodablePacket,
    Packet,
    PacketReader,
    PingReq,
    ProtocolViolationError,
    PubAck,
    Publish,
    encode,
    encode_puback,
)

KEEP_ALIVE_S: Final = 300
PING_EVERY_S: Final = KEEP_ALIVE_S / 2


class LinkOwner(Protocol):
    """The device behind a connection."""

    def received(self, topic: str, payload: bytes) -> None: ...

    def acknowledged(self, packet_id: int) -> None: ...


class RefusedConnectError(Exception):
    """The server answered a CONNECT with a code other than 0. Internal to the simulator."""


class Link(asyncio.Protocol):
    """`accepted` ends with the CONNACK, `closed` with the connection, however it ends."""

    def __init__(self, owner: LinkOwner, fields: ConnectFields) -> None:
        loop = asyncio.get_running_loop()
        self._owner = owner
        self._fields = fields
        self._reader = PacketReader()
        self._transport: asyncio.Transport | None = None
        self._ping: asyncio.TimerHandle | None = None
        self._was_heard = True
        self.accepted: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()

    def send(self, packet: EncodablePacket) -> None:
        """Onto the wire, or nowhere when the connection is gone: what must arrive is sent again on the next one."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(packet))

    def say_goodbye(self) -> None:
        """End as a device that is switched off."""
        self.send(Disconnect())
        if self._transport is not None:
            self._transport.close()

    def break_off(self) -> None:
        """End as a device that lost its power: without a word."""
        if self._transport is not None:
            self._transport.abort()

    # ---- asyncio.Protocol ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        client_id, username, password = self._fields
        self.send(Connect(client_id, username, password.encode(), KEEP_ALIVE_S))
        self._ping = asyncio.get_running_loop().call_later(PING_EVERY_S, self._keep_alive)

    def data_received(self, data: bytes) -> None:
        self._was_heard = True
        try:
            packets = self._reader.feed(data)
        except ProtocolViolationError:
            self.break_off()
            return
        for packet in packets:
            self._take(packet)

    def connection_lost(self, error: Exception | None) -> None:
        if self._ping is not None:
            self._ping.cancel()
        if not self.accepted.done():
            self.accepted.set_exception(ConnectionResetError("the connection ended before its CONNACK"))
        self.accepted.exception()  # looked at, for nobody may be waiting for it any more
        if not self.closed.done():
            self.closed.set_result(None)

    # ---- parts ----

    def _take(self, packet: Packet) -> None:
        match packet:
            case Publish(topic, payload, packet_id):
                if packet_id is not None and self._transport is not None:
                    self._transport.write(encode_puback(packet_id))
                self._owner.received(topic, payload)
            case PubAck(packet_id):
                self._owner.acknowledged(packet_id)
            case ConnAck(ConnackCode.ACCEPTED) if not self.accepted.done():
                self.accepted.set_result(None)
            case ConnAck(code) if not self.accepted.done():
                self.accepted.set_exception(RefusedConnectError(f"the server refused the device with code {code}"))

    def _keep_alive(self) -> None:
        if not self._was_heard:
            self.break_off()
            return
        self._was_heard = False
        self.send(PingReq())
        self._ping = asyncio.get_running_loop().call_later(PING_EVERY_S, self._keep_alive)
