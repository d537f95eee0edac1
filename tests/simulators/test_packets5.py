"""The device's side of MQTT 5, byte by byte as the standard has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.gateway.packets import Connect, Disconnect, PingReq, ProtocolViolationError, PubAck, Publish
from whimbrel.simulator.packets5 import PACKET_BYTES_MAX, Farewell, Outcome, Reader, encode


@pytest.mark.parametrize(
    ("packet", "wire"),
    [
        (
            Connect("c", "u", b"p", 300),
            b"\x10\x14\x00\x04MQTT\x05\xc2\x01\x2c\x00\x00\x01c\x00\x01u\x00\x01p",
        ),
        (Publish("t", b"x"), b"\x30\x05\x00\x01t\x00x"),
        (Publish("t", b"x", 258), b"\x32\x07\x00\x01t\x01\x02\x00x"),
        (Publish("t", b"x", 258, is_duplicate=True), b"\x3a\x07\x00\x01t\x01\x02\x00x"),
        (Publish("t", bytes(124)), b"\x30\x80\x01\x00\x01t\x00" + bytes(124)),
        (PubAck(258), b"\x40\x02\x01\x02"),
        (PingReq(), b"\xc0\x00"),
        (Disconnect(), b"\xe0\x00"),
    ],
)
def test_what_a_device_says(packet: Connect | Publish | PubAck | PingReq | Disconnect, wire: bytes) -> None:
    """Level 5, a clean start, no properties; a duplicate is marked; lengths of 128 and more take two bytes."""
    assert encode(packet) == wire


SAID: list[tuple[bytes, object]] = [
    (b"\x20\x03\x00\x00\x00", Outcome(0)),
    (b"\x20\x06\x00\x86\x03\x21\x00\x14", Outcome(0x86)),
    (b"\x40\x02\x00\x07", Outcome(0, 7)),
    (b"\x40\x04\x00\x07\x87\x00", Outcome(0x87, 7)),
    (b"\x32\x07\x00\x01t\x00\x09\x00x", Publish("t", b"x", 9)),
    (b"\x30\x0a\x00\x01t\x05\x02\x00\x00\x00\x3cx", Publish("t", b"x")),
    (b"\xe0\x02\x8e\x00", Farewell(0x8E)),
    (b"\xe0\x00", Farewell(0)),
]


@given(cuts=st.lists(st.integers(1, 20), min_size=1))
def test_what_a_server_says_however_it_is_cut(cuts: list[int]) -> None:
    """CONNACK, PUBACK, PUBLISH and DISCONNECT, with and without properties; PINGRESP is passed over."""
    wire = b"\xd0\x00".join(bytes_ for bytes_, _ in SAID)
    reader, found, start = Reader(), list[object](), 0
    while start < len(wire):
        length = cuts[start % len(cuts)]
        found += reader.feed(wire[start : start + length])
        start += length
    assert found == [said for _, said in SAID]


@pytest.mark.parametrize("wire", [b"\x10\x00", b"\x20\x01\x00", b"\x30\xff\xff\xff\xff\x01", b"\x30\x02\x00\x01"])
def test_what_no_server_says_is_a_violation(wire: bytes) -> None:
    """A client's packet, a cut one, a length of five bytes, a PUBLISH without properties."""
    with pytest.raises(ProtocolViolationError):
        Reader().feed(wire)


@pytest.mark.parametrize(("length", "is_taken"), [(-1, True), (0, True), (1, False)])
def test_a_packet_has_a_bound(length: int, is_taken: bool) -> None:
    """Up to PACKET_BYTES_MAX a length is waited for; beyond it the connection is over."""
    wire = encode(Publish("t", bytes(PACKET_BYTES_MAX + length - 4)))[:10]
    if is_taken:
        assert Reader().feed(wire) == []
    else:
        with pytest.raises(ProtocolViolationError):
            Reader().feed(wire)


@given(st.binary(max_size=200))
def test_junk_is_a_violation_or_something(data: bytes) -> None:
    """Whatever the bytes, nothing but a violation is raised."""
    try:
        Reader().feed(data)
    except ProtocolViolationError:
        pass
