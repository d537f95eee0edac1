"""The properties of MQTT 5 packets (MQTT 5.0, 2.2.2): which belong to which packet, their types, in and out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from whimbrel.gateway.frames import ProtocolViolationError, read_bytes, read_number, read_string

PAYLOAD_FORMAT: Final = 0x01
SESSION_EXPIRY_INTERVAL: Final = 0x11
SERVER_KEEP_ALIVE: Final = 0x13
AUTHENTICATION_METHOD: Final = 0x15
AUTHENTICATION_DATA: Final = 0x16
REASON_STRING: Final = 0x1F
SUBSCRIPTION_IDENTIFIER: Final = 0x0B
RECEIVE_MAXIMUM: Final = 0x21
TOPIC_ALIAS_MAXIMUM: Final = 0x22
TOPIC_ALIAS: Final = 0x23
MAXIMUM_QOS: Final = 0x24
RETAIN_AVAILABLE: Final = 0x25
USER_PROPERTY: Final = 0x26
MAXIMUM_PACKET_SIZE: Final = 0x27
WILDCARD_SUBSCRIPTION_AVAILABLE: Final = 0x28
SUBSCRIPTION_IDENTIFIER_AVAILABLE: Final = 0x29
SHARED_SUBSCRIPTION_AVAILABLE: Final = 0x2A

_MESSAGE_EXPIRY: Final = 0x02
_CONTENT_TYPE: Final = 0x03
_RESPONSE_TOPIC: Final = 0x08
_CORRELATION_DATA: Final = 0x09
_REQUEST_PROBLEM: Final = 0x17
_WILL_DELAY: Final = 0x18
_REQUEST_RESPONSE: Final = 0x19

Value = int | str | bytes


class _Kind(NamedTuple):
    """How a property is read, and between which values it lies when it is a number."""

    read: Callable[[bytes, int, int], tuple[Value, int]]
    least: int = 0
    most: int = 1 << 32


def _read_byte(data: bytes, start: int, end: int) -> tuple[int, int]:
    if start >= end:
        raise ProtocolViolationError("the packet ends inside a property")
    return data[start], start + 1


def _read_two_bytes(data: bytes, start: int, end: int) -> tuple[int, int]:
    return read_number(data, start, end), start + 2


def _read_four_bytes(data: bytes, start: int, end: int) -> tuple[int, int]:
    if start + 4 > end:
        raise ProtocolViolationError("the packet ends inside a property")
    return int.from_bytes(data[start : start + 4], "big"), start + 4


def read_variable(data: bytes, start: int, end: int) -> tuple[int, int]:
    """A number of one to four bytes in its shortest form (1.5.5), and where the next field is."""
    number = 0
    for place, byte in enumerate(data[start : min(start + 4, end)]):
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            if byte == 0 and place:
                raise ProtocolViolationError("a variable number is longer than it must be")
            return number, start + place + 1
    raise ProtocolViolationError("a variable number ends nowhere")


def _read_pair(data: bytes, start: int, end: int) -> tuple[str, int]:
    name, after = read_string(data, start, end)
    _, after = read_string(data, after, end)
    return name, after


_FLAG: Final = _Kind(_read_byte, 0, 1)
_SECONDS: Final = _Kind(_read_four_bytes)
_TEXT: Final = _Kind(read_string)
_DATA: Final = _Kind(read_bytes)

#: What a client may send; a property of the server's packets is a violation.
_KINDS: Final[Mapping[int, _Kind]] = {
    PAYLOAD_FORMAT: _FLAG,
    _MESSAGE_EXPIRY: _SECONDS,
    _CONTENT_TYPE: _TEXT,
    _RESPONSE_TOPIC: _TEXT,
    _CORRELATION_DATA: _DATA,
    SUBSCRIPTION_IDENTIFIER: _Kind(read_variable, 1),
    SESSION_EXPIRY_INTERVAL: _SECONDS,
    AUTHENTICATION_METHOD: _TEXT,
    AUTHENTICATION_DATA: _DATA,
    _REQUEST_PROBLEM: _FLAG,
    _WILL_DELAY: _SECONDS,
    _REQUEST_RESPONSE: _FLAG,
    REASON_STRING: _TEXT,
    RECEIVE_MAXIMUM: _Kind(_read_two_bytes, 1),
    TOPIC_ALIAS_MAXIMUM: _Kind(_read_two_bytes),
    TOPIC_ALIAS: _Kind(_read_two_bytes),  # 0 does not exist either, but any is refused alike
    USER_PROPERTY: _Kind(_read_pair),
    MAXIMUM_PACKET_SIZE: _Kind(_read_four_bytes, 1),
}

_MESSAGE_PROPERTIES: Final = frozenset(
    (PAYLOAD_FORMAT, _MESSAGE_EXPIRY, _CONTENT_TYPE, _RESPONSE_TOPIC, _CORRELATION_DATA, USER_PROPERTY)
)
CONNECT_PROPERTIES: Final = frozenset(
    (
        SESSION_EXPIRY_INTERVAL,
        AUTHENTICATION_METHOD,
        AUTHENTICATION_DATA,
        _REQUEST_PROBLEM,
        _REQUEST_RESPONSE,
        RECEIVE_MAXIMUM,
        TOPIC_ALIAS_MAXIMUM,
        USER_PROPERTY,
        MAXIMUM_PACKET_SIZE,
    )
)
WILL_PROPERTIES: Final = _MESSAGE_PROPERTIES | {_WILL_DELAY}
PUBLISH_PROPERTIES: Final = _MESSAGE_PROPERTIES | {TOPIC_ALIAS}
PUBACK_PROPERTIES: Final = frozenset((REASON_STRING, USER_PROPERTY))
SUBSCRIBE_PROPERTIES: Final = frozenset((SUBSCRIPTION_IDENTIFIER, USER_PROPERTY))
UNSUBSCRIBE_PROPERTIES: Final = frozenset((USER_PROPERTY,))
DISCONNECT_PROPERTIES: Final = frozenset((SESSION_EXPIRY_INTERVAL, REASON_STRING, USER_PROPERTY))

_NOTHING: Final[Mapping[int, Value]] = {}


def read_properties(data: bytes, start: int, end: int, allowed: frozenset[int]) -> tuple[Mapping[int, Value], int]:
    """The properties by identifier, and where the next field is; user properties are checked and dropped.

    Raises ProtocolViolationError for one that does not belong here, comes twice, or has no value there is (2.2.2.2).
    """
    length, at = read_variable(data, start, end)
    if not length:
        return _NOTHING, at
    after = at + length
    if after > end:
        raise ProtocolViolationError("the packet ends inside its properties")
    properties: dict[int, Value] = {}
    while at < after:
        identifier = data[at]
        if identifier not in allowed:
            raise ProtocolViolationError(f"the property 0x{identifier:02x} does not belong into this packet")
        if identifier in properties:
            raise ProtocolViolationError(f"the property 0x{identifier:02x} comes twice")
        kind = _KINDS[identifier]
        value, at = kind.read(data, at + 1, after)
        if isinstance(value, int) and not kind.least <= value <= kind.most:
            raise ProtocolViolationError(f"the property 0x{identifier:02x} cannot be {value}")
        if identifier == _RESPONSE_TOPIC and isinstance(value, str) and ("+" in value or "#" in value):
            raise ProtocolViolationError("a response topic has a wildcard (3.3.2.3.5)")
        if identifier != USER_PROPERTY:
            properties[identifier] = value
    return properties, after


# ---- out ------------------------------------------------------------------------------------------------------------

#: Bytes of each property that the server sends, all of them numbers.
_SIZES: Final[Mapping[int, int]] = {
    SESSION_EXPIRY_INTERVAL: 4,
    SERVER_KEEP_ALIVE: 2,
    RECEIVE_MAXIMUM: 2,
    TOPIC_ALIAS_MAXIMUM: 2,
    MAXIMUM_QOS: 1,
    RETAIN_AVAILABLE: 1,
    MAXIMUM_PACKET_SIZE: 4,
    WILDCARD_SUBSCRIPTION_AVAILABLE: 1,
    SUBSCRIPTION_IDENTIFIER_AVAILABLE: 1,
    SHARED_SUBSCRIPTION_AVAILABLE: 1,
}


def encode_properties(properties: Iterable[tuple[int, int]]) -> bytes:
    """With their length in front, which is one byte: the server has less than 128 bytes to say of itself."""
    body = b"".join(bytes((name,)) + value.to_bytes(_SIZES[name], "big") for name, value in properties)
    assert len(body) < 0x80
    return bytes((len(body),)) + body
