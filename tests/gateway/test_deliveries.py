"""What the server publishes to a device: without a subscription, once, and bounded."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.gateway.playbook import CONNECT, ME, MY_REPLY, MY_UPGRADE, OTHER, TOPICS, UPGRADE, feed, opened, sent
from whimbrel.domain.device_credential import DeviceIdentity
from whimbrel.gateway.commands import Command, Dropped, DropReason
from whimbrel.gateway.packets import (
    PACKET_ID_MAX,
    ConnAck,
    ConnackCode,
    PubAck,
    Publish,
    Subscribe,
    UnsubAck,
    Unsubscribe,
)
from whimbrel.gateway.session import Session
from whimbrel.gateway.topics import topic_of
from whimbrel.gateway.window import DELIVERIES_WAITING_MAX, IN_FLIGHT_MAX, Message

PUSH = Message(MY_UPGRADE, b'{"code":"1000"}')


def test_a_device_that_never_subscribes_is_delivered_to_with_qos_1() -> None:
    """The vendor's SDKs send no SUBSCRIBE for the upgrade topic."""
    assert sent(opened().deliver(PUSH)) == [Publish(PUSH.topic, PUSH.payload, 1)]


@pytest.mark.parametrize(("qos", "packet_id"), [(0, None), (1, 1), (2, 1)])
def test_a_subscription_sets_the_qos_and_doubles_nothing(qos: int, packet_id: int | None) -> None:
    """However often a topic is subscribed, one message is one PUBLISH, of the QoS granted last."""
    session = opened()
    feed(session, Subscribe(1, ((MY_UPGRADE, 1 - min(qos, 1)), (MY_UPGRADE, qos))), Subscribe(2, ((MY_UPGRADE, qos),)))
    assert sent(session.deliver(PUSH)) == [Publish(PUSH.topic, PUSH.payload, packet_id)]


def test_after_unsubscribing_delivery_is_as_if_never_subscribed() -> None:
    """UNSUBSCRIBE is acknowledged, for unknown filters too, and the implicit QoS 1 is back."""
    session = opened()
    feed(session, Subscribe(1, ((MY_UPGRADE, 0),)))
    assert sent(feed(session, Unsubscribe(2, (MY_UPGRADE, "#")))) == [UnsubAck(2)]
    assert sent(session.deliver(PUSH)) == [Publish(PUSH.topic, PUSH.payload, 1)]


def test_nothing_is_delivered_before_authentication() -> None:
    """A message for a session that is not open goes nowhere."""
    session = Session(TOPICS, now_s=0.0)
    assert session.deliver(PUSH) == []
    feed(session, CONNECT)
    assert session.deliver(PUSH) == []
    assert sent(session.authenticated(ME)) == [ConnAck(ConnackCode.ACCEPTED)]


def test_I15_a_message_for_another_device_is_a_bug_that_stops() -> None:
    """Names that begin alike are other devices."""
    for identity in (OTHER, DeviceIdentity(ME.product_key, ME.device_name + "0"), DeviceIdentity("x", ME.device_name)):
        with pytest.raises(AssertionError):
            opened().deliver(Message(topic_of(UPGRADE, identity), b""))


def test_I15_a_topic_that_names_two_devices_belongs_to_one() -> None:
    """A device named like a part of our topics is not sent what is on them for another."""
    for identity in (DeviceIdentity("ota", "device"), DeviceIdentity("device", "upgrade")):
        with pytest.raises(AssertionError):
            opened(identity).deliver(PUSH)
        own = Message(topic_of(UPGRADE, identity), b"")
        assert sent(opened(identity).deliver(own)) == [Publish(own.topic, b"", 1)]


class ListeningDevice(RuleBasedStateMachine):
    """A device that subscribes, unsubscribes and acknowledges as it likes, while messages are sent to it."""

    def __init__(self) -> None:
        super().__init__()
        self.session = opened()
        self.sent_numbers: list[int] = []
        self.seen_numbers: list[int] = []
        self.unacknowledged: list[int] = []

    def hear(self, commands: list[Command]) -> None:
        for packet in sent(commands):
            if isinstance(packet, Publish):
                self.seen_numbers.append(int(packet.payload))
                if packet.packet_id is not None:
                    assert packet.packet_id not in self.unacknowledged
                    self.unacknowledged.append(packet.packet_id)

    @rule(topics=st.lists(st.sampled_from([MY_UPGRADE, MY_REPLY]), min_size=1, max_size=3), qos=st.integers(0, 2))
    def subscribe(self, topics: list[str], qos: int) -> None:
        self.hear(feed(self.session, Subscribe(1, tuple((topic, qos) for topic in topics))))

    @rule(topics=st.lists(st.sampled_from([MY_UPGRADE, MY_REPLY, "#"]), min_size=1, max_size=3))
    def unsubscribe(self, topics: list[str]) -> None:
        self.hear(feed(self.session, Unsubscribe(1, tuple(topics))))

    @rule(topic=st.sampled_from([MY_UPGRADE, MY_REPLY]), count=st.integers(1, IN_FLIGHT_MAX + 1))
    def deliver(self, topic: str, count: int) -> None:
        for _ in range(count):
            commands = self.session.deliver(Message(topic, b"%d" % len(self.sent_numbers)))
            self.sent_numbers.append(len(self.sent_numbers))
            if commands == [Dropped(DropReason.DELIVERIES_FULL)]:
                self.sent_numbers.pop()
            else:
                self.hear(commands)

    @precondition(lambda self: self.unacknowledged)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        packet_id = data.draw(st.sampled_from(self.unacknowledged))
        self.unacknowledged.remove(packet_id)
        self.hear(feed(self.session, PubAck(packet_id)))

    @invariant()
    def nothing_comes_twice(self) -> None:
        assert len(set(self.seen_numbers)) == len(self.seen_numbers)

    def teardown(self) -> None:
        while self.unacknowledged:
            self.hear(feed(self.session, PubAck(self.unacknowledged.pop(0))))
        assert sorted(self.seen_numbers) == self.sent_numbers, "a message was lost"


ListeningDevice.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
test_subscriptions_neither_double_nor_lose = ListeningDevice.TestCase


def test_I17_in_flight_and_waiting_messages_are_bounded() -> None:
    """IN_FLIGHT_MAX are sent, DELIVERIES_WAITING_MAX wait, the next is dropped; each PUBACK lets one out, in order."""
    session = opened()
    messages = [Message(MY_UPGRADE, b"%d" % n) for n in range(IN_FLIGHT_MAX + DELIVERIES_WAITING_MAX)]
    first = [packet for message in messages for packet in sent(session.deliver(message))]
    assert [packet.payload for packet in first if isinstance(packet, Publish)] == [
        message.payload for message in messages[:IN_FLIGHT_MAX]
    ]
    assert session.deliver(PUSH) == [Dropped(DropReason.DELIVERIES_FULL)]
    assert feed(session, PubAck(IN_FLIGHT_MAX + 1)) == []
    for n, message in enumerate(messages[IN_FLIGHT_MAX:]):
        packet_id = IN_FLIGHT_MAX + 1 + n
        assert sent(feed(session, PubAck(n + 1))) == [Publish(MY_UPGRADE, message.payload, packet_id)]
        assert feed(session, PubAck(n + 1)) == []
    assert feed(session, PubAck(packet_id)) == []
    assert sent(session.deliver(PUSH)) == [Publish(PUSH.topic, PUSH.payload, packet_id + 1)]


@pytest.mark.parametrize("qos", [None, 0, 1])
def test_what_is_asked_for_again_needs_no_acknowledgement(qos: int | None) -> None:
    """A delivery with QoS 0 at most leaves so, whatever was subscribed, also when everything else waits."""
    session = opened()
    if qos is not None:
        feed(session, Subscribe(1, ((MY_UPGRADE, qos),)))
    for _ in range(IN_FLIGHT_MAX + DELIVERIES_WAITING_MAX):
        session.deliver(PUSH)
    assert sent(session.deliver(PUSH, qos_max=0)) == [Publish(PUSH.topic, PUSH.payload, None)]


def test_packet_ids_go_round_and_pass_over_those_in_flight() -> None:
    """After 65535 comes 1, unless 1 is still unacknowledged."""
    session = opened()
    session.deliver(PUSH)
    for packet_id in range(2, PACKET_ID_MAX + 1):
        session.deliver(PUSH)
        feed(session, PubAck(packet_id))
    assert sent(session.deliver(PUSH)) == [Publish(PUSH.topic, PUSH.payload, 2)]
