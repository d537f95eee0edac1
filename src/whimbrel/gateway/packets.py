"""The vocabulary of packets, and the MQTT 3.1.1 codec for QoS 0 and 1: bytes to packets and back, without IO.

Invariant: whatever the bytes, decoding gives packets or ProtocolViolationError and nothing else. Section numbers are
those of the OASIS standard MQTT 3.1.1. QoS 2 is not spoken here, so its packets are violations. `packets5.py` reads
and writes the same packets as MQTT 5.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final, NamedTuple

from whimbrel.gateway.frames import CONNECT_BYTES_MAX as CONNECT_BYTES_MAX
from whimbrel.gateway.frames import PACKET_BYTES_MAX as PACKET_BYTES_MAX
from whimbrel.gateway.frames import PACKET_ID_MAX as PACKET_ID_MAX
from whimbrel.gateway.frames import (
    Decoder,
    Decoders,
    FrameReader,
    field,
    framed,
    framed_with_id,
    read_bytes,
    read_number,
    read_packet_id,
    read_string,
    read_topic,
)
from whimbrel.gateway.frames import ProtocolViolationError as ProtocolViolationError

SUBSCRIPTION_REFUSED: Final = 0x80

_PROTOCOL_LEVEL: Final = 4
_SUBACK_CODES: Final = frozenset((0, 1, 2, SUBSCRIPTION_REFUSED))


class ConnackCode(IntEnum):
    """CONNACK return codes (table 3.1), with our use of them (device-protocol 1)."""

    ACCEPTED = 0
    PROTOCOL_LEVEL = 1
    IDENTIFIER_REJECTED = 2
    SERVER_UNAVAILABLE = 3
    BAD_CREDENTIAL = 4
    NOT_AUTHORIZED = 5
    # What only MQTT 5 can say, by its reason code (MQTT 5, 3.2.2.2); 3.1.1 says the nearest of the above.
    UNSUITABLE = 0x83
    SERVER_BUSY = 0x89
    BAD_AUTHENTICATION_METHOD = 0x8C
    RETAIN_NOT_SUPPORTED = 0x9A
    QOS_NOT_SUPPORTED = 0x9B


class SubscriptionRefusal(IntEnum):
    """Why a filter is refused, by the reason codes of MQTT 5 (3.9.3); 3.1.1 has SUBSCRIPTION_REFUSED for all."""

    NOT_AUTHORIZED = 0x87
    SHARED = 0x9E
    IDENTIFIER = 0xA1
    WILDCARD = 0xA2


class Will(NamedTuple):
    """What a device asks to publish in its name when its connection is lost."""

    topic: str
    payload: bytes
    qos: int
    is_retained: bool


class ClientWishes(NamedTuple):
    """What a device of MQTT 5 asks for in its CONNECT; of 3.1.1, the standard's values for one that asks for nothing.

    receive_max: messages of QoS 1 that it takes unacknowledged. packet_bytes_max: the largest packet it takes.
    """

    receive_max: int = 0xFFFF
    packet_bytes_max: int = (1 << 28) + 4
    authentication_method: str | None = None


class Connect(NamedTuple):
    client_id: str
    username: str | None
    password: bytes | None
    keep_alive_s: int
    is_clean: bool = True
    will: Will | None = None
    level: int = 4
    wishes: ClientWishes = ClientWishes()


class UnsupportedConnect(NamedTuple):
    """A CONNECT of another protocol level (3 is MQTT 3.1, 6 is not made yet): only its head was read."""

    level: int


class ConnAck(NamedTuple):
    code: ConnackCode
    is_session_present: bool = False


class Publish(NamedTuple):
    """A message; `packet_id` is None with QoS 0 and 1 to 65535 with QoS 1."""

    topic: str
    payload: bytes
    packet_id: int | None = None
    is_duplicate: bool = False
    is_retained: bool = False


class PubAck(NamedTuple):
    packet_id: int


class Subscribe(NamedTuple):
    """Topic filters, each with the QoS asked for (0 to 2)."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]
    has_identifier: bool = False


class SubAck(NamedTuple):
    """For each filter the QoS granted, or SUBSCRIPTION_REFUSED."""

    packet_id: int
    codes: tuple[int, ...]


class Unsubscribe(NamedTuple):
    packet_id: int
    filters: tuple[str, ...]


class UnsubAck(NamedTuple):
    packet_id: int


class PingReq(NamedTuple): ...


class PingResp(NamedTuple): ...


class Disconnect(NamedTuple): ...


EncodablePacket = (
    Connect | ConnAck | Publish | PubAck | Subscribe | SubAck | Unsubscribe | UnsubAck | PingReq | PingResp | Disconnect
)
Packet = EncodablePacket | UnsupportedConnect


class PacketReader(FrameReader[Packet]):
    """Cuts one connection's bytes into packets of MQTT 3.1.1."""

    __slots__ = ()

    def __init__(self, remaining_bytes_max: int = PACKET_BYTES_MAX) -> None:
        super().__init__(DECODERS, remaining_bytes_max)


def encode(packet: EncodablePacket) -> bytes:
    """The packet on the wire. OverflowError when a string, number or packet is larger than its field can say."""
    return _ENCODERS[type(packet)](packet)


def encode_puback(packet_id: int) -> bytes:
    """`encode(PubAck(packet_id))` without the packet: one is sent for every report."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


# ---- decoding: each takes the first byte, the data, and where the body starts and ends in it -------------------------


def _decode_publish(first: int, data: bytes, start: int, end: int) -> Publish:
    topic, after = read_topic(data, start, end)
    packet_id = None
    if first & 0x06:
        packet_id = read_packet_id(data, after, end)
        after += 2
    return Publish(topic, data[after:end], packet_id, first & 0x08 != 0, first & 0x01 != 0)


def read_connect_level(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The protocol level of a CONNECT and where its flags are. MQTT 3.1 and its like are level 3."""
    name, after = read_bytes(data, start, end)
    if name not in (b"MQTT", b"MQIsdp") or after + 1 > end:
        raise ProtocolViolationError("not a CONNECT of MQTT")
    return data[after] if name == b"MQTT" else 3, after + 1


def decode_connect(_first: int, data: bytes, start: int, end: int) -> Connect | UnsupportedConnect:
    level, after = read_connect_level(data, start, end)
    if level != _PROTOCOL_LEVEL:
        return UnsupportedConnect(level)
    if after < end and data[after] & 0xC0 == 0x40:
        raise ProtocolViolationError("a CONNECT has a password without a user name (3.1.2.9)")
    flags, keep_alive_s, after = read_connect_flags(data, after, end)
    client_id, after = read_string(data, after, end)
    will: Will | None = None
    if flags & 0x04:
        will, after = read_will(flags, data, after, end)
    username, password = read_login(flags, data, after, end)
    return Connect(client_id, username, password, keep_alive_s, flags & 0x02 != 0, will)


def read_connect_flags(data: bytes, start: int, end: int) -> tuple[int, int, int]:
    """The flags, the keep-alive in seconds, and where the next field is."""
    if start + 1 > end:
        raise ProtocolViolationError("a CONNECT ends before its flags")
    flags = data[start]
    # The reserved bit; will QoS 3; will options without a will.
    if flags & 0x01 or flags & 0x18 == 0x18 or (flags & 0x38 and not flags & 0x04):
        raise ProtocolViolationError(f"CONNECT flags 0x{flags:02x} contradict each other (3.1.2)")
    return flags, read_number(data, start + 1, end), start + 3


def read_will(flags: int, data: bytes, start: int, end: int) -> tuple[Will, int]:
    topic, after = read_topic(data, start, end)
    payload, after = read_bytes(data, after, end)
    return Will(topic, payload, qos=flags >> 3 & 3, is_retained=flags & 0x20 != 0), after


def read_login(flags: int, data: bytes, start: int, end: int) -> tuple[str | None, bytes | None]:
    """User name and password, the last fields of a CONNECT."""
    username: str | None = None
    password: bytes | None = None
    after = start
    if flags & 0x80:
        username, after = read_string(data, after, end)
    if flags & 0x40:
        password, after = read_bytes(data, after, end)
    if after != end:
        raise ProtocolViolationError("bytes after the last field of a CONNECT")
    return username, password


def _decode_connack(_first: int, data: bytes, start: int, end: int) -> ConnAck:
    if end - start != 2 or data[start] > 1 or data[start + 1] > 5 or (data[start] and data[start + 1]):
        raise ProtocolViolationError("malformed CONNACK")
    return ConnAck(ConnackCode(data[start + 1]), data[start] == 1)


def _only_packet_id(data: bytes, start: int, end: int) -> int:
    if end - start != 2:
        raise ProtocolViolationError("an acknowledgement has a packet id and nothing else")
    return read_packet_id(data, start, end)


def _decode_subscribe(_first: int, data: bytes, start: int, end: int) -> Subscribe:
    packet_id, after = read_packet_id(data, start, end), start + 2
    filters: list[tuple[str, int]] = []
    while after < end or not filters:
        topic_filter, after = read_string(data, after, end)
        if not topic_filter or after >= end or data[after] > 2:
            raise ProtocolViolationError("a subscription needs a filter and a QoS of 0 to 2")
        filters.append((topic_filter, data[after]))
        after += 1
    return Subscribe(packet_id, tuple(filters))


def _decode_suback(_first: int, data: bytes, start: int, end: int) -> SubAck:
    packet_id, codes = read_packet_id(data, start, end), tuple(data[start + 2 : end])
    if not codes or not _SUBACK_CODES.issuperset(codes):
        raise ProtocolViolationError("malformed SUBACK")
    return SubAck(packet_id, codes)


def _decode_unsubscribe(_first: int, data: bytes, start: int, end: int) -> Unsubscribe:
    packet_id, after = read_packet_id(data, start, end), start + 2
    filters: list[str] = []
    while after < end or not filters:
        topic_filter, after = read_string(data, after, end)
        if not topic_filter:
            raise ProtocolViolationError("an empty topic filter")
        filters.append(topic_filter)
    return Unsubscribe(packet_id, tuple(filters))


def _decode_bodiless(first: int, _data: bytes, start: int, end: int) -> PingReq | PingResp | Disconnect:
    if start != end:
        raise ProtocolViolationError("a body where none belongs")
    return PingReq() if first == 0xC0 else PingResp() if first == 0xD0 else Disconnect()


# By first byte, type and flags together: a wrong flag, a reserved type, QoS 2 or 3, and DUP with QoS 0 have no entry.
_DECODER_BY_FIRST_BYTE: dict[int, Decoder[Packet]] = {
    0x10: decode_connect,
    0x20: _decode_connack,
    **dict.fromkeys((0x30, 0x31, 0x32, 0x33, 0x3A, 0x3B), _decode_publish),
    0x40: lambda _first, data, start, end: PubAck(_only_packet_id(data, start, end)),
    0x82: _decode_subscribe,
    0x90: _decode_suback,
    0xA2: _decode_unsubscribe,
    0xB0: lambda _first, data, start, end: UnsubAck(_only_packet_id(data, start, end)),
    **dict.fromkeys((0xC0, 0xD0, 0xE0), _decode_bodiless),
}
DECODERS: Decoders[Packet] = tuple(_DECODER_BY_FIRST_BYTE.get(first) for first in range(256))


# ---- encoding -------------------------------------------------------------------------------------------------------


def _encode_connect(packet: Connect) -> bytes:
    flags = 0x02 if packet.is_clean else 0
    fields = [field(packet.client_id)]
    if packet.will is not None:
        flags |= 0x04 | packet.will.qos << 3 | packet.will.is_retained << 5
        fields += field(packet.will.topic), field(packet.will.payload)
    if packet.username is not None:
        flags |= 0x80
        fields.append(field(packet.username))
    if packet.password is not None:
        flags |= 0x40
        fields.append(field(packet.password))
    head = field("MQTT") + bytes((_PROTOCOL_LEVEL, flags)) + packet.keep_alive_s.to_bytes(2, "big")
    return framed(0x10, head + b"".join(fields))


def _encode_publish(packet: Publish) -> bytes:
    topic, payload, packet_id, is_duplicate, is_retained = packet
    if packet_id is None:
        return framed(0x30 | is_retained, field(topic) + payload)
    return framed(0x32 | is_duplicate << 3 | is_retained, field(topic) + packet_id.to_bytes(2, "big") + payload)


_RETURN_CODES: Final = {
    ConnackCode.UNSUITABLE: ConnackCode.NOT_AUTHORIZED,
    ConnackCode.SERVER_BUSY: ConnackCode.SERVER_UNAVAILABLE,
    ConnackCode.BAD_AUTHENTICATION_METHOD: ConnackCode.NOT_AUTHORIZED,
    ConnackCode.RETAIN_NOT_SUPPORTED: ConnackCode.NOT_AUTHORIZED,
    ConnackCode.QOS_NOT_SUPPORTED: ConnackCode.NOT_AUTHORIZED,
}

_ENCODERS: dict[type[Any], Callable[[Any], bytes]] = {
    Connect: _encode_connect,
    ConnAck: lambda p: bytes((0x20, 2, p.is_session_present, _RETURN_CODES.get(p.code, p.code))),
    Publish: _encode_publish,
    PubAck: lambda p: encode_puback(p.packet_id),
    Subscribe: lambda p: framed_with_id(0x82, p.packet_id, b"".join(field(f) + bytes((q,)) for f, q in p.filters)),
    SubAck: lambda p: framed_with_id(0x90, p.packet_id, bytes(p.codes)),
    Unsubscribe: lambda p: framed_with_id(0xA2, p.packet_id, b"".join(map(field, p.filters))),
    UnsubAck: lambda p: framed_with_id(0xB0, p.packet_id, b""),
    PingReq: lambda _p: b"\xc0\x00",
    PingResp: lambda _p: b"\xd0\x00",
    Disconnect: lambda _p: b"\xe0\x00",
}
