"""The MQTT 5 codec against another codec, any cut of a stream, junk, and what the standard forbids."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.playbook5 import QOS, read_all
from whimbrel.gateway import packets5
from whimbrel.gateway.dialects import DoorReader
from whimbrel.gateway.frames import (
    FrameReader,
    ProtocolViolationError,
    QosNotSupportedError,
    TopicAliasInvalidError,
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
    Will,
)

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
topics = st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=1, max_size=30)
topic_filters = topics | st.sampled_from(["#", "+", "/ota/+/x/#", "$share/g/a/+", "$SYS/#"])
packet_ids = st.integers(1, 0xFFFF)
data = st.binary(max_size=40)
user_properties = st.lists(st.tuples(texts, texts), max_size=3)
seconds = st.integers(0, 0xFFFFFFFF)
message_properties = {
    "payload_format_indicator": st.integers(0, 1),
    "message_expiry_interval": st.none() | seconds,
    "content_type": st.none() | texts,
    "response_topic": st.none() | topics,
    "correlation_data": st.none() | data,
    "user_properties": user_properties,
}

wills = st.builds(
    mqtt5.Will,
    topics,
    payload=data,
    qos=st.sampled_from(QOS),
    retain=st.booleans(),
    will_delay_interval=seconds,
    **message_properties,
)
# A method of authentication belongs to its data; both together or neither.
connects = st.builds(
    mqtt5.ConnectPacket,
    texts,
    username=st.none() | texts,
    password=st.none() | data,
    clean_start=st.booleans(),
    will=st.none() | wills,
    keep_alive=st.integers(0, 0xFFFF),
    session_expiry_interval=seconds,
    authentication_method=st.none() | texts,
    request_problem_info=st.booleans(),
    request_response_info=st.booleans(),
    receive_max=st.integers(1, 0xFFFF),
    topic_alias_max=st.integers(0, 0xFFFF),
    max_packet_size=st.none() | st.integers(1, 0xFFFFFFFF),
    user_properties=user_properties,
)
subscribes = st.builds(
    mqtt5.SubscribePacket,
    packet_ids,
    st.lists(
        st.builds(
            mqtt5.TopicFilter,
            topic_filters,
            max_qos=st.sampled_from(QOS),
            no_local=st.booleans(),
            retain_as_published=st.booleans(),
            retain_handling=st.sampled_from([mqtt5.RetainHandling(handling) for handling in range(3)]),
        ),
        min_size=1,
        max_size=4,
    ),
    subscription_id=st.none() | st.integers(1, 0xFFFFFFF),
    user_properties=user_properties,
)
device_packets: st.SearchStrategy[Any] = st.one_of(
    connects,
    st.builds(mqtt5.PublishPacket, topics, data, retain=st.booleans(), **message_properties),
    st.builds(
        mqtt5.PublishPacket,
        topics,
        data,
        qos=st.just(QOS[1]),
        packet_id=packet_ids,
        duplicate=st.booleans(),
        retain=st.booleans(),
        **message_properties,
    ),
    st.builds(
        mqtt5.PubAckPacket,
        packet_ids,
        reason_code=st.sampled_from([mqtt5.PubAckReasonCode(code) for code in (0, 0x10, 0x80, 0x87)]),
        reason_str=st.none() | texts,
        user_properties=user_properties,
    ),
    subscribes,
    st.builds(
        mqtt5.UnsubscribePacket,
        packet_ids,
        st.lists(topic_filters, min_size=1, max_size=4),
        user_properties=user_properties,
    ),
    st.builds(mqtt5.PingReqPacket),
    st.builds(
        mqtt5.DisconnectPacket,
        reason_code=st.sampled_from([mqtt5.DisconnectReasonCode(code) for code in (0, 4, 0x80, 0x93)]),
        session_expiry_interval=st.none() | seconds,
        reason_str=st.none() | texts,
        user_properties=user_properties,
    ),
)


def expected(packet: Any) -> Packet:
    """What our codec has to read of a packet that the other one wrote."""
    match packet:
        case mqtt5.ConnectPacket():
            wishes = ClientWishes(
                packet.receive_max,
                ClientWishes().packet_bytes_max if packet.max_packet_size is None else packet.max_packet_size,
                packet.authentication_method,
            )
            asked = packet.will
            will = Will(asked.topic, asked.payload or b"", int(asked.qos), asked.retain) if asked else None
            names = (packet.client_id, packet.username, packet.password)
            return Connect(*names, packet.keep_alive, packet.clean_start, will, 5, wishes)
        case mqtt5.PublishPacket():
            return Publish(packet.topic, packet.payload, packet.packet_id, packet.duplicate, packet.retain)
        case mqtt5.PubAckPacket():
            return PubAck(packet.packet_id)
        case mqtt5.SubscribePacket():
            filters = tuple((asked.pattern, int(asked.max_qos)) for asked in packet.topic_filters)
            return Subscribe(packet.packet_id, filters, packet.subscription_id is not None)
        case mqtt5.UnsubscribePacket():
            return Unsubscribe(packet.packet_id, tuple(packet.patterns))
        case mqtt5.PingReqPacket():
            return PingReq()
    return Disconnect()


def reader() -> FrameReader[Packet]:
    return FrameReader(packets5.DECODERS)


def typed(packets: list[Any]) -> list[tuple[type, Any]]:
    return [(type(packet), packet) for packet in packets]


@given(packets=st.lists(device_packets, min_size=1, max_size=4), data=st.data())
def test_what_another_codec_writes_is_read_however_it_is_cut(packets: list[Any], data: st.DataObject) -> None:
    """Every packet a device may send, with every property, in any pieces."""
    stream = b"".join(packet.write() for packet in packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reading = reader()
    found = [packet for a, b in pairwise([0, *cuts, len(stream)]) for packet in reading.feed(stream[a:b])]
    assert typed(found) == typed([expected(packet) for packet in packets])


@given(first=connects, packets=st.lists(device_packets, max_size=3), data=st.data())
def test_the_door_learns_the_version_wherever_the_stream_is_cut(
    first: Any, packets: list[Any], data: st.DataObject
) -> None:
    """What stands right behind a CONNECT of MQTT 5 is read as MQTT 5, in the same bytes or in others."""
    stream = b"".join(packet.write() for packet in [first, *packets])
    cut = data.draw(st.integers(0, len(stream)))
    reading = DoorReader()
    found = reading.feed(stream[:cut]) + reading.feed(stream[cut:])
    assert typed(found) == typed([expected(packet) for packet in [first, *packets]])


@given(data=st.binary(max_size=80), more=st.binary(max_size=80))
def test_junk_raises_nothing_but_a_violation(data: bytes, more: bytes) -> None:
    """Random bytes become packets, wait for more, or are a violation."""
    reading = reader()
    try:
        reading.feed(data)
        reading.feed(more)
    except ProtocolViolationError:
        pass


@given(packet=device_packets, data=st.data())
def test_a_broken_packet_raises_nothing_but_a_violation(packet: Any, data: st.DataObject) -> None:
    """A well-formed packet with some bytes changed is another packet, incomplete, or a violation."""
    raw = bytearray(packet.write())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        for decoded in reader().feed(bytes(raw)):
            assert isinstance(decoded, Packet)
    except ProtocolViolationError:
        pass


@given(packet=device_packets.filter(lambda packet: len(packet.write()) < 100), data=st.data())
def test_a_packet_cut_inside_its_frame_never_reads_into_the_next(packet: Any, data: st.DataObject) -> None:
    """A frame that claims fewer bytes than its fields need is a violation or shorter, whatever follows it."""
    raw = packet.write()
    length = data.draw(st.integers(0, max(0, len(raw) - 3)))
    short = bytes((raw[0], length)) + raw[2 : 2 + length]
    outcomes = []
    for follower in (b"\xc0\x00", b"\x40\x02\x41\x41"):
        try:
            outcomes.append(typed(reader().feed(short + follower))[:-1])
        except ProtocolViolationError:
            outcomes.append([])
    assert outcomes[0] == outcomes[1]


def test_unspoken_types_are_refused_by_the_first_byte() -> None:
    """A server's packets, AUTH, reserved bits and DUP with QoS 0; QoS 2 with a reason of its own."""
    spoken = {0x10, 0x30, 0x31, 0x32, 0x33, 0x3A, 0x3B, 0x40, 0x82, 0xA2, 0xC0, 0xE0}
    for first in range(256):
        if first in spoken:
            assert reader().feed(bytes((first,))) == []
            continue
        with pytest.raises(ProtocolViolationError) as violation:
            reader().feed(bytes((first,)))
        assert isinstance(violation.value, QosNotSupportedError) == (first in {0x34, 0x35, 0x3C, 0x3D})


def connect_bytes(properties: bytes, flags: int = 0x02, rest: bytes = b"\x00\x01c") -> bytes:
    body = b"\x00\x04MQTT\x05" + bytes((flags,)) + b"\x00\x3c" + properties + rest
    return bytes((0x10, len(body))) + body


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(connect_bytes(b"\x00", flags=0x03), id="reserved flag"),
        pytest.param(connect_bytes(b"\x00", flags=0x0A), id="will QoS without will"),
        pytest.param(connect_bytes(b"\x00", rest=b"\x00\x01c!"), id="bytes after the end"),
        pytest.param(connect_bytes(b"\x01"), id="properties longer than they are"),
        pytest.param(connect_bytes(b"\x7f"), id="properties longer than the packet"),
        pytest.param(connect_bytes(b"\x80\x80\x80\x80\x01"), id="property length of five bytes"),
        pytest.param(connect_bytes(b"\x80\x00"), id="property length in two bytes for none"),
        pytest.param(connect_bytes(b"\x03\x21\x00\x00"), id="receive maximum 0"),
        pytest.param(connect_bytes(b"\x05\x27\x00\x00\x00\x00"), id="maximum packet size 0"),
        pytest.param(connect_bytes(b"\x02\x17\x02"), id="request problem information 2"),
        pytest.param(connect_bytes(b"\x06\x21\x00\x01\x21\x00\x01"), id="receive maximum twice"),
        pytest.param(connect_bytes(b"\x02\x24\x01"), id="maximum QoS is the server's"),
        pytest.param(connect_bytes(b"\x02\x7e\x01"), id="unknown property"),
        pytest.param(connect_bytes(b"\x04\x16\x00\x01x"), id="authentication data without a method"),
        pytest.param(connect_bytes(b"\x04\x11\x00\x00\x00"), id="cut number of four bytes"),
        pytest.param(connect_bytes(b"\x02\x21\x00"), id="cut number of two bytes"),
        pytest.param(connect_bytes(b"\x01\x17"), id="cut byte"),
        pytest.param(connect_bytes(b"\x05\x26\x00\x05ab"), id="user property longer than the properties"),
        pytest.param(connect_bytes(b"\x06\x26\x00\x01\xff\x00\x00"), id="user property not UTF-8"),
        pytest.param(connect_bytes(b"\x06\x26\x00\x01\x00\x00\x00"), id="user property with NUL"),
        pytest.param(connect_bytes(b"\x00", flags=0x06, rest=b"\x00\x01c\x00\x00\x01#\x00\x00"), id="will wildcard"),
        pytest.param(
            connect_bytes(b"\x00", flags=0x06, rest=b"\x00\x01c\x03\x23\x00\x01\x00\x01t\x00\x00"), id="will alias"
        ),
        pytest.param(b"\x30\x03\x00\x00\x00", id="empty topic without alias"),
        pytest.param(b"\x30\x04\x00\x01+\x00", id="topic +"),
        pytest.param(b"\x30\x04\x00\x01#\x00", id="topic #"),
        pytest.param(b"\x30\x04\x00\x01\x00\x00", id="topic NUL"),
        pytest.param(b"\x30\x05\x00\x02\xed\xa0\x00", id="topic surrogate"),
        pytest.param(b"\x30\x03\x00\x01t", id="PUBLISH without properties"),
        pytest.param(b"\x30\x06\x00\x01t\x02\x0b\x01", id="a client's subscription identifier"),
        pytest.param(b"\x30\x08\x00\x01t\x04\x08\x00\x01#", id="response topic #"),
        pytest.param(b"\x30\x06\x00\x01t\x02\x01\x02", id="payload format 2"),
        pytest.param(b"\x32\x06\x00\x01t\x00\x00\x00", id="PUBLISH id 0"),
        pytest.param(b"\x32\x04\x00\x01t\x00", id="QoS 1 without packet id"),
        pytest.param(b"\x40\x01\x00", id="short PUBACK"),
        pytest.param(b"\x40\x05\x00\x01\x00\x00!", id="long PUBACK"),
        pytest.param(b"\x82\x03\x00\x01\x00", id="SUBSCRIBE without filter"),
        pytest.param(b"\x82\x06\x00\x01\x00\x00\x01t", id="SUBSCRIBE without options"),
        pytest.param(b"\x82\x07\x00\x01\x00\x00\x01t\x03", id="SUBSCRIBE QoS 3"),
        pytest.param(b"\x82\x07\x00\x01\x00\x00\x01t\x41", id="SUBSCRIBE reserved bits"),
        pytest.param(b"\x82\x07\x00\x01\x00\x00\x01t\x31", id="SUBSCRIBE retain handling 3"),
        pytest.param(b"\x82\x06\x00\x01\x00\x00\x00\x01", id="SUBSCRIBE empty filter"),
        pytest.param(b"\x82\x09\x00\x01\x02\x0b\x00\x00\x01t\x01", id="subscription identifier 0"),
        pytest.param(b"\xa2\x03\x00\x01\x00", id="UNSUBSCRIBE without filter"),
        pytest.param(b"\xa2\x05\x00\x01\x00\x00\x00", id="UNSUBSCRIBE empty filter"),
        pytest.param(b"\xc0\x01\x00", id="PINGREQ with body"),
        pytest.param(b"\xe0\x03\x00\x00!", id="long DISCONNECT"),
        pytest.param(b"\xe0\x04\x00\x02\x21\x00", id="DISCONNECT with a foreign property"),
        pytest.param(b"\x30\xff\xff\xff\x7f", id="largest remaining length"),
    ],
)
def test_malformed_packets_are_violations(raw: bytes) -> None:
    """Each of these is refused as soon as it is there."""
    with pytest.raises(ProtocolViolationError):
        reader().feed(raw)


@pytest.mark.parametrize("topic", [b"\x00\x00", b"\x00\x01t"])
@pytest.mark.parametrize("alias", [0, 1, 65535])
def test_A17_a_topic_alias_is_refused_with_a_topic_and_without(topic: bytes, alias: int) -> None:
    """None is offered, so a message never takes its topic from an earlier one."""
    body = topic + b"\x03\x23" + alias.to_bytes(2, "big")
    with pytest.raises(TopicAliasInvalidError):
        reader().feed(bytes((0x30, len(body))) + body)


def test_another_codec_reads_what_we_write() -> None:
    """Each packet of the server, with all its properties, is what the other codec makes of it."""
    raw = (
        packets5.encode_connack(0, [(0x21, 256), (0x24, 1), (0x25, 0), (0x13, 30), (0x27, 70000)])
        + packets5.encode_publish("a/b", b"hi", None)
        + packets5.encode_publish("a/b", b"x" * 300, 0x0102)
        + packets5.encode_refusing_puback(7, 0x87)
        + packets5.encode_suback(8, [0, 1, 0x87, 0x9E, 0xA1, 0xA2])
        + packets5.encode_unsuback(9, [0, 0x11])
        + packets5.encode_disconnect(0x8E, "taken over")
    )
    connack, first, second, puback, suback, unsuback, disconnect = read_all(raw)
    assert (connack.receive_max, int(connack.max_qos), connack.retain_available) == (256, 1, False)
    assert (connack.server_keep_alive, connack.max_packet_size, connack.session_present) == (30, 70000, False)
    assert (first.topic, first.payload, first.packet_id) == ("a/b", b"hi", None)
    assert (second.payload, second.packet_id, int(second.qos)) == (b"x" * 300, 0x0102, 1)
    assert (puback.packet_id, int(puback.reason_code)) == (7, 0x87)
    assert (suback.packet_id, list(map(int, suback.reason_codes))) == (8, [0, 1, 0x87, 0x9E, 0xA1, 0xA2])
    assert (unsuback.packet_id, list(map(int, unsuback.reason_codes))) == (9, [0, 0x11])
    assert (int(disconnect.reason_code), disconnect.reason_str) == (0x8E, "taken over")
