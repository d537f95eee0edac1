"""A17: what a device may publish and subscribe derives from its authenticated identity, exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.playbook import (
    GET,
    GET_REPLY,
    INFORM,
    ME,
    MY_INFORM,
    MY_REPLY,
    MY_UPGRADE,
    OTHER,
    UPGRADE,
    assert_closed,
    feed,
    identities,
    opened,
    sent,
    typed,
)
from whimbrel.domain.device_credential import DeviceIdentity
from whimbrel.gateway.commands import Close, CloseReason, Dropped, DropReason, Report, Send
from whimbrel.gateway.packets import Publish, SubAck, Subscribe
from whimbrel.gateway.session import PAYLOAD_BYTES_MAX, REFUSED_PUBLISHES_MAX, SUBSCRIBE_FILTERS_MAX
from whimbrel.gateway.topics import TopicTable, topic_of

FOREIGN_TOPICS = [
    topic_of(INFORM, OTHER),
    topic_of(INFORM, DeviceIdentity("a19mzPZ0002", ME.device_name)),
    MY_INFORM + "2",
    MY_INFORM[:-1],
    MY_INFORM.upper(),
    "$SYS/broker",
    f"$share/g{MY_INFORM}x",
    "a",
]


@pytest.mark.parametrize("topic", FOREIGN_TOPICS)
def test_A17_a_foreign_publish_is_neither_delivered_nor_acknowledged(topic: str) -> None:
    """With QoS 1 the connection ends, as MQTT 3.1.1 has no refusal; a few of QoS 0 are dropped, then it ends too."""
    session = opened()
    commands = feed(session, Publish(topic, b"{}", 1), Publish(MY_INFORM, b"{}", 2))
    assert typed(commands) == typed([Dropped(DropReason.FOREIGN_TOPIC), Close(CloseReason.REFUSED_PUBLISH)])
    session = opened()
    for _ in range(REFUSED_PUBLISHES_MAX):
        assert typed(feed(session, Publish(topic, b"{}"))) == typed([Dropped(DropReason.FOREIGN_TOPIC)])
    assert_closed(session, feed(session, Publish(topic, b"{}")), CloseReason.REFUSED_PUBLISH)


def test_a_retained_publish_is_refused_on_own_topics_too() -> None:
    """Nothing is retained here, so a device that asks for it is refused like a foreign publish."""
    session = opened()
    assert feed(session, Publish(MY_INFORM, b"{}", None, False, True)) == [Dropped(DropReason.RETAINED)]
    commands = feed(session, Publish(MY_INFORM, b"{}", 1, False, True))
    assert_closed(session, commands, CloseReason.REFUSED_PUBLISH)


def test_oversize_messages_wear_out_the_patience() -> None:
    """The session is kept unless they are repeated (threat-model 4)."""
    session = opened()
    large = Publish(MY_INFORM, b"x" * (PAYLOAD_BYTES_MAX + 1))
    for _ in range(REFUSED_PUBLISHES_MAX):
        assert feed(session, large) == [Dropped(DropReason.PAYLOAD_TOO_LARGE)]
    assert_closed(session, feed(session, large), CloseReason.REFUSED_PUBLISH)


@pytest.mark.parametrize("topic", ["/ota/device/inform/+/dev-0001", "#", "/ota/#"])
def test_A17_a_wildcard_to_publish_to_is_a_violation(topic: str) -> None:
    """MQTT itself forbids it."""
    session = opened()
    assert_closed(session, feed(session, Publish(topic, b"{}")), CloseReason.PROTOCOL_VIOLATION)


@pytest.mark.parametrize(
    "topic_filter",
    [
        *["#", "+", "/#", "$SYS/#", f"$share/g/{MY_UPGRADE}", f"$queue/{MY_UPGRADE}", "/ota/device/upgrade/+/+"],
        *[f"/ota/device/upgrade/{ME.product_key}/+", f"{MY_UPGRADE}/#", f"{MY_UPGRADE}/", MY_UPGRADE[1:]],
        *[topic_of(UPGRADE, OTHER), MY_INFORM, UPGRADE, f"/sys/{ME.product_key}/{ME.device_name}/#"],
    ],
)
def test_A17_foreign_and_wildcard_subscriptions_are_refused(topic_filter: str) -> None:
    """SUBACK 0x80 for each of them, the QoS for the exact own topics beside them."""
    session = opened()
    dropped, suback = feed(session, Subscribe(9, ((MY_UPGRADE, 0), (topic_filter, 1), (MY_REPLY, 2))))
    assert dropped == Dropped(DropReason.FOREIGN_SUBSCRIPTION)
    assert sent([suback]) == [SubAck(9, (0, 0x80, 1))]


@given(me=identities, other=identities, template=st.sampled_from([INFORM, GET, UPGRADE, GET_REPLY]))
def test_A17_topics_of_another_identity_are_foreign(me: DeviceIdentity, other: DeviceIdentity, template: str) -> None:
    """For any two identities: one's own topics work in their direction, the other's in none."""
    topic = topic_of(template, other)
    is_own, is_report = me == other, template in (INFORM, GET)
    commands = feed(opened(me), Publish(topic, b"{}"))
    assert any(isinstance(command, Report) for command in commands) == (is_own and is_report)
    assert (Dropped(DropReason.FOREIGN_TOPIC) in commands) == (not is_own)
    (suback,) = sent(
        [command for command in feed(opened(me), Subscribe(1, ((topic, 1),))) if isinstance(command, Send)]
    )
    assert suback == SubAck(1, (1 if is_own and not is_report else 0x80,))


@given(
    topic=st.lists(
        st.sampled_from(
            ["", "ota", "device", "inform", "sys", "thing", "firmware", "get", *ME, *OTHER, "$SYS", "$share"]
        ),
        min_size=2,
        max_size=8,
    ).map("/".join)
)
def test_A17_only_listed_topics_become_reports(topic: str) -> None:
    """Of topics made of plausible levels only the exact two of the table are reports."""
    commands = feed(opened(), Publish(topic, b"{}"))
    assert any(isinstance(c, Report) for c in commands) == (topic in (MY_INFORM, topic_of(GET, ME)))


@pytest.mark.parametrize(
    "template", ["/ota/{pk}", "/ota/{dn}/{pk}", "/x{pk}/{dn}", "/{pk}/{dn}x", "/{pk}/{dn}/#", "/+/{pk}/{dn}"]
)
def test_A17_a_template_that_devices_could_share_is_refused(template: str) -> None:
    """The table is checked when it is made, in both directions."""
    with pytest.raises(ValueError, match="template"):
        TopicTable({template: "x"}, [])
    with pytest.raises(ValueError, match="template"):
        TopicTable({}, [template])


@pytest.mark.parametrize("count", [SUBSCRIBE_FILTERS_MAX - 1, SUBSCRIBE_FILTERS_MAX, SUBSCRIBE_FILTERS_MAX + 1])
def test_I17_filters_of_one_subscribe_are_bounded(count: int) -> None:
    """100 filters are answered, 101 end the session."""
    session = opened()
    commands = feed(session, Subscribe(1, ((MY_UPGRADE, 1),) * count))
    if count <= SUBSCRIBE_FILTERS_MAX:
        assert sent(commands) == [SubAck(1, (1,) * count)]
    else:
        assert_closed(session, commands, CloseReason.TOO_MANY_FILTERS)
