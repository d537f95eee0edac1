"""Which MQTT a device speaks: 3.1.1 with the gateway's own codec, or 5."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from whimbrel.gateway.packets import (
    ConnAck,
    Connect,
    Disconnect,
    PacketReader,
    PingReq,
    PubAck,
    Publish,
    encode,
)
from whimbrel.simulator import packets5
from whimbrel.simulator.packets5 import Outcome, Said

Spoken = Connect | Publish | PubAck | PingReq | Disconnect


class Dialect(Protocol):
    """One connection's way of reading and writing."""

    def feed(self, data: bytes) -> Sequence[Said]:
        """What the server said. Raises ProtocolViolationError."""
        ...

    def encode(self, packet: Spoken) -> bytes:
        """What the device says."""
        ...


class Dialect4:
    """MQTT 3.1.1, whose return codes become reasons of MQTT 5: 0 is taken, all others are refusals."""

    __slots__ = ("_reader",)

    def __init__(self) -> None:
        self._reader = PacketReader()

    def feed(self, data: bytes) -> Sequence[Said]:
        """See Dialect."""
        said: list[Said] = []
        for packet in self._reader.feed(data):
            match packet:
                case Publish():
                    said.append(packet)
                case PubAck(packet_id):
                    said.append(Outcome(0, packet_id))
                case ConnAck(code):
                    said.append(Outcome(code and packets5.REFUSED + code))
        return said

    def encode(self, packet: Spoken) -> bytes:
        """See Dialect."""
        return encode(packet)


class Dialect5:
    """MQTT 5."""

    __slots__ = ("_reader",)

    def __init__(self) -> None:
        self._reader = packets5.Reader()

    def feed(self, data: bytes) -> Sequence[Said]:
        """See Dialect."""
        return self._reader.feed(data)

    def encode(self, packet: Spoken) -> bytes:
        """See Dialect."""
        return packets5.encode(packet)


def dialect_of(level: int) -> Dialect:
    """By the protocol level that CONNECT names: 4 is 3.1.1."""
    return Dialect5() if level == packets5.LEVEL else Dialect4()
