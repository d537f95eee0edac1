"""The MQTT codec: round trips, any cut of a stream, nothing but ProtocolViolationError from junk, limits at ±1."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel.gateway.packets import (
    CONNECT_BYTES_MAX,
    PACKET_BYTES_MAX,
    ConnAck,
    ConnackCode,
    Connect,
    Disconnect,
    EncodablePacket,
    Packet,
    PacketReader,
    PingReq,
    PingResp,
    ProtocolViolationError,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
    UnsupportedConnect,
    Will,
    encode,
    encode_puback,
)

# The codec's own rules, restated: text without NUL and lone surrogates; topics not empty and without wildcards.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
topics = st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=1, max_size=40)
topic_filters = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
packet_ids = st.integers(1, 0xFFFF)
payloads = st.binary(max_size=300)
wills = st.builds(Will, topics, payloads, st.integers(0, 2), st.booleans())


def _connect(
    name: str, credential: tuple[str, bytes | None] | None, keep_alive_s: int, clean: bool, will: Any
) -> Connect:
    username, password = credential or (None, None)
    return Connect(name, username, password, keep_alive_s, clean, will)


encodable_packets: st.SearchStrategy[EncodablePacket] = st.one_of(
    st.builds(
        _connect,
        texts,
        st.none() | st.tuples(texts, st.none() | payloads),
        st.integers(0, 0xFFFF),
        st.booleans(),
        st.none() | wills,
    ),
    st.sampled_from(
        [ConnAck(code) for code in ConnackCode if code <= ConnackCode.NOT_AUTHORIZED]
        + [ConnAck(ConnackCode.ACCEPTED, True)]
    ),
    st.builds(Publish, topics, payloads, st.none(), st.just(False), st.booleans()),
    st.builds(Publish, topics, payloads, packet_ids, st.booleans(), st.booleans()),
    st.builds(PubAck, packet_ids),
    st.builds(
        Subscribe,
        packet_ids,
        st.lists(st.tuples(topic_filters, st.integers(0, 2)), min_size=1, max_size=4).map(tuple),
        st.just(False),
    ),
    st.builds(SubAck, packet_ids, st.lists(st.sampled_from([0, 1, 2, 0x80]), min_size=1, max_size=4).map(tuple)),
    st.builds(Unsubscribe, packet_ids, st.lists(topic_filters, min_size=1, max_size=4).map(tuple)),
    st.builds(UnsubAck, packet_ids),
    st.sampled_from([PingReq(), PingResp(), Disconnect()]),
)


def typed(packets: Sequence[Packet]) -> list[tuple[type, Packet]]:
    """Packets with their types: as tuples alone, PingReq() equals PingResp()."""
    return [(type(packet), packet) for packet in packets]


def decode(data: bytes) -> list[Packet]:
    return PacketReader().feed(data)


@given(packets=st.lists(encodable_packets, max_size=5))
def test_round_trip(packets: list[EncodablePacket]) -> None:
    """What is encoded is decoded as it was, in order."""
    assert typed(decode(b"".join(encode(packet) for packet in packets))) == typed(packets)


@given(packets=st.lists(encodable_packets, min_size=1, max_size=4), data=st.data())
def test_every_cut_of_a_stream_gives_the_same_packets(packets: list[EncodablePacket], data: st.DataObject) -> None:
    """Wherever the network cuts the bytes, the packets are the same."""
    stream = b"".join(encode(packet) for packet in packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader = PacketReader()
    bounds = [0, *cuts, len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(bounds)]
    assert typed([packet for piece in pieces for packet in reader.feed(piece)]) == typed(packets)


def test_a_stream_may_come_byte_by_byte() -> None:
    """Each packet appears with its last byte, also with a remaining length of two bytes and an empty read."""
    packets: list[EncodablePacket] = [PingReq(), Publish("t", b"x" * 200, 7), PubAck(1)]
    reader = PacketReader()
    for packet in packets:
        *head, last = (bytes((byte,)) for byte in encode(packet))
        assert all(reader.feed(byte) == [] for byte in [*head, b""])
        assert typed(reader.feed(last)) == typed([packet])


@given(data=st.binary(max_size=80), more=st.binary(max_size=80))
def test_junk_raises_nothing_but_a_violation(data: bytes, more: bytes) -> None:
    """Random bytes become packets, wait for more, or are a violation."""
    reader = PacketReader()
    try:
        reader.feed(data)
        reader.feed(more)
    except ProtocolViolationError:
        pass


@given(packet=encodable_packets, data=st.data())
def test_a_broken_packet_raises_nothing_but_a_violation(packet: EncodablePacket, data: st.DataObject) -> None:
    """A well-formed packet with one byte changed is another packet, incomplete, or a violation."""
    raw = bytearray(encode(packet))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        for decoded in decode(bytes(raw)):
            assert isinstance(decoded, Packet)
    except ProtocolViolationError:
        pass


@given(packet=encodable_packets.filter(lambda packet: len(encode(packet)) < 100), data=st.data())
def test_a_packet_cut_inside_its_frame_is_a_violation_or_shorter(packet: EncodablePacket, data: st.DataObject) -> None:
    """A frame that claims fewer bytes than its fields need never reads into the next packet."""
    raw = encode(packet)
    length = data.draw(st.integers(0, max(0, len(raw) - 3)))
    short = bytes((raw[0], length)) + raw[2 : 2 + length]
    outcomes = []
    for follower in (encode(PingReq()), encode(PubAck(0x4141))):
        try:
            outcomes.append(typed(decode(short + follower))[:-1])
        except ProtocolViolationError:
            outcomes.append([])
    assert outcomes[0] == outcomes[1]


def test_wrong_flags_and_unspoken_types_are_refused_by_the_first_byte() -> None:
    """Reserved types and bits, QoS 2 and 3, DUP with QoS 0: refused before a length is known."""
    spoken = {0x10, 0x20, 0x30, 0x31, 0x32, 0x33, 0x3A, 0x3B, 0x40, 0x82, 0x90, 0xA2, 0xB0, 0xC0, 0xD0, 0xE0}
    for first in range(256):
        if first in spoken:
            assert decode(bytes((first,))) == []
        else:
            with pytest.raises(ProtocolViolationError):
                decode(bytes((first,)))


def connect_bytes(head: bytes = b"\x00\x04MQTT\x04", flags: int = 0xC2, rest: bytes = b"\x00\x3c\x00\x01c") -> bytes:
    body = head + bytes((flags,)) + rest
    return bytes((0x10, len(body))) + body


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(connect_bytes(flags=0x03), id="reserved flag"),
        pytest.param(connect_bytes(flags=0x1E, rest=b"\x00\x3c\x00\x01c\x00\x01t\x00\x00"), id="will QoS 3"),
        pytest.param(connect_bytes(flags=0x0A), id="will QoS without will"),
        pytest.param(connect_bytes(flags=0x22), id="will retain without will"),
        pytest.param(connect_bytes(flags=0x42, rest=b"\x00\x3c\x00\x01c\x00\x01p"), id="password without user name"),
        pytest.param(connect_bytes(flags=0x02, rest=b"\x00\x3c\x00\x01c!"), id="bytes after the end"),
        pytest.param(connect_bytes(flags=0x82), id="no user name"),
        pytest.param(connect_bytes(flags=0x06, rest=b"\x00\x3c\x00\x01c\x00\x01#\x00\x00"), id="will wildcard"),
        pytest.param(connect_bytes(flags=0x02, rest=b"\x00\x3c\x00\x02\xc3("), id="client id not UTF-8"),
        pytest.param(connect_bytes(flags=0x02, rest=b"\x00\x3c\x00\x03\xed\xa0\x80"), id="surrogate"),
        pytest.param(connect_bytes(flags=0x02, rest=b"\x00\x3c\x00\x01\x00"), id="NUL"),
        pytest.param(connect_bytes(flags=0x02, rest=b"\x00"), id="cut keep-alive"),
        pytest.param(connect_bytes(head=b"\x00\x04HTTP\x04"), id="other protocol"),
        pytest.param(b"\x10\x07\x00\x04MQTT\x04", id="no flags"),
        pytest.param(b"\x10\x06\x00\x04MQTT", id="no level"),
        pytest.param(b"\x10\x00", id="empty CONNECT"),
        pytest.param(b"\x30\x02\x00\x00", id="empty topic"),
        pytest.param(b"\x30\x03\x00\x01+", id="topic +"),
        pytest.param(b"\x30\x03\x00\x01#", id="topic #"),
        pytest.param(b"\x30\x03\x00\x01\x00", id="topic NUL"),
        pytest.param(b"\x30\x03\x00\x02t", id="topic longer than packet"),
        pytest.param(b"\x30\x01\x00", id="cut topic length"),
        pytest.param(b"\x32\x03\x00\x01t", id="QoS 1 without packet id"),
        pytest.param(b"\x32\x05\x00\x01t\x00\x00", id="PUBLISH id 0"),
        pytest.param(b"\x40\x02\x00\x00", id="PUBACK id 0"),
        pytest.param(b"\x40\x01\x00", id="short PUBACK"),
        pytest.param(b"\x40\x03\x00\x01\x00", id="long PUBACK"),
        pytest.param(b"\x82\x02\x00\x01", id="SUBSCRIBE without filter"),
        pytest.param(b"\x82\x05\x00\x01\x00\x01t", id="SUBSCRIBE without QoS"),
        pytest.param(b"\x82\x06\x00\x01\x00\x01t\x03", id="SUBSCRIBE QoS 3"),
        pytest.param(b"\x82\x06\x00\x01\x00\x01t\x41", id="SUBSCRIBE reserved bits"),
        pytest.param(b"\x82\x05\x00\x01\x00\x00\x01", id="SUBSCRIBE empty filter"),
        pytest.param(b"\x82\x06\x00\x00\x00\x01t\x01", id="SUBSCRIBE id 0"),
        pytest.param(b"\xa2\x02\x00\x01", id="UNSUBSCRIBE without filter"),
        pytest.param(b"\xa2\x04\x00\x01\x00\x00", id="UNSUBSCRIBE empty filter"),
        pytest.param(b"\x90\x02\x00\x01", id="SUBACK without code"),
        pytest.param(b"\x90\x03\x00\x01\x03", id="SUBACK code 3"),
        pytest.param(b"\x20\x02\x02\x00", id="CONNACK reserved flag"),
        pytest.param(b"\x20\x02\x00\x06", id="CONNACK unknown code"),
        pytest.param(b"\x20\x02\x01\x04", id="CONNACK refused with a session"),
        pytest.param(b"\x20\x03\x00\x00\x00", id="long CONNACK"),
        pytest.param(b"\xc0\x01\x00", id="PINGREQ with body"),
        pytest.param(b"\xe0\x01\x00", id="DISCONNECT with body"),
        pytest.param(b"\x30\x80\x80\x80\x80", id="remaining length of five bytes"),
        pytest.param(b"\x30\xff\xff\xff\xff\x01", id="remaining length of five bytes, more"),
        pytest.param(b"\x30\xff\xff\xff\x7f", id="largest remaining length"),
        pytest.param(b"GET / HTTP/1.1\r\n", id="HTTP"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01", id="TLS hello"),
        pytest.param(b"SSH-2.0-x\r\n", id="SSH"),
    ],
)
def test_malformed_packets_are_violations(raw: bytes) -> None:
    """Each of these is refused as soon as it is there."""
    with pytest.raises(ProtocolViolationError):
        decode(raw)


@pytest.mark.parametrize(
    ("head", "level"), [(b"\x00\x04MQTT\x05", 5), (b"\x00\x06MQIsdp\x03", 3), (b"\x00\x04MQTT\x06", 6)]
)
def test_other_protocol_levels_are_recognised(head: bytes, level: int) -> None:
    """A CONNECT of MQTT 5 (with properties we cannot read) or 3.1 is its own outcome, not a violation."""
    assert typed(decode(connect_bytes(head=head, rest=b"\x00\x3c\x05\x11\xff\xff\xff\xff\x00\x00"))) == typed(
        [UnsupportedConnect(level)]
    )


def test_the_bytes_are_those_of_the_standard() -> None:
    """Encoders are held to literal bytes, so that an error common to both directions shows."""
    assert encode(Connect("c", "u", b"p", 60)) == b"\x10\x13\x00\x04MQTT\x04\xc2\x00\x3c\x00\x01c\x00\x01u\x00\x01p"
    assert encode(Connect("", None, None, 60, False, Will("w", b"!", 1, True))) == (
        b"\x10\x12\x00\x04MQTT\x04\x2c\x00\x3c\x00\x00\x00\x01w\x00\x01!"
    )
    assert encode(ConnAck(ConnackCode.BAD_CREDENTIAL)) == b"\x20\x02\x00\x04"
    assert encode(ConnAck(ConnackCode.SERVER_BUSY)) == b"\x20\x02\x00\x03"
    assert encode(Publish("a/b", b"hi")) == b"\x30\x07\x00\x03a/bhi"
    assert encode(Publish("a/b", b"hi", 0x0102, True, True)) == b"\x3b\x09\x00\x03a/b\x01\x02hi"
    assert encode(PubAck(0x0102)) == encode_puback(0x0102) == b"\x40\x02\x01\x02"
    assert encode(Subscribe(1, (("a", 1), ("b", 0)))) == b"\x82\x0a\x00\x01\x00\x01a\x01\x00\x01b\x00"
    assert encode(SubAck(1, (1, 0x80))) == b"\x90\x04\x00\x01\x01\x80"
    assert encode(Unsubscribe(1, ("a",))) == b"\xa2\x05\x00\x01\x00\x01a"
    assert encode(UnsubAck(1)) == b"\xb0\x02\x00\x01"
    assert [encode(PingReq()), encode(PingResp()), encode(Disconnect())] == [b"\xc0\x00", b"\xd0\x00", b"\xe0\x00"]


@pytest.mark.parametrize("payload_bytes", [0, 123, 124, 125, 16379, 16380, 16381])
def test_remaining_lengths_around_their_steps(payload_bytes: int) -> None:
    """127/128 and 16383/16384 bytes, where the length grows by a byte, come back whole."""
    packet = Publish("t", b"x" * payload_bytes)
    raw = encode(packet)
    remaining = 3 + payload_bytes
    assert len(raw) == remaining + (2 if remaining < 128 else 3 if remaining < 16384 else 4)
    assert typed(decode(raw)) == typed([packet])


@pytest.mark.parametrize("limit", [CONNECT_BYTES_MAX, PACKET_BYTES_MAX])
def test_I17_the_limit_is_checked_before_anything_is_kept(limit: int) -> None:
    """A packet of the limit -1 and 0 is read; at +1 its head alone is refused."""
    for remaining in (limit - 1, limit):
        reader = PacketReader(limit)
        packet = Publish("t", b"x" * (remaining - 3))
        raw = encode(packet)
        assert reader.feed(raw[:1000]) == []
        assert typed(reader.feed(raw[1000:])) == typed([packet])
    head = encode(Publish("t", b"x" * (limit - 2)))[:4]
    with pytest.raises(ProtocolViolationError):
        PacketReader(limit).feed(head)


def test_a_field_too_large_for_the_wire_is_not_encoded() -> None:
    """A topic of 65,536 bytes, a packet id of 65,536 and a packet of 256 MiB raise OverflowError."""
    for packet in (Publish("t" * 65536, b""), PubAck(65536), Publish("t", bytes(1 << 28))):
        with pytest.raises(OverflowError):
            encode(packet)
