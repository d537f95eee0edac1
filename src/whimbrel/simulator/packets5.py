"""The MQTT 5 codec for QoS 0 and 1, the device's side: what we say to bytes, what a server says to packets.

Written from the standard and from nothing of the server's, so that the two check each other. A device sends no
properties and heeds none. Section numbers are those of the OASIS standard MQTT 5.0.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from whimbrel.gateway.packets import Connect, Disconnect, PingReq, ProtocolViolationError, PubAck, Publish

LEVEL: Final = 5
PACKET_BYTES_MAX: Final = 256 * 1024
"""A block of 128 KiB with its header and topic, and room."""

REFUSED: Final = 0x80
"""Reason codes from here on are refusals (2.4)."""

_NO_PROPERTIES: Final = b"\x00"
_CLEAN_WITH_LOGIN: Final = 0xC2


class Outcome(NamedTuple):
    """What the server says to a CONNECT (`packet_id` None), or to a PUBLISH."""

    reason: int
    packet_id: int | None = None

    @property
    def is_refusal(self) -> bool:
        """Whether the server did not take it."""
        return self.reason >= REFUSED


class Farewell(NamedTuple):
    """The server ends the connection, and says why (3.14)."""

    reason: int


Said = Outcome | Publish | Farewell


def encode(packet: Connect | Publish | PubAck | PingReq | Disconnect) -> bytes:
    """The packet on the wire."""
    match packet:
        case Connect(client_id, username, password, keep_alive_s):
            login = _text(client_id) + _text(username or "") + _bytes(password or b"")
            head = _text("MQTT") + bytes((LEVEL, _CLEAN_WITH_LOGIN)) + keep_alive_s.to_bytes(2, "big")
            return _framed(0x10, head + _NO_PROPERTIES + login)
        case Publish(topic, payload, None, _):
            return _framed(0x30, _text(topic) + _NO_PROPERTIES + payload)
        case Publish(topic, payload, packet_id, is_duplicate):
            assert packet_id is not None, "the case before"
            first = 0x3A if is_duplicate else 0x32
            return _framed(first, _text(topic) + packet_id.to_bytes(2, "big") + _NO_PROPERTIES + payload)
        case PubAck(packet_id):
            return b"\x40\x02" + packet_id.to_bytes(2, "big")
        case PingReq():
            return b"\xc0\x00"
        case Disconnect():
            return b"\xe0\x00"


class Reader:
    """Cuts a connection's bytes into what the server says."""

    __slots__ = ("_partial",)

    def __init__(self) -> None:
        self._partial = b""

    def feed(self, data: bytes) -> list[Said]:
        """What these bytes complete. Raises ProtocolViolationError."""
        data = self._partial + data
        said: list[Said] = []
        start = 0
        while (body := _body_of(data, start)) is not None and body[1] <= len(data):
            packet = _decode(data[start], data[body[0] : body[1]])
            said += [] if packet is None else [packet]
            start = body[1]
        self._partial = data[start:]
        return said


def _decode(first: int, body: bytes) -> Said | None:
    """None for what a device passes over: PINGRESP, SUBACK and the like."""
    try:
        match first >> 4:
            case 2:
                return Outcome(body[1])
            case 3:
                return _publish(first, body)
            case 4:
                return Outcome(body[2] if len(body) > 2 else 0, int.from_bytes(body[:2], "big"))
            case 14:
                return Farewell(body[0] if body else 0)
            case 9 | 11 | 13:
                return None
    except (IndexError, UnicodeDecodeError) as error:
        raise ProtocolViolationError(f"a packet of the server cannot be read: {error}") from None
    raise ProtocolViolationError(f"no server sends a packet that begins with 0x{first:02x}")


def _publish(first: int, body: bytes) -> Publish:
    after = 2 + int.from_bytes(body[:2], "big")
    topic = body[2:after].decode()
    packet_id = None
    if first & 0x06:
        packet_id = int.from_bytes(body[after : after + 2], "big")
        after += 2
    length, after = _number(body, after)
    return Publish(topic, body[after + length :], packet_id, bool(first & 0x08), bool(first & 0x01))


def _body_of(data: bytes, start: int) -> tuple[int, int] | None:
    """Where the body of the packet lies; None while its length is not all there."""
    try:
        length, after = _number(data, start + 1)
    except IndexError:
        return None
    if length > PACKET_BYTES_MAX:
        raise ProtocolViolationError(f"a packet of {length} bytes is larger than a device takes")
    return after, after + length


def _number(data: bytes, start: int) -> tuple[int, int]:
    """A variable byte integer (1.5.5) and where it ends. Raises IndexError while it is cut."""
    number = 0
    for place in range(4):
        byte = data[start + place]
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, start + place + 1
    raise ProtocolViolationError("a length has more than four bytes")


def _framed(first: int, body: bytes) -> bytes:
    length, number = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        number.append(digit | (0x80 if length else 0))
        if not length:
            return bytes((first,)) + bytes(number) + body


def _text(text: str) -> bytes:
    return _bytes(text.encode())


def _bytes(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content
