"""What the server publishes to a device: without a subscription, once, and bounded."""

from __future__ import annotations

import pytest

from tests.gateway.playbook import CONNECT, ME, MY_UPGRADE, OTHER, TOPICS, UPGRADE, feed, opened, sent
from whimbrel.domain.device_credential import DeviceIdentity
from whimbrel.gateway.commands import Dropped, DropReason
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
from whimbrel.gateway.session import DELIVERIES_WAITING_MAX, IN_FLIGHT_MAX, Message, Session
from whimbrel.gateway.topics import topic_of

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
