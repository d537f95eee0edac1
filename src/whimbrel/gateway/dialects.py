"""The two versions of MQTT as one door speaks them: a session decides, its dialect says it on the wire.

The version is learned from the first packet and holds for the connection. What a version cannot say, it answers with
nothing, and the session ends the connection instead; so no session asks which version it speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from whimbrel.gateway import packets, packets5, properties5
from whimbrel.gateway.commands import CloseReason, DropReason
from whimbrel.gateway.frames import CONNECT_BYTES_MAX, PACKET_BYTES_MAX, Decoders, FrameReader
from whimbrel.gateway.packets import (
    ConnAck,
    ConnackCode,
    Connect,
    Packet,
    Publish,
    SubAck,
    UnsubAck,
    UnsupportedConnect,
)

CLIENT_PACKET_BYTES_MIN: Final = 128
"""A device of MQTT 5 that takes less cannot be answered: CONNACK has 31 bytes, SUBACK for 100 filters has 105."""

#: The announced maximum counts the whole packet (MQTT 5, 3.2.2.3.6): first byte and a remaining length of three.
_WHOLE_PACKET_BYTES_MAX: Final = PACKET_BYTES_MAX + 4


class Dialect(Protocol):
    """One version of MQTT on the wire."""

    decoders: Decoders[Packet]

    can_tell_limits: bool
    """Whether CONNACK tells the device what is served: then to ask for more is a violation, else it is a mistake."""

    def connect_fault(self, packet: Connect) -> ConnackCode | None:
        """What this version demands to refuse a well-formed CONNECT for, before anybody asks who it is."""
        ...

    def refusal(self, code: ConnackCode) -> bytes: ...

    def welcome(self, receive_max: int, keep_alive_s: int | None) -> bytes:
        """`keep_alive_s` is not None when it differs from what the device asked for."""
        ...

    def publish(self, topic: str, payload: bytes, packet_id: int | None) -> bytes: ...

    def puback_without_effect(self, packet_id: int, reason: DropReason) -> bytes | None:
        """The answer to a message that was dropped; None when there is none but the end of the connection."""
        ...

    def suback(self, packet_id: int, verdicts: Sequence[int]) -> bytes:
        """Verdicts are the QoS granted or a SubscriptionRefusal."""
        ...

    def unsuback(self, packet_id: int, were_subscribed: Sequence[bool]) -> bytes: ...

    def farewell(self, reason: CloseReason) -> bytes:
        """What is said before the connection is closed; nothing, often."""
        ...


class _Mqtt311:
    __slots__ = ()
    decoders = packets.DECODERS
    can_tell_limits = False

    def connect_fault(self, packet: Connect) -> ConnackCode | None:
        return None

    def refusal(self, code: ConnackCode) -> bytes:
        return packets.encode(ConnAck(code))

    def welcome(self, receive_max: int, keep_alive_s: int | None) -> bytes:
        return packets.encode(ConnAck(ConnackCode.ACCEPTED))

    def publish(self, topic: str, payload: bytes, packet_id: int | None) -> bytes:
        return packets.encode(Publish(topic, payload, packet_id))

    def puback_without_effect(self, packet_id: int, reason: DropReason) -> bytes | None:
        """An own message that nobody serves, or one too large, is acknowledged: else it blocks the device's window for
        good, and vendor devices do send thing-model messages. The effect that the acknowledgement promises to be
        durable is none (I1). To anything else only the end of the connection is a refusal (3.3.5)."""
        if reason in (DropReason.UNSERVED_TOPIC, DropReason.PAYLOAD_TOO_LARGE):
            return packets.encode_puback(packet_id)
        return None

    def suback(self, packet_id: int, verdicts: Sequence[int]) -> bytes:
        return packets.encode(
            SubAck(packet_id, tuple(min(verdict, packets.SUBSCRIPTION_REFUSED) for verdict in verdicts))
        )

    def unsuback(self, packet_id: int, were_subscribed: Sequence[bool]) -> bytes:
        return packets.encode(UnsubAck(packet_id))

    def farewell(self, reason: CloseReason) -> bytes:
        return b""


class _Mqtt5:
    __slots__ = ()
    decoders = packets5.DECODERS
    can_tell_limits = True

    def connect_fault(self, packet: Connect) -> ConnackCode | None:
        if packet.will is not None and packet.will.is_retained:
            return ConnackCode.RETAIN_NOT_SUPPORTED  # 3.2.2.3.5 demands it, although no will is ever published here
        if packet.will is not None and packet.will.qos > 1:
            return ConnackCode.QOS_NOT_SUPPORTED  # 3.2.2.3.4
        if packet.wishes.authentication_method is not None:
            return ConnackCode.BAD_AUTHENTICATION_METHOD
        if packet.wishes.packet_bytes_max < CLIENT_PACKET_BYTES_MIN:
            return ConnackCode.UNSUITABLE
        return None

    def refusal(self, code: ConnackCode) -> bytes:
        return packets5.encode_connack(_CONNACK_REASONS.get(code, code))

    def welcome(self, receive_max: int, keep_alive_s: int | None) -> bytes:
        properties = [*_WHAT_WE_ARE, (properties5.RECEIVE_MAXIMUM, receive_max)]
        if keep_alive_s is not None:
            properties.append((properties5.SERVER_KEEP_ALIVE, keep_alive_s))
        return packets5.encode_connack(0, properties)

    def publish(self, topic: str, payload: bytes, packet_id: int | None) -> bytes:
        return packets5.encode_publish(topic, payload, packet_id)

    def puback_without_effect(self, packet_id: int, reason: DropReason) -> bytes | None:
        code = _PUBACK_REASONS.get(reason)
        return None if code is None else packets5.encode_refusing_puback(packet_id, code)

    def suback(self, packet_id: int, verdicts: Sequence[int]) -> bytes:
        return packets5.encode_suback(packet_id, verdicts)

    def unsuback(self, packet_id: int, were_subscribed: Sequence[bool]) -> bytes:
        return packets5.encode_unsuback(packet_id, [0 if was else _NO_SUBSCRIPTION_EXISTED for was in were_subscribed])

    def farewell(self, reason: CloseReason) -> bytes:
        code = _DISCONNECT_REASONS.get(reason)
        return b"" if code is None else packets5.encode_disconnect(code, reason.replace("_", " "))


#: What CONNACK says of the server (MQTT 5, 3.2.2.3). No topic aliases: an absent maximum means none.
_WHAT_WE_ARE: Final = (
    (properties5.SESSION_EXPIRY_INTERVAL, 0),
    (properties5.MAXIMUM_QOS, 1),
    (properties5.RETAIN_AVAILABLE, 0),
    (properties5.MAXIMUM_PACKET_SIZE, _WHOLE_PACKET_BYTES_MAX),
    (properties5.WILDCARD_SUBSCRIPTION_AVAILABLE, 0),
    (properties5.SUBSCRIPTION_IDENTIFIER_AVAILABLE, 0),
    (properties5.SHARED_SUBSCRIPTION_AVAILABLE, 0),
)

#: The reasons of MQTT 5 (3.2.2.2) for the return codes of 3.1.1; the other members of ConnackCode are reasons already.
_CONNACK_REASONS: Final = {
    ConnackCode.PROTOCOL_LEVEL: 0x84,
    ConnackCode.IDENTIFIER_REJECTED: 0x85,
    ConnackCode.SERVER_UNAVAILABLE: 0x88,
    ConnackCode.BAD_CREDENTIAL: 0x86,
    ConnackCode.NOT_AUTHORIZED: 0x87,
}

#: MQTT 5, 3.4.2.1: no matching subscribers, quota exceeded, not authorized.
_PUBACK_REASONS: Final = {
    DropReason.UNSERVED_TOPIC: 0x10,
    DropReason.PAYLOAD_TOO_LARGE: 0x97,
    DropReason.FOREIGN_TOPIC: 0x87,
}

_NO_SUBSCRIPTION_EXISTED: Final = 0x11

#: MQTT 5, 3.14.2.1. The reasons that are absent are said by CONNACK, or the device is gone.
_DISCONNECT_REASONS: Final = {
    CloseReason.PROTOCOL_VIOLATION: 0x82,
    CloseReason.SERVER_UNAVAILABLE: 0x89,
    CloseReason.SERVER_STOPPING: 0x8B,
    CloseReason.KEEP_ALIVE_TIMEOUT: 0x8D,
    CloseReason.TAKEN_OVER: 0x8E,
    CloseReason.RECEIVE_MAXIMUM_EXCEEDED: 0x93,
    CloseReason.TOPIC_ALIAS_INVALID: 0x94,
    CloseReason.PACKET_TOO_LARGE: 0x95,
    CloseReason.REFUSED_PUBLISH: 0x97,
    CloseReason.TOO_MANY_FILTERS: 0x97,
    CloseReason.REVOKED: 0x98,
    CloseReason.RETAIN_NOT_SUPPORTED: 0x9A,
    CloseReason.QOS_NOT_SUPPORTED: 0x9B,
}

MQTT_3_1_1: Final[Dialect] = _Mqtt311()
MQTT_5: Final[Dialect] = _Mqtt5()


def _decode_first(first: int, data: bytes, start: int, end: int) -> Packet:
    level, _ = packets.read_connect_level(data, start, end)
    if level == packets5.PROTOCOL_LEVEL:
        return packets5.decode_connect(first, data, start, end)
    return packets.decode_connect(first, data, start, end)


_FIRST_DECODERS: Final[Decoders[Packet]] = tuple(_decode_first if first == 0x10 else None for first in range(256))


class DoorReader(FrameReader[Packet]):
    """Reads a device's bytes: a CONNECT first, and then in the version that it speaks."""

    __slots__ = ("dialect",)

    def __init__(self) -> None:
        super().__init__(_FIRST_DECODERS, CONNECT_BYTES_MAX)
        self.dialect = MQTT_3_1_1

    def connect_read(self, packet: Packet) -> None:
        assert isinstance(packet, Connect | UnsupportedConnect)
        if self.decoders is _FIRST_DECODERS:
            # A version of the future can read an answer of 5 rather than one of 3.1.1.
            self.dialect = MQTT_5 if packet.level >= packets5.PROTOCOL_LEVEL else MQTT_3_1_1
            self.decoders = self.dialect.decoders
