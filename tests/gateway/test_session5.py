"""The device session in MQTT 5: the same decisions as in 3.1.1, and what only version 5 can say."""

from __future__ import annotations

from typing import Any

import mqtt5
import pytest

from tests.gateway.playbook import FIELDS, INFORM, ME, MY_INFORM, MY_REPLY, MY_UPGRADE, OTHER, TOPICS, UPGRADE, typed
from tests.gateway.playbook5 import (
    QOS,
    connect,
    farewell,
    feed,
    only,
    opened,
    publish,
    refused_with,
    said,
    subscribe,
    welcomed,
)
from whimbrel.gateway.commands import Authenticate, Close, CloseReason, Dropped, DropReason, Report, Send
from whimbrel.gateway.dialects import CLIENT_PACKET_BYTES_MIN
from whimbrel.gateway.frames import PACKET_BYTES_MAX
from whimbrel.gateway.packets import ConnackCode
from whimbrel.gateway.session import (
    PAYLOAD_BYTES_MAX,
    REFUSED_PUBLISHES_MAX,
    REPORTS_PENDING_MAX,
    SUBSCRIBE_FILTERS_MAX,
    Session,
)
from whimbrel.gateway.topics import topic_of
from whimbrel.gateway.window import IN_FLIGHT_MAX, Message

PUSH = Message(MY_UPGRADE, b'{"code":"1000"}')
THING_MODEL = topic_of("/sys/{pk}/{dn}/thing/event/property/post", ME)


# ---- connecting -----------------------------------------------------------------------------------------------------


def test_the_same_claim_is_proved_as_in_3_1_1() -> None:
    """CONNECT becomes the same Authenticate; properties that ask for what is not served change nothing."""
    session = Session(TOPICS, now_s=0.0)
    asked = connect(
        user_properties=[("a", "b")], request_response_info=True, session_expiry_interval=3600, topic_alias_max=10
    )
    [command] = feed(session, asked)
    assert isinstance(command, Authenticate)
    assert (command.credential.identity, command.password) == (ME, FIELDS.password.encode())
    assert session.identity is None


def test_connack_says_what_we_are() -> None:
    """A device that reads it asks for nothing that is refused."""
    _, connack = welcomed(session_expiry_interval=3600)
    assert int(connack.reason_code) == 0
    assert (connack.session_present, connack.session_expiry_interval) == (False, 0)
    assert (int(connack.max_qos), connack.retain_available) == (1, False)
    assert (connack.receive_max, connack.topic_alias_max) == (REPORTS_PENDING_MAX, 0)
    assert connack.max_packet_size == PACKET_BYTES_MAX + 4
    assert not connack.wildcard_subscription_available
    assert not connack.subscription_id_available
    assert not connack.shared_subscription_available
    assert connack.server_keep_alive is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (ConnackCode.IDENTIFIER_REJECTED, 0x85),
        (ConnackCode.SERVER_UNAVAILABLE, 0x88),
        (ConnackCode.SERVER_BUSY, 0x89),
        (ConnackCode.BAD_CREDENTIAL, 0x86),
        (ConnackCode.NOT_AUTHORIZED, 0x87),
    ],
)
def test_a_refused_device_reads_the_reason(code: ConnackCode, reason: int) -> None:
    """Each refusal of 3.1.1 has its own reason."""
    session = Session(TOPICS, now_s=0.0)
    feed(session, connect())
    commands = session.refused(code)
    assert refused_with(commands) == reason
    assert commands[-1] == Close(CloseReason.CONNECT_REFUSED)
    assert feed(session, mqtt5.PingReqPacket()) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"client_id": "no bars"}, 0x85),
        ({"username": None, "password": None}, 0x86),
        ({"username": None}, 0x86),
        ({"password": None}, 0x86),
        ({"username": "dev/+&a19mzPZ0001"}, 0x86),
        ({"will": mqtt5.Will(topic_of(INFORM, OTHER))}, 0x87),
        ({"will": mqtt5.Will("$SYS/x")}, 0x87),
        ({"will": mqtt5.Will(MY_INFORM, retain=True)}, 0x9A),
        ({"will": mqtt5.Will(MY_INFORM, qos=QOS[2])}, 0x9B),
        ({"authentication_method": "SCRAM-SHA-1"}, 0x8C),
        ({"max_packet_size": CLIENT_PACKET_BYTES_MIN - 1}, 0x83),
    ],
)
def test_connects_that_cannot_be_served_are_refused_at_once(changes: dict[str, Any], reason: int) -> None:
    """Without asking the store; a will that would be retained or of QoS 2 is refused as the standard demands."""
    assert refused_with(feed(Session(TOPICS, now_s=0.0), connect(**changes))) == reason


def test_an_own_will_is_ignored() -> None:
    """It neither hinders the connection nor ever becomes a report, also when the device leaves and asks for it."""
    session = opened(will=mqtt5.Will(MY_INFORM, payload=b"gone", will_delay_interval=5))
    commands = feed(session, mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode(4)))
    assert typed(commands) == typed([Close(CloseReason.DEVICE_DISCONNECTED)])


@pytest.mark.parametrize(
    ("asked_s", "granted_s"), [(0, 1200), (1, 30), (29, 30), (30, None), (31, None), (1200, None), (1201, 1200)]
)
def test_a_keep_alive_out_of_range_is_replaced(asked_s: int, granted_s: int | None) -> None:
    """MQTT 5 lets the server say it, so the device is not refused; what was said is what holds."""
    session, connack = welcomed(keep_alive=asked_s)
    assert connack.server_keep_alive == granted_s
    deadline_s = 1.5 * (granted_s or asked_s)
    assert session.tick(deadline_s - 0.1) == []
    assert farewell(session.tick(deadline_s)) == (0x8D, Close(CloseReason.KEEP_ALIVE_TIMEOUT))


def test_a_store_that_does_not_answer_means_server_unavailable() -> None:
    """The device is not told that its credential is bad."""
    session = Session(TOPICS, now_s=0.0)
    feed(session, connect())
    assert refused_with(session.tick(10.0)) == 0x88


def test_packets_behind_connect_wait_for_authentication() -> None:
    """They are read as MQTT 5, and looked at when it is proved who speaks."""
    session = Session(TOPICS, now_s=0.0)
    assert len(feed(session, connect(), subscribe(1, (MY_UPGRADE, 1)), publish(MY_INFORM, b"{}", 2))) == 1
    commands = session.authenticated(ME)
    assert [type(packet) for packet in said(commands)] == [mqtt5.ConnAckPacket, mqtt5.SubAckPacket]
    assert commands[-1] == Report("inform", b"{}", 2)


# ---- the end --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (CloseReason.TAKEN_OVER, 0x8E),
        (CloseReason.REVOKED, 0x98),
        (CloseReason.SERVER_STOPPING, 0x8B),
        (CloseReason.SERVER_UNAVAILABLE, 0x89),
    ],
)
def test_the_server_says_why_it_closes(reason: CloseReason, code: int) -> None:
    """A DISCONNECT with the reason comes first, once, and nothing after it."""
    session = opened()
    assert farewell(session.close(reason)) == (code, Close(reason))
    assert session.close(reason) == session.deliver(PUSH) == feed(session, mqtt5.PingReqPacket()) == []


def test_nothing_is_said_before_connack() -> None:
    """A DISCONNECT may not come before CONNACK (3.14.0-1): the connection just ends."""
    session = Session(TOPICS, now_s=0.0)
    feed(session, connect())
    assert typed(session.close(CloseReason.SERVER_STOPPING)) == typed([Close(CloseReason.SERVER_STOPPING)])


@pytest.mark.parametrize(
    ("raw", "code", "reason"),
    [
        (b"\xf0\x00", 0x82, CloseReason.PROTOCOL_VIOLATION),
        (b"\x30\x04\x00\x01#\x00", 0x82, CloseReason.PROTOCOL_VIOLATION),
        (b"\x34\x06\x00\x01t\x00\x01\x00", 0x9B, CloseReason.QOS_NOT_SUPPORTED),
        (b"\x30\x06\x00\x00\x03\x23\x00\x01", 0x94, CloseReason.TOPIC_ALIAS_INVALID),
        (b"\x30\xff\xff\x7f", 0x95, CloseReason.PACKET_TOO_LARGE),
        (connect().write(), 0x82, CloseReason.PROTOCOL_VIOLATION),
    ],
)
def test_violations_end_the_session_with_their_reason(raw: bytes, code: int, reason: CloseReason) -> None:
    """QoS 2, an alias, too many bytes, a second CONNECT, and what is not MQTT."""
    assert farewell(opened().received(raw, 1.0)) == (code, Close(reason))


# ---- reports --------------------------------------------------------------------------------------------------------


def test_I1_a_report_is_acknowledged_only_when_it_is_done() -> None:
    """As in 3.1.1: success means that it is durable."""
    session = opened()
    asked = publish(MY_INFORM, b"{}", 7, user_properties=[("a", "b")], response_topic="r", correlation_data=b"c")
    assert typed(feed(session, asked)) == typed([Report("inform", b"{}", 7)])
    puback = only(session.report_done(7))
    assert (puback.packet_id, int(puback.reason_code)) == (7, 0)


@pytest.mark.parametrize(
    "topic", [topic_of(INFORM, OTHER), MY_INFORM + "2", MY_INFORM[:-1], "$SYS/broker", f"$share/g{MY_INFORM}x", "a"]
)
def test_A17_a_foreign_publish_is_answered_with_not_authorized(topic: str) -> None:
    """No report comes of it, and the session goes on, until its patience ends."""
    session = opened()
    for _ in range(REFUSED_PUBLISHES_MAX):
        dropped, answer = feed(session, publish(topic, b"{}", 3))
        assert dropped == Dropped(DropReason.FOREIGN_TOPIC)
        assert (only([answer]).packet_id, int(only([answer]).reason_code)) == (3, 0x87)
    commands = feed(session, publish(topic, b"{}", 3), publish(MY_INFORM, b"{}", 4))
    assert farewell(commands) == (0x97, Close(CloseReason.REFUSED_PUBLISH))
    assert not any(isinstance(command, Report) for command in commands)


def test_an_own_topic_that_nobody_serves_is_told_so() -> None:
    """ "No matching subscribers" is a success that promises nothing; it never costs the connection."""
    session = opened()
    for packet_id in range(1, 50):
        dropped, answer = feed(session, publish(THING_MODEL, b"{}", packet_id))
        assert dropped == Dropped(DropReason.UNSERVED_TOPIC)
        assert int(only([answer]).reason_code) == 0x10


@pytest.mark.parametrize("payload_bytes", [PAYLOAD_BYTES_MAX - 1, PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX + 1])
def test_payloads_over_64_kib_are_refused(payload_bytes: int) -> None:
    """With "quota exceeded", at -1, 0 and +1."""
    commands = feed(opened(), publish(MY_INFORM, b"x" * payload_bytes, 3))
    if payload_bytes <= PAYLOAD_BYTES_MAX:
        assert commands == [Report("inform", b"x" * payload_bytes, 3)]
    else:
        assert commands[0] == Dropped(DropReason.PAYLOAD_TOO_LARGE)
        assert int(only(commands[1:]).reason_code) == 0x97


@pytest.mark.parametrize("packet_id", [None, 5])
def test_a_retained_publish_ends_the_session(packet_id: int | None) -> None:
    """CONNACK has said that nothing is retained here."""
    commands = feed(opened(), publish(MY_INFORM, b"{}", packet_id, retain=True))
    assert commands[0] == Dropped(DropReason.RETAINED)
    assert farewell(commands) == (0x9A, Close(CloseReason.RETAIN_NOT_SUPPORTED))


@pytest.mark.parametrize("count", [REPORTS_PENDING_MAX - 1, REPORTS_PENDING_MAX, REPORTS_PENDING_MAX + 1])
def test_I17_the_receive_maximum_that_connack_told_holds(count: int) -> None:
    """One message more without an acknowledgement ends the session; messages of QoS 0 do not count."""
    session = opened()
    feed(session, *(publish(MY_INFORM) for _ in range(3)))
    commands = feed(session, *(publish(MY_INFORM, b"{}", n + 1) for n in range(count)))
    if count <= REPORTS_PENDING_MAX:
        assert len(commands) == count
        session.report_done(1)
        assert feed(session, publish(MY_INFORM, b"{}", 1)) == [Report("inform", b"{}", 1)]
    else:
        assert farewell(commands) == (0x93, Close(CloseReason.RECEIVE_MAXIMUM_EXCEEDED))


# ---- subscriptions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic_filter", "reason"),
    [
        ("#", 0xA2),
        ("$SYS/#", 0xA2),
        (f"/ota/device/upgrade/{ME.product_key}/+", 0xA2),
        (f"{MY_UPGRADE}/#", 0xA2),
        (f"$share/g/{MY_UPGRADE}", 0x9E),
        ("$share/g/#", 0x9E),
        (f"$queue/{MY_UPGRADE}", 0x87),
        (topic_of(UPGRADE, OTHER), 0x87),
        (MY_INFORM, 0x87),
        (MY_UPGRADE + "/", 0x87),
        ("$SYS/broker", 0x87),
    ],
)
def test_A17_refused_subscriptions_say_why(topic_filter: str, reason: int) -> None:
    """Each filter has its own reason, beside the exact own topics that are granted."""
    session = opened()
    dropped, suback = feed(session, subscribe(9, (MY_UPGRADE, 0), (topic_filter, 1), (MY_REPLY, 2)))
    assert dropped == Dropped(DropReason.FOREIGN_SUBSCRIPTION)
    assert list(map(int, only([suback]).reason_codes)) == [0, reason, 1]
    with pytest.raises(AssertionError):
        session.deliver(Message(topic_of(UPGRADE, OTHER), b""))


def test_a_subscription_with_an_identifier_is_refused() -> None:
    """CONNACK has said that there are none; delivery without a subscription goes on."""
    session = opened()
    suback = only(feed(session, subscribe(9, (MY_UPGRADE, 0), subscription_id=5))[1:])
    assert list(map(int, suback.reason_codes)) == [0xA1]
    assert int(only(session.deliver(PUSH)).qos) == 1


def test_unsuback_says_which_subscriptions_there_were() -> None:
    """0x00 for one that existed, 0x11 for one that did not."""
    session = opened()
    feed(session, subscribe(1, (MY_UPGRADE, 0)))
    unsuback = only(feed(session, mqtt5.UnsubscribePacket(2, [MY_UPGRADE, MY_REPLY, "#"])))
    assert list(map(int, unsuback.reason_codes)) == [0, 0x11, 0x11]


@pytest.mark.parametrize("count", [SUBSCRIBE_FILTERS_MAX - 1, SUBSCRIBE_FILTERS_MAX, SUBSCRIBE_FILTERS_MAX + 1])
def test_I17_filters_of_one_packet_are_bounded(count: int) -> None:
    """100 filters are answered within the least packet a device may take, 101 end the session."""
    for packet in (subscribe(1, *((MY_UPGRADE, 1),) * count), mqtt5.UnsubscribePacket(1, [MY_UPGRADE] * count)):
        commands = feed(opened(), packet)
        if count <= SUBSCRIBE_FILTERS_MAX:
            [command] = commands
            assert isinstance(command, Send)
            assert len(command.data) <= CLIENT_PACKET_BYTES_MIN
        else:
            assert farewell(commands) == (0x97, Close(CloseReason.TOO_MANY_FILTERS))


# ---- deliveries -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("qos", "packet_id"), [(None, 1), (0, None), (1, 1), (2, 1)])
def test_a_delivery_comes_once_with_the_qos_subscribed(qos: int | None, packet_id: int | None) -> None:
    """Without a subscription with QoS 1, as in 3.1.1."""
    session = opened()
    if qos is not None:
        feed(session, subscribe(1, (MY_UPGRADE, qos), (MY_UPGRADE, qos)), subscribe(2, (MY_UPGRADE, qos)))
    packet = only(session.deliver(PUSH))
    assert (packet.topic, packet.payload, packet.packet_id) == (*PUSH, packet_id)


@pytest.mark.parametrize("receive_max", [1, 2, IN_FLIGHT_MAX, IN_FLIGHT_MAX + 1, 65535])
def test_the_receive_maximum_of_the_device_is_kept(receive_max: int) -> None:
    """As many are in flight as the device takes, and never more than we would send; a refusal frees a place too."""
    session = opened(receive_max=receive_max)
    sent = [packet for _ in range(IN_FLIGHT_MAX + 2) for packet in said(session.deliver(PUSH))]
    assert len(sent) == min(receive_max, IN_FLIGHT_MAX)
    refusal = mqtt5.PubAckPacket(1, reason_code=mqtt5.PubAckReasonCode(0x97), reason_str="full")
    assert only(feed(session, refusal)).payload == PUSH.payload
    assert feed(session, refusal) == []


@pytest.mark.parametrize("spare_bytes", [-1, 0, 1])
def test_the_maximum_packet_size_of_the_device_is_kept(spare_bytes: int) -> None:
    """A notice that the device could not take is dropped, and the next one goes its way."""
    whole_bytes = len(mqtt5.PublishPacket(MY_UPGRADE, b"x" * 500, qos=QOS[1], packet_id=1).write())
    session = opened(max_packet_size=whole_bytes + spare_bytes)
    commands = session.deliver(Message(MY_UPGRADE, b"x" * 500))
    if spare_bytes < 0:
        assert commands == [Dropped(DropReason.DELIVERY_TOO_LARGE)]
    else:
        assert len(only(commands).payload) == 500
    assert only(session.deliver(PUSH)).payload == PUSH.payload


def test_what_a_device_asks_for_again_takes_no_place() -> None:
    """With `qos_max` 0 a delivery has no packet id, whatever is in flight or was subscribed to."""
    session = opened(receive_max=1)
    feed(session, subscribe(1, (MY_UPGRADE, 1)))
    session.deliver(PUSH)
    assert only(session.deliver(PUSH, qos_max=0)).packet_id is None


def test_a_device_that_registers_is_answered_in_its_version() -> None:
    """CONNACK and the credentials, then nothing but the end (device-protocol 11)."""
    session = Session(TOPICS, now_s=0.0)
    feed(session, connect())
    connack, answer = said(session.registered(Message("/ext/register", b"{}")))
    assert (int(connack.reason_code), answer.topic, answer.payload, answer.packet_id) == (
        0,
        "/ext/register",
        b"{}",
        None,
    )
    assert feed(session, publish(MY_INFORM, b"{}", 1)) == session.deliver(PUSH) == []
    assert feed(session, mqtt5.DisconnectPacket()) == [Close(CloseReason.DEVICE_DISCONNECTED)]
