"""The MQTT 5 codec for QoS 0 and 1, the server's side: what a device says to packets, what we say to bytes.

The packets are those of `packets.py`. Of the properties only those that bind the server are kept (`ClientWishes`); all
are checked for form. Invariant: whatever the bytes, decoding gives packets or ProtocolViolationError and nothing else.
Section numbers are those of the OASIS standard MQTT 5.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from whimbrel.gateway.frames import (
    Decoder,
    Decoders,
    ProtocolViolationError,
    TopicAliasInvalidError,
    field,
    framed,
    framed_with_id,
    read_packet_id,
    read_string,
)
from whimbrel.gateway.packets import (
    ClientWishes,
    Connect,
    Disconnect,
    Packet,
    PingReq,
    PubAck,
    Publish,
    Subscribe,
    Unsubscribe,
    UnsupportedConnect,
    Will,
    read_connect_flags,
    read_connect_level,
    read_login,
    read_will,
)
from whimbrel.gateway.properties5 import (
    AUTHENTICATION_DATA,
    AUTHENTICATION_METHOD,
    CONNECT_PROPERTIES,
    DISCONNECT_PROPERTIES,
    MAXIMUM_PACKET_SIZE,
    PUBACK_PROPERTIES,
    PUBLISH_PROPERTIES,
    REASON_STRING,
    RECEIVE_MAXIMUM,
    SUBSCRIBE_PROPERTIES,
    SUBSCRIPTION_IDENTIFIER,
    TOPIC_ALIAS,
    UNSUBSCRIBE_PROPERTIES,
    WILL_PROPERTIES,
    encode_properties,
    read_properties,
)

PROTOCOL_LEVEL: Final = 5

_NO_WISHES: Final = ClientWishes()

#: Retain handling 3 and the two reserved bits (3.8.3.1); the options for retained messages mean nothing here.
_SUBSCRIPTION_RESERVED: Final = 0xC0


# ---- decoding: each takes the first byte, the data, and where the body starts and ends in it -------------------------


def decode_connect(_first: int, data: bytes, start: int, end: int) -> Connect | UnsupportedConnect:
    level, after = read_connect_level(data, start, end)
    if level != PROTOCOL_LEVEL:
        return UnsupportedConnect(level)
    flags, keep_alive_s, after = read_connect_flags(data, after, end)
    properties, after = read_properties(data, after, end, CONNECT_PROPERTIES)
    client_id, after = read_string(data, after, end)
    will: Will | None = None
    if flags & 0x04:
        _, after = read_properties(data, after, end, WILL_PROPERTIES)
        will, after = read_will(flags, data, after, end)
    username, password = read_login(flags, data, after, end)
    wishes = _wishes(properties) if properties else _NO_WISHES
    return Connect(client_id, username, password, keep_alive_s, flags & 0x02 != 0, will, level, wishes)


def _wishes(properties: Mapping[int, int | str | bytes]) -> ClientWishes:
    method = properties.get(AUTHENTICATION_METHOD)
    if method is None and AUTHENTICATION_DATA in properties:
        raise ProtocolViolationError("authentication data without a method (3.1.2.11.10)")
    return ClientWishes(
        receive_max=int(properties.get(RECEIVE_MAXIMUM, _NO_WISHES.receive_max)),
        packet_bytes_max=int(properties.get(MAXIMUM_PACKET_SIZE, _NO_WISHES.packet_bytes_max)),
        authentication_method=None if method is None else str(method),
    )


def _decode_publish(first: int, data: bytes, start: int, end: int) -> Publish:
    topic, after = read_string(data, start, end)
    packet_id = None
    if first & 0x06:
        packet_id = read_packet_id(data, after, end)
        after += 2
    if after < end and data[after] == 0:
        after += 1
    else:
        properties, after = read_properties(data, after, end, PUBLISH_PROPERTIES)
        if TOPIC_ALIAS in properties:
            raise TopicAliasInvalidError("a topic alias, and CONNACK offers none (3.3.2.3.4)")
    if not topic or "+" in topic or "#" in topic:
        raise ProtocolViolationError("a topic to publish to is empty or has a wildcard (3.3.2.1)")
    return Publish(topic, data[after:end], packet_id, first & 0x08 != 0, first & 0x01 != 0)


def _decode_puback(_first: int, data: bytes, start: int, end: int) -> PubAck:
    """The reason is not looked at: a device that refuses a notice has it, and will not be sent it again."""
    packet_id = read_packet_id(data, start, end)
    if end - start > 3:
        _, after = read_properties(data, start + 3, end, PUBACK_PROPERTIES)
        _must_be_all(after, end)
    return PubAck(packet_id)


def _decode_subscribe(_first: int, data: bytes, start: int, end: int) -> Subscribe:
    packet_id = read_packet_id(data, start, end)
    properties, after = read_properties(data, start + 2, end, SUBSCRIBE_PROPERTIES)
    filters: list[tuple[str, int]] = []
    while after < end or not filters:
        topic_filter, after = read_string(data, after, end)
        if not topic_filter or after >= end:
            raise ProtocolViolationError("a subscription needs a filter and options")
        options = data[after]
        if options & _SUBSCRIPTION_RESERVED or options & 0x03 == 0x03 or options & 0x30 == 0x30:
            raise ProtocolViolationError(f"subscription options 0x{options:02x} do not exist (3.8.3.1)")
        filters.append((topic_filter, options & 0x03))
        after += 1
    return Subscribe(packet_id, tuple(filters), SUBSCRIPTION_IDENTIFIER in properties)


def _decode_unsubscribe(_first: int, data: bytes, start: int, end: int) -> Unsubscribe:
    packet_id = read_packet_id(data, start, end)
    _, after = read_properties(data, start + 2, end, UNSUBSCRIBE_PROPERTIES)
    filters: list[str] = []
    while after < end or not filters:
        topic_filter, after = read_string(data, after, end)
        if not topic_filter:
            raise ProtocolViolationError("an empty topic filter")
        filters.append(topic_filter)
    return Unsubscribe(packet_id, tuple(filters))


def _decode_pingreq(_first: int, _data: bytes, start: int, end: int) -> PingReq:
    _must_be_all(start, end)
    return PingReq()


def _decode_disconnect(_first: int, data: bytes, start: int, end: int) -> Disconnect:
    """Why the device goes is not looked at: its will, which some reasons are about, is never published."""
    if end - start > 1:
        _, after = read_properties(data, start + 1, end, DISCONNECT_PROPERTIES)
        _must_be_all(after, end)
    return Disconnect()


def _must_be_all(after: int, end: int) -> None:
    if after != end:
        raise ProtocolViolationError("bytes after the last field of a packet")


# By first byte as in packets.py. AUTH has no entry: no authentication method is accepted, so it is never in order.
_DECODER_BY_FIRST_BYTE: dict[int, Decoder[Packet]] = {
    0x10: decode_connect,
    **dict.fromkeys((0x30, 0x31, 0x32, 0x33, 0x3A, 0x3B), _decode_publish),
    0x40: _decode_puback,
    0x82: _decode_subscribe,
    0xA2: _decode_unsubscribe,
    0xC0: _decode_pingreq,
    0xE0: _decode_disconnect,
}
DECODERS: Decoders[Packet] = tuple(_DECODER_BY_FIRST_BYTE.get(first) for first in range(256))


# ---- encoding -------------------------------------------------------------------------------------------------------


def encode_connack(reason: int, properties: Iterable[tuple[int, int]] = ()) -> bytes:
    """Never with a session: none outlives its connection."""
    return framed(0x20, bytes((0, reason)) + encode_properties(properties))


def encode_publish(topic: str, payload: bytes, packet_id: int | None) -> bytes:
    if packet_id is None:
        return framed(0x30, field(topic) + b"\0" + payload)
    return framed(0x32, field(topic) + packet_id.to_bytes(2, "big") + b"\0" + payload)


def encode_refusing_puback(packet_id: int, reason: int) -> bytes:
    """A PUBACK that is not "success"; that one is the same as in 3.1.1 (3.4.2.1)."""
    return framed_with_id(0x40, packet_id, bytes((reason,)))


def encode_suback(packet_id: int, reasons: Sequence[int]) -> bytes:
    return framed_with_id(0x90, packet_id, b"\0" + bytes(reasons))


def encode_unsuback(packet_id: int, reasons: Sequence[int]) -> bytes:
    return framed_with_id(0xB0, packet_id, b"\0" + bytes(reasons))


def encode_disconnect(reason: int, words: str) -> bytes:
    """`words` are for people, and for paho-mqtt 1.6: it reads no reason from a DISCONNECT of less than three bytes."""
    properties = bytes((REASON_STRING,)) + field(words)
    return framed(0xE0, bytes((reason, len(properties))) + properties)
