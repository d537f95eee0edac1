"""The device session by playbooks: connecting, time and reports; no socket, no clock, no store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.playbook import (
    ACCEPTED,
    CONNECT,
    FIELDS,
    GET,
    INFORM,
    ME,
    MY_INFORM,
    MY_UPGRADE,
    OTHER,
    TOPICS,
    assert_closed,
    feed,
    opened,
    refusal,
    sent,
    typed,
)
from whimbrel.domain.device_credential import DeviceCredential
from whimbrel.gateway.commands import Authenticate, Close, CloseReason, Command, Dropped, DropReason, Report, Send
from whimbrel.gateway.packets import (
    ConnAck,
    ConnackCode,
    Connect,
    Disconnect,
    EncodablePacket,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    SubAck,
    Subscribe,
    UnsubAck,
    Unsubscribe,
    Will,
    encode,
)
from whimbrel.gateway.session import (
    CONNECT_SECONDS_MAX,
    EARLY_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
    REPORTS_PENDING_MAX,
    Session,
)
from whimbrel.gateway.topics import topic_of

# ---- connecting -----------------------------------------------------------------------------------------------------


def test_connect_asks_for_authentication_and_is_accepted_after_it() -> None:
    """CONNECT becomes Authenticate with the claim; nothing is sent to the device before the answer."""
    session = Session(TOPICS, now_s=0.0)
    (command,) = feed(session, CONNECT)
    assert isinstance(command, Authenticate)
    assert isinstance(command.credential, DeviceCredential)
    assert command.credential.identity == ME
    assert command.password == FIELDS.password.encode()
    assert session.identity is None
    assert typed(session.authenticated(ME)) == typed([ACCEPTED])
    assert session.identity == ME
    assert session.authenticated(ME) == []


@pytest.mark.parametrize(
    "code", [ConnackCode.BAD_CREDENTIAL, ConnackCode.NOT_AUTHORIZED, ConnackCode.SERVER_UNAVAILABLE]
)
def test_a_refused_device_gets_the_code_and_the_end(code: ConnackCode) -> None:
    """Wrong password, disabled device and a store that is down each keep their own code."""
    session = Session(TOPICS, now_s=0.0)
    feed(session, CONNECT)
    commands = session.refused(code)
    assert typed(commands) == typed(refusal(code))
    assert_closed(session, commands, CloseReason.CONNECT_REFUSED)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "no bars"}, ConnackCode.IDENTIFIER_REJECTED),
        ({"client_id": ""}, ConnackCode.IDENTIFIER_REJECTED),
        ({"username": None, "password": None}, ConnackCode.BAD_CREDENTIAL),
        ({"password": None}, ConnackCode.BAD_CREDENTIAL),
        ({"username": "dev-0001"}, ConnackCode.BAD_CREDENTIAL),
        ({"username": "dev/+&a19mzPZ0001"}, ConnackCode.BAD_CREDENTIAL),
        ({"will": Will(topic_of(INFORM, OTHER), b"", 0, False)}, ConnackCode.NOT_AUTHORIZED),
        ({"will": Will("$SYS/x", b"", 0, True)}, ConnackCode.NOT_AUTHORIZED),
    ],
)
def test_unreadable_claims_and_foreign_wills_are_refused_at_once(changes: dict[str, object], code: ConnackCode) -> None:
    """Without asking the store: 2 for the ClientId, 4 for name or password, 5 for a will in another's name."""
    fields = {**CONNECT._asdict(), **changes}
    assert typed(feed(Session(TOPICS, now_s=0.0), Connect(**fields))) == typed(refusal(code))


def test_an_own_will_is_ignored() -> None:
    """A will on an own topic neither hinders the connection nor ever becomes a report."""
    session = Session(TOPICS, now_s=0.0)
    (command,) = feed(session, CONNECT._replace(will=Will(MY_INFORM, b"gone", 1, True)))
    assert isinstance(command, Authenticate)
    session.authenticated(ME)
    assert session.tick(1000.0) == [Close(CloseReason.KEEP_ALIVE_TIMEOUT)]


@pytest.mark.parametrize(
    ("keep_alive_s", "is_taken"),
    [(0, False), (29, False), (30, True), (31, True), (1199, True), (1200, True), (1201, False)],
)
def test_keep_alive_must_be_30_to_1200_seconds(keep_alive_s: int, is_taken: bool) -> None:
    """Outside, and for 0 (never), the connection closes without CONNACK, as no code says why."""
    commands = feed(Session(TOPICS, now_s=0.0), CONNECT._replace(keep_alive_s=keep_alive_s))
    if is_taken:
        assert isinstance(commands[0], Authenticate)
    else:
        assert typed(commands) == typed([Close(CloseReason.KEEP_ALIVE_OUT_OF_RANGE)])


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (b"\x10\x0d\x00\x04MQTT\x06\x02\x00\x3c\x00\x00\x00", b"\x20\x03\x00\x84\x00"),
        (b"\x10\x0e\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x00", encode(ConnAck(ConnackCode.PROTOCOL_LEVEL))),
    ],
)
def test_other_protocol_levels_are_told_so(head: bytes, answer: bytes) -> None:
    """A version to come gets an answer of MQTT 5, older ones return code 1; both are closed."""
    session = Session(TOPICS, now_s=0.0)
    commands = session.received(head, 0.0)
    assert typed(commands) == typed([Send(answer), Close(CloseReason.CONNECT_REFUSED)])
    assert_closed(session, commands, CloseReason.CONNECT_REFUSED)


@pytest.mark.parametrize("packet", [PingReq(), Disconnect(), Publish(MY_INFORM, b"{}", 1), PubAck(1)])
def test_the_first_packet_must_be_connect(packet: EncodablePacket) -> None:
    """Anything else ends the connection without an answer."""
    session = Session(TOPICS, now_s=0.0)
    assert_closed(session, feed(session, packet), CloseReason.PROTOCOL_VIOLATION)


def test_a_second_connect_is_a_violation() -> None:
    """Before and after authentication."""
    session = opened()
    assert_closed(session, feed(session, CONNECT), CloseReason.PROTOCOL_VIOLATION)
    session = Session(TOPICS, now_s=0.0)
    feed(session, CONNECT, CONNECT)
    assert typed(session.authenticated(ME)) == typed([ACCEPTED, Close(CloseReason.PROTOCOL_VIOLATION)])


@pytest.mark.parametrize("packet", [ConnAck(ConnackCode.ACCEPTED), SubAck(1, (0,)), UnsubAck(1), PingResp()])
def test_what_only_a_server_sends_is_a_violation(packet: EncodablePacket) -> None:
    """A device that plays server is disconnected."""
    session = opened()
    assert_closed(session, feed(session, packet), CloseReason.PROTOCOL_VIOLATION)


def test_packets_behind_connect_wait_for_authentication() -> None:
    """A hasty device's messages are neither lost nor looked at before it is proved who it is."""
    session = Session(TOPICS, now_s=0.0)
    assert len(feed(session, CONNECT, Subscribe(1, ((MY_UPGRADE, 1),)), Publish(MY_INFORM, b"{}", 2))) == 1
    assert feed(session, PingReq()) == []
    accepted, suback, report, pong = session.authenticated(ME)
    assert sent([accepted, suback, pong]) == [ConnAck(ConnackCode.ACCEPTED), SubAck(1, (1,)), PingResp()]
    assert report == Report("inform", b"{}", 2)


@pytest.mark.parametrize("excess_bytes", [-1, 0, 1])
def test_I17_little_is_kept_for_a_device_not_yet_authenticated(excess_bytes: int) -> None:
    """EARLY_BYTES_MAX, the CONNECT included, at -1, 0 and +1."""
    session = Session(TOPICS, now_s=0.0)
    feed(session, CONNECT)
    room_bytes = EARLY_BYTES_MAX - len(encode(CONNECT)) + excess_bytes
    commands = session.received(b"\xc0\x00" * (room_bytes // 2) + b"\xc0" * (room_bytes % 2), 0.0)
    if excess_bytes <= 0:
        assert commands == []
        assert sent(session.authenticated(ME))[1:] == [PingResp()] * (room_bytes // 2)
    else:
        assert_closed(session, commands, CloseReason.PROTOCOL_VIOLATION)


def test_large_packets_are_for_authenticated_devices() -> None:
    """A message over 4 KiB is taken after CONNACK and ends the connection before it."""
    large = Publish(MY_INFORM, b"x" * 5000, 1)
    assert feed(opened(), large) == [Report("inform", large.payload, 1)]
    session = Session(TOPICS, now_s=0.0)
    assert_closed(session, feed(session, CONNECT, large), CloseReason.PACKET_TOO_LARGE)


@given(data=st.binary(max_size=60))
def test_junk_never_raises(data: bytes) -> None:
    """Junk instead of CONNECT, or behind it, gives commands, never an exception."""
    assert all(not isinstance(c, Authenticate | Report) for c in Session(TOPICS, 0.0).received(b"\x00" + data, 0.0))
    commands = opened().received(data, 1.0)
    assert all(isinstance(command, Command) for command in commands)


# ---- time -----------------------------------------------------------------------------------------------------------


def test_connect_must_come_within_ten_seconds() -> None:
    """Up to the deadline silence is patience; at it the connection ends. A half CONNECT does not extend it."""
    session = Session(TOPICS, now_s=100.0)
    session.received(encode(CONNECT)[:20], 109.0)
    assert session.deadline_s == 100.0 + CONNECT_SECONDS_MAX == 110.0
    assert session.tick(109.999) == []
    assert_closed(session, session.tick(110.0), CloseReason.CONNECT_TIMEOUT)


def test_a_store_that_does_not_answer_means_server_unavailable() -> None:
    """The device did nothing wrong, so it is not told that its credential is bad."""
    session = Session(TOPICS, now_s=0.0)
    feed(session, CONNECT, now_s=9.0)
    commands = session.tick(10.0)
    assert typed(commands) == typed(
        [Send(encode(ConnAck(ConnackCode.SERVER_UNAVAILABLE))), Close(CloseReason.CONNECT_TIMEOUT)]
    )
    assert_closed(session, commands, CloseReason.CONNECT_TIMEOUT)


def test_a_silent_device_is_closed_after_one_and_a_half_keep_alives() -> None:
    """Each whole packet starts the time again; dripping bytes of one do not."""
    session = opened()
    assert session.deadline_s == 90.0
    assert sent(feed(session, PingReq(), now_s=50.0)) == [PingResp()]
    assert session.deadline_s == 140.0
    session.received(b"\xc0", 130.0)
    assert session.tick(139.9) == []
    assert_closed(session, session.tick(140.0), CloseReason.KEEP_ALIVE_TIMEOUT)


# ---- reports --------------------------------------------------------------------------------------------------------


def test_I1_a_report_is_acknowledged_only_when_it_is_done() -> None:
    """QoS 1: the PUBACK is the answer to report_done and comes from nothing else."""
    session = opened()
    assert typed(feed(session, Publish(MY_INFORM, b"{}", 7))) == typed([Report("inform", b"{}", 7)])
    assert sent(feed(session, PingReq())) == [PingResp()]
    assert session.tick(20.0) == []
    assert typed(session.report_done(7)) == typed([Send(encode(PubAck(7)))])


def test_I1_reports_may_be_done_in_any_order_and_repeated_ones_each() -> None:
    """A repeated message is a report of its own; every acknowledgement belongs to one report_done."""
    session = opened()
    packets = [Publish(MY_INFORM, b"1", 1), Publish(MY_INFORM, b"2", 2), Publish(MY_INFORM, b"1", 1, is_duplicate=True)]
    assert feed(session, *packets) == [Report("inform", p.payload, p.packet_id) for p in packets]
    for packet_id in (2, 1, 1):
        assert sent(session.report_done(packet_id)) == [PubAck(packet_id)]


def test_a_report_of_qos_0_is_not_acknowledged() -> None:
    """It has no packet id to acknowledge, but is counted until it is done."""
    session = opened()
    assert feed(session, Publish(topic_of(GET, ME), b"{}")) == [Report("get", b"{}", None)]
    assert session.report_done(None) == []
    with pytest.raises(AssertionError):
        session.report_done(None)


def test_I1_nothing_is_acknowledged_after_the_end() -> None:
    """report_done for a connection that is gone gives nothing to send."""
    session = opened()
    feed(session, Publish(MY_INFORM, b"{}", 7))
    assert_closed(session, session.close(CloseReason.TAKEN_OVER), CloseReason.TAKEN_OVER)
    assert session.report_done(7) == []


@pytest.mark.parametrize("count", [REPORTS_PENDING_MAX - 1, REPORTS_PENDING_MAX, REPORTS_PENDING_MAX + 1])
def test_I17_a_device_ahead_of_the_store_is_not_read(count: int) -> None:
    """The session is saturated from REPORTS_PENDING_MAX unfinished reports on, and not when one less is left."""
    session = opened()
    feed(session, *(Publish(MY_INFORM, b"{}", n + 1) for n in range(count)))
    assert session.is_saturated == (count >= REPORTS_PENDING_MAX)
    for n in range(max(0, count - REPORTS_PENDING_MAX + 1)):
        assert sent(session.report_done(n + 1)) == [PubAck(n + 1)]
    assert not session.is_saturated


@pytest.mark.parametrize("payload_bytes", [PAYLOAD_BYTES_MAX - 1, PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX + 1])
def test_payloads_over_64_kib_are_dropped_and_counted(payload_bytes: int) -> None:
    """One too large has no effect and is acknowledged, lest the device repeat it for ever; the session goes on."""
    session = opened()
    commands = feed(session, Publish(MY_INFORM, b"x" * payload_bytes, 3))
    if payload_bytes <= PAYLOAD_BYTES_MAX:
        assert commands == [Report("inform", b"x" * payload_bytes, 3)]
    else:
        assert typed(commands) == typed([Dropped(DropReason.PAYLOAD_TOO_LARGE), Send(encode(PubAck(3)))])
    assert sent(feed(session, PingReq())) == [PingResp()]


def test_a_packet_larger_than_any_message_ends_the_session() -> None:
    """It is never buffered, so it cannot be stepped over."""
    session = opened()
    assert_closed(session, session.received(b"\x32\xff\xff\x7f", 1.0), CloseReason.PACKET_TOO_LARGE)


def test_own_topics_that_nobody_serves_are_dropped_without_end() -> None:
    """A vendor device's thing-model messages do not cost it the connection, nor block its window of QoS 1 messages."""
    session = opened()
    topic = topic_of("/sys/{pk}/{dn}/thing/event/property/post", ME)
    for packet_id in range(1, 50):
        commands = feed(session, Publish(topic, b"{}", packet_id), Publish(MY_UPGRADE, b"{}"))
        assert typed(commands) == typed(
            [Dropped(DropReason.UNSERVED_TOPIC), Send(encode(PubAck(packet_id))), Dropped(DropReason.UNSERVED_TOPIC)]
        )
    assert not session.is_saturated


def test_disconnect_ends_the_session() -> None:
    """What follows a DISCONNECT in the same bytes is not looked at."""
    session = opened()
    commands = feed(session, Publish(MY_INFORM, b"{}", 1), Disconnect(), Publish(MY_INFORM, b"{}", 2))
    assert typed(commands) == typed([Report("inform", b"{}", 1), Close(CloseReason.DEVICE_DISCONNECTED)])
    assert_closed(session, commands, CloseReason.DEVICE_DISCONNECTED)


@given(st.data())
def test_every_cut_of_a_conversation_gives_the_same_commands(data: st.DataObject) -> None:
    """The session says the same however the network cuts what the device says."""
    said: list[EncodablePacket] = [
        Subscribe(1, ((MY_UPGRADE, 1), ("#", 0))),
        Publish(MY_INFORM, b"{}", 2),
        PingReq(),
        Publish(topic_of(INFORM, OTHER), b"{}"),
        Unsubscribe(3, (MY_UPGRADE,)),
        Disconnect(),
    ]
    stream = b"".join(map(encode, said))
    cut = data.draw(st.integers(0, len(stream)))
    session = opened()
    commands = session.received(stream[:cut], 1.0) + session.received(stream[cut:], 1.0)
    assert typed(commands) == typed(opened().received(stream, 1.0))
