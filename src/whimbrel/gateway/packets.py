"""The MQTT 3.1.1 codec for QoS 0 and 1: bytes to packets and back, both directions, without IO.

Invariants: whatever the bytes, decoding gives packets or ProtocolViolationError and nothing else; a length is compared
with its limit before anything is kept for it (I17); a stream gives the same packets however it is cut. Section numbers
are those of the OASIS standard MQTT 3.1.1. QoS 2 is not spoken here, so its packets are violations.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final, NamedTuple

PACKET_BYTES_MAX: Final = 64 * 1024 + 512
"""Largest remaining length (2.2.3) of a packet: a payload of 64 KiB with its topic and packet id."""

CONNECT_BYTES_MAX: Final = 4 * 1024
"""Largest remaining length before the device is authenticated; a vendor device's CONNECT has about 250 bytes."""

PACKET_ID_MAX: Final = 0xFFFF
SUBSCRIPTION_REFUSED: Final = 0x80

CONNACK_VERSION_5_UNSUPPORTED: Final = b"\x20\x03\x00\x84\x00"
"""The answer an MQTT 5 device understands (MQTT 5, 3.2.2.2): unsupported protocol version, no properties."""

_PROTOCOL_LEVEL: Final = 4
_SUBACK_CODES: Final = frozenset((0, 1, 2, SUBSCRIPTION_REFUSED))


class ProtocolViolationError(Exception):
    """The bytes or their order are not MQTT as we speak it; the connection is to be closed. Internal to the gateway."""


class ConnackCode(IntEnum):
    """CONNACK return codes (table 3.1), with our use of them (device-protocol 1)."""

    ACCEPTED = 0
    PROTOCOL_LEVEL = 1
    IDENTIFIER_REJECTED = 2
    SERVER_UNAVAILABLE = 3
    BAD_CREDENTIAL = 4
    NOT_AUTHORIZED = 5


class Will(NamedTuple):
    """What a device asks to publish in its name when its connection is lost."""

    topic: str
    payload: bytes
    qos: int
    is_retained: bool


class Connect(NamedTuple):
    client_id: str
    username: str | None
    password: bytes | None
    keep_alive_s: int
    is_clean: bool = True
    will: Will | None = None


class UnsupportedConnect(NamedTuple):
    """A CONNECT of another protocol level (5; 3 is MQTT 3.1): only its head was read."""

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


class PacketReader:
    """Cuts one connection's bytes into packets. After a ProtocolViolationError it must not be fed again."""

    __slots__ = ("_needed_bytes", "_partial", "remaining_bytes_max")

    def __init__(self, remaining_bytes_max: int = PACKET_BYTES_MAX) -> None:
        self.remaining_bytes_max = remaining_bytes_max
        self._partial: bytearray | None = None
        self._needed_bytes = 0

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that these bytes complete. Raises ProtocolViolationError.

        Packets in front of a violation in the same `data` are lost with the connection; nothing acknowledged them.
        """
        if self._partial is not None:
            self._partial += data
            if len(self._partial) < self._needed_bytes:
                return []
            data = bytes(self._partial)
            self._partial = None
        packets: list[Packet] = []
        start, end = 0, len(data)
        while start < end:
            first = data[start]
            decode = _DECODERS[first]
            if decode is None:
                raise ProtocolViolationError(f"no packet begins with 0x{first:02x}")
            body = start + 2
            if body <= end and data[start + 1] < 0x80:
                after = body + data[start + 1]
            else:
                length, body = _read_long_length(data, start + 1)
                after = body + length
            if after - body > self.remaining_bytes_max:
                raise ProtocolViolationError(f"a packet of {after - body} bytes is larger than accepted here")
            if after > end:
                self._partial = bytearray(data[start:])
                self._needed_bytes = after - start
                break
            packets.append(decode(first, data, body, after))
            start = after
        return packets


def encode(packet: EncodablePacket) -> bytes:
    """The packet on the wire. OverflowError when a string, number or packet is larger than its field can say."""
    return _ENCODERS[type(packet)](packet)


def encode_puback(packet_id: int) -> bytes:
    """`encode(PubAck(packet_id))` without the packet: one is sent for every report."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


# ---- decoding: each takes the first byte, the data, and where the body starts and ends in it -------------------------


def _read_long_length(data: bytes, start: int) -> tuple[int, int]:
    """Remaining length of several bytes and where the body begins; while the length is cut, a body yet to come."""
    length = 0
    for place, byte in enumerate(data[start : start + 4]):
        length |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return length, start + place + 1
    if len(data) >= start + 4:
        raise ProtocolViolationError("a remaining length has four bytes at most")
    return 0, len(data) + 1


def _read_number(data: bytes, start: int, end: int) -> int:
    if start + 2 > end:
        raise ProtocolViolationError("the packet ends inside a number")
    return data[start] << 8 | data[start + 1]


def _read_bytes(data: bytes, start: int, end: int) -> tuple[bytes, int]:
    after = start + 2 + _read_number(data, start, end)
    if after > end:
        raise ProtocolViolationError("the packet ends inside a field")
    return data[start + 2 : after], after


def _read_string(data: bytes, start: int, end: int) -> tuple[str, int]:
    raw, after = _read_bytes(data, start, end)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise ProtocolViolationError("a string is not UTF-8") from None
    if "\0" in text:
        raise ProtocolViolationError("a string holds NUL")
    return text, after


def _read_topic(data: bytes, start: int, end: int) -> tuple[str, int]:
    topic, after = _read_string(data, start, end)
    if not topic or "+" in topic or "#" in topic:
        raise ProtocolViolationError("a topic to publish to is empty or has a wildcard (3.3.2.1)")
    return topic, after


def _read_packet_id(data: bytes, start: int, end: int) -> int:
    packet_id = _read_number(data, start, end)
    if packet_id == 0:
        raise ProtocolViolationError("packet id 0 (2.3.1)")
    return packet_id


def _decode_publish(first: int, data: bytes, start: int, end: int) -> Publish:
    topic, after = _read_topic(data, start, end)
    packet_id = None
    if first & 0x06:
        packet_id = _read_packet_id(data, after, end)
        after += 2
    return Publish(topic, data[after:end], packet_id, first & 0x08 != 0, first & 0x01 != 0)


def _decode_connect(_first: int, data: bytes, start: int, end: int) -> Connect | UnsupportedConnect:
    name, after = _read_bytes(data, start, end)
    if name not in (b"MQTT", b"MQIsdp") or after + 1 > end:
        raise ProtocolViolationError("not a CONNECT of MQTT")
    if name != b"MQTT" or data[after] != _PROTOCOL_LEVEL:
        return UnsupportedConnect(data[after])
    if after + 2 > end:
        raise ProtocolViolationError("a CONNECT ends before its flags")
    flags = data[after + 1]
    # The reserved bit; will QoS 3; will options without a will; a password without a user name.
    if flags & 0x01 or flags & 0x18 == 0x18 or (flags & 0x38 and not flags & 0x04) or flags & 0xC0 == 0x40:
        raise ProtocolViolationError(f"CONNECT flags 0x{flags:02x} contradict each other (3.1.2)")
    keep_alive_s = _read_number(data, after + 2, end)
    client_id, after = _read_string(data, after + 4, end)
    will: Will | None = None
    username: str | None = None
    password: bytes | None = None
    if flags & 0x04:
        topic, after = _read_topic(data, after, end)
        payload, after = _read_bytes(data, after, end)
        will = Will(topic, payload, qos=flags >> 3 & 3, is_retained=flags & 0x20 != 0)
    if flags & 0x80:
        username, after = _read_string(data, after, end)
    if flags & 0x40:
        password, after = _read_bytes(data, after, end)
    if after != end:
        raise ProtocolViolationError("bytes after the last field of a CONNECT")
    return Connect(client_id, username, password, keep_alive_s, flags & 0x02 != 0, will)


def _decode_connack(_first: int, data: bytes, start: int, end: int) -> ConnAck:
    if end - start != 2 or data[start] > 1 or data[start + 1] > 5 or (data[start] and data[start + 1]):
        raise ProtocolViolationError("malformed CONNACK")
    return ConnAck(ConnackCode(data[start + 1]), data[start] == 1)


def _only_packet_id(data: bytes, start: int, end: int) -> int:
    if end - start != 2:
        raise ProtocolViolationError("an acknowledgement has a packet id and nothing else")
    return _read_packet_id(data, start, end)


def _decode_subscribe(_first: int, data: bytes, start: int, end: int) -> Subscribe:
    packet_id, after = _read_packet_id(data, start, end), start + 2
    filters: list[tuple[str, int]] = []
    while after < end or not filters:
        topic_filter, after = _read_string(data, after, end)
        if not topic_filter or after >= end or data[after] > 2:
            raise ProtocolViolationError("a subscription needs a filter and a QoS of 0 to 2")
        filters.append((topic_filter, data[after]))
        after += 1
    return Subscribe(packet_id, tuple(filters))


def _decode_suback(_first: int, data: bytes, start: int, end: int) -> SubAck:
    packet_id, codes = _read_packet_id(data, start, end), tuple(data[start + 2 : end])
    if not codes or not _SUBACK_CODES.issuperset(codes):
        raise ProtocolViolationError("malformed SUBACK")
    return SubAck(packet_id, codes)


def _decode_unsubscribe(_first: int, data: bytes, start: int, end: int) -> Unsubscribe:
    packet_id, after = _read_packet_id(data, start, end), start + 2
    filters: list[str] = []
    while after < end or not filters:
        topic_filter, after = _read_string(data, after, end)
        if not topic_filter:
            raise ProtocolViolationError("an empty topic filter")
        filters.append(topic_filter)
    return Unsubscribe(packet_id, tuple(filters))


def _decode_bodiless(first: int, _data: bytes, start: int, end: int) -> PingReq | PingResp | Disconnect:
    if start != end:
        raise ProtocolViolationError("a body where none belongs")
    return PingReq() if first == 0xC0 else PingResp() if first == 0xD0 else Disconnect()


_Decoder = Callable[[int, bytes, int, int], Packet]

# By first byte, type and flags together: a wrong flag, a reserved type, QoS 2 or 3, and DUP with QoS 0 have no entry.
_DECODER_BY_FIRST_BYTE: dict[int, _Decoder] = {
    0x10: _decode_connect,
    0x20: _decode_connack,
    **dict.fromkeys((0x30, 0x31, 0x32, 0x33, 0x3A, 0x3B), _decode_publish),
    0x40: lambda _first, data, start, end: PubAck(_only_packet_id(data, start, end)),
    0x82: _decode_subscribe,
    0x90: _decode_suback,
    0xA2: _decode_unsubscribe,
    0xB0: lambda _first, data, start, end: UnsubAck(_only_packet_id(data, start, end)),
    **dict.fromkeys((0xC0, 0xD0, 0xE0), _decode_bodiless),
}
_DECODERS: tuple[_Decoder | None, ...] = tuple(_DECODER_BY_FIRST_BYTE.get(first) for first in range(256))


# ---- encoding -------------------------------------------------------------------------------------------------------


def _framed(first: int, body: bytes) -> bytes:
    length = len(body)
    if length < 0x80:
        return bytes((first, length)) + body
    if length >= 1 << 28:
        raise OverflowError(f"a packet of {length} bytes cannot be framed")
    head = bytearray((first,))
    while length >= 0x80:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return bytes(head) + body


def _field(content: str | bytes) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return len(raw).to_bytes(2, "big") + raw


def _encode_connect(packet: Connect) -> bytes:
    flags = 0x02 if packet.is_clean else 0
    fields = [_field(packet.client_id)]
    if packet.will is not None:
        flags |= 0x04 | packet.will.qos << 3 | packet.will.is_retained << 5
        fields += _field(packet.will.topic), _field(packet.will.payload)
    if packet.username is not None:
        flags |= 0x80
        fields.append(_field(packet.username))
    if packet.password is not None:
        flags |= 0x40
        fields.append(_field(packet.password))
    head = _field("MQTT") + bytes((_PROTOCOL_LEVEL, flags)) + packet.keep_alive_s.to_bytes(2, "big")
    return _framed(0x10, head + b"".join(fields))


def _encode_publish(packet: Publish) -> bytes:
    topic, payload, packet_id, is_duplicate, is_retained = packet
    if packet_id is None:
        return _framed(0x30 | is_retained, _field(topic) + payload)
    return _framed(0x32 | is_duplicate << 3 | is_retained, _field(topic) + packet_id.to_bytes(2, "big") + payload)


def _framed_with_id(first: int, packet_id: int, body: bytes) -> bytes:
    return _framed(first, packet_id.to_bytes(2, "big") + body)


_ENCODERS: dict[type[Any], Callable[[Any], bytes]] = {
    Connect: _encode_connect,
    ConnAck: lambda p: bytes((0x20, 2, p.is_session_present, p.code)),
    Publish: _encode_publish,
    PubAck: lambda p: encode_puback(p.packet_id),
    Subscribe: lambda p: _framed_with_id(0x82, p.packet_id, b"".join(_field(f) + bytes((q,)) for f, q in p.filters)),
    SubAck: lambda p: _framed_with_id(0x90, p.packet_id, bytes(p.codes)),
    Unsubscribe: lambda p: _framed_with_id(0xA2, p.packet_id, b"".join(map(_field, p.filters))),
    UnsubAck: lambda p: _framed_with_id(0xB0, p.packet_id, b""),
    PingReq: lambda _p: b"\xc0\x00",
    PingResp: lambda _p: b"\xd0\x00",
    Disconnect: lambda _p: b"\xe0\x00",
}
