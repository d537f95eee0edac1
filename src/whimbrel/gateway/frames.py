"""What both versions of MQTT share on the wire: packets cut out of a stream, and the fields they are made of.

Invariants: a length is compared with its limit before anything is kept for it (I17); a stream gives the same packets
however it is cut; a field never reads beyond its packet. Section numbers are those of the OASIS standard MQTT 3.1.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

PACKET_BYTES_MAX: Final = 64 * 1024 + 512
"""Largest remaining length (2.2.3) of a packet: a payload of 64 KiB with its topic and packet id."""

CONNECT_BYTES_MAX: Final = 4 * 1024
"""Largest remaining length before the device is authenticated; a vendor device's CONNECT has about 250 bytes."""

PACKET_ID_MAX: Final = 0xFFFF

_CONNECT: Final = 0x10


class ProtocolViolationError(Exception):
    """The bytes or their order are not MQTT as we speak it; the connection is to be closed. Internal to the gateway.

    ProtocolViolationError
      PacketTooLargeError        more bytes than accepted here
      QosNotSupportedError       QoS 2
      TopicAliasInvalidError     a topic alias, of which none was offered
    """


class PacketTooLargeError(ProtocolViolationError):
    pass


class QosNotSupportedError(ProtocolViolationError):
    pass


class TopicAliasInvalidError(ProtocolViolationError):
    pass


PacketT = TypeVar("PacketT")
Decoder = Callable[[int, bytes, int, int], PacketT]
"""Takes the first byte, the data, and where the body starts and ends in it."""

Decoders = Sequence[Decoder[PacketT] | None]
"""By first byte: type and flags together. What has no entry is refused before its length is known."""


class FrameReader(Generic[PacketT]):
    """Cuts one connection's bytes into packets. After a ProtocolViolationError it must not be fed again."""

    __slots__ = ("_needed_bytes", "_partial", "decoders", "remaining_bytes_max")

    def __init__(self, decoders: Decoders[PacketT], remaining_bytes_max: int = PACKET_BYTES_MAX) -> None:
        self.decoders = decoders
        self.remaining_bytes_max = remaining_bytes_max
        self._partial: bytearray | None = None
        self._needed_bytes = 0

    def feed(self, data: bytes) -> list[PacketT]:
        """The packets that these bytes complete. Raises ProtocolViolationError.

        Packets in front of a violation in the same `data` are lost with the connection; nothing acknowledged them.
        """
        if self._partial is not None:
            self._partial += data
            if len(self._partial) < self._needed_bytes:
                return []
            data = bytes(self._partial)
            self._partial = None
        packets: list[PacketT] = []
        start, end = 0, len(data)
        while start < end:
            first = data[start]
            decode = self.decoders[first]
            if decode is None:
                raise refused_first_byte(first)
            body = start + 2
            if body <= end and data[start + 1] < 0x80:
                after = body + data[start + 1]
            else:
                length, body = _read_long_length(data, start + 1)
                after = body + length
            if after - body > self.remaining_bytes_max:
                raise PacketTooLargeError(f"a packet of {after - body} bytes is larger than accepted here")
            if after > end:
                self._partial = bytearray(data[start:])
                self._needed_bytes = after - start
                break
            packet = decode(first, data, body, after)
            packets.append(packet)
            if first == _CONNECT:
                self.connect_read(packet)
            start = after
        return packets

    def connect_read(self, packet: PacketT) -> None:
        """A CONNECT was read: what follows it may be read otherwise."""


def refused_first_byte(first: int) -> ProtocolViolationError:
    """Why no packet begins like this: QoS 2 is well-formed MQTT, the rest is not."""
    if first & 0xF6 == 0x34:
        return QosNotSupportedError("QoS 2 is not spoken here")
    return ProtocolViolationError(f"no packet begins with 0x{first:02x}")


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


# ---- fields in: each takes the data, and where the field starts and its packet ends ---------------------------------


def read_number(data: bytes, start: int, end: int) -> int:
    if start + 2 > end:
        raise ProtocolViolationError("the packet ends inside a number")
    return data[start] << 8 | data[start + 1]


def read_bytes(data: bytes, start: int, end: int) -> tuple[bytes, int]:
    after = start + 2 + read_number(data, start, end)
    if after > end:
        raise ProtocolViolationError("the packet ends inside a field")
    return data[start + 2 : after], after


def read_string(data: bytes, start: int, end: int) -> tuple[str, int]:
    raw, after = read_bytes(data, start, end)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise ProtocolViolationError("a string is not UTF-8") from None
    if "\0" in text:
        raise ProtocolViolationError("a string holds NUL")
    return text, after


def read_topic(data: bytes, start: int, end: int) -> tuple[str, int]:
    topic, after = read_string(data, start, end)
    if not topic or "+" in topic or "#" in topic:
        raise ProtocolViolationError("a topic to publish to is empty or has a wildcard (3.3.2.1)")
    return topic, after


def read_packet_id(data: bytes, start: int, end: int) -> int:
    packet_id = read_number(data, start, end)
    if packet_id == 0:
        raise ProtocolViolationError("packet id 0 (2.3.1)")
    return packet_id


# ---- fields out -----------------------------------------------------------------------------------------------------


def framed(first: int, body: bytes) -> bytes:
    """The packet. OverflowError when it is larger than a remaining length can say."""
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


def field(content: str | bytes) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return len(raw).to_bytes(2, "big") + raw


def framed_with_id(first: int, packet_id: int, body: bytes) -> bytes:
    return framed(first, packet_id.to_bytes(2, "big") + body)
