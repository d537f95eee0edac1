"""A device that speaks MQTT 5 to a session, through a codec that is not ours (`mqtt5`): what it writes is what others
write, and what it cannot read no other device can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mqtt5

from tests.gateway.playbook import FIELDS, ME, TOPICS
from whimbrel.domain.device_credential import DeviceIdentity, connect_fields
from whimbrel.gateway.commands import Authenticate, Close, Command, Send
from whimbrel.gateway.session import Session
from whimbrel.gateway.topics import TopicTable

QOS = (mqtt5.QoS.AT_MOST_ONCE, mqtt5.QoS.AT_LEAST_ONCE, mqtt5.QoS.EXACTLY_ONCE)


def connect(identity: DeviceIdentity = ME, **more: Any) -> mqtt5.ConnectPacket:
    fields = FIELDS if identity == ME else connect_fields(*identity, "secret")
    settings: dict[str, Any] = {
        "client_id": fields.client_id,
        "username": fields.username,
        "password": fields.password.encode(),
        "keep_alive": 60,
        "clean_start": True,
        **more,
    }
    return mqtt5.ConnectPacket(**settings)


def publish(topic: str, payload: bytes = b"{}", packet_id: int | None = None, **more: Any) -> mqtt5.PublishPacket:
    """QoS 1 with a packet id, else 0, unless `qos` says otherwise."""
    more.setdefault("qos", QOS[packet_id is not None])
    return mqtt5.PublishPacket(topic, payload, packet_id=packet_id, **more)


def subscribe(packet_id: int, *filters: tuple[str, int], **more: Any) -> mqtt5.SubscribePacket:
    """Topic filters with their QoS."""
    asked = [mqtt5.TopicFilter(pattern, max_qos=QOS[qos]) for pattern, qos in filters]
    return mqtt5.SubscribePacket(packet_id, asked, **more)


def feed(session: Session, *packets: Any, now_s: float = 1.0) -> list[Command]:
    return session.received(b"".join(packet.write() for packet in packets), now_s)


def read_all(data: bytes) -> list[Any]:
    """The packets of the bytes, as the device reads them."""
    packets = []
    while data:
        packet, length = mqtt5.read(memoryview(data))
        packets.append(packet)
        data = data[length:]
    return packets


def said(commands: Sequence[Command]) -> list[Any]:
    """What the device reads of the commands' Sends."""
    return read_all(b"".join(command.data for command in commands if isinstance(command, Send)))


def only(commands: Sequence[Command]) -> Any:
    """The one packet that is the whole outcome."""
    assert all(isinstance(command, Send) for command in commands), commands
    [packet] = said(commands)
    return packet


def refused_with(commands: Sequence[Command]) -> int:
    """The reason of the CONNACK before the end of the connection."""
    assert isinstance(commands[-1], Close)
    [packet] = said(commands)
    assert isinstance(packet, mqtt5.ConnAckPacket)
    return int(packet.reason_code)


def farewell(commands: Sequence[Command]) -> tuple[int, Close]:
    """The reason of the DISCONNECT, said last, and of the end."""
    close = commands[-1]
    assert isinstance(close, Close)
    *_, packet = said(commands)
    assert isinstance(packet, mqtt5.DisconnectPacket)
    return int(packet.reason_code), close


def welcomed(
    identity: DeviceIdentity = ME, topics: TopicTable = TOPICS, **more: Any
) -> tuple[Session, mqtt5.ConnAckPacket]:
    """A session that the device has just got through, and what it was told."""
    session = Session(topics, now_s=0.0)
    [command] = feed(session, connect(identity, **more), now_s=0.0)
    assert isinstance(command, Authenticate)
    return session, only(session.authenticated(identity))


def opened(identity: DeviceIdentity = ME, **more: Any) -> Session:
    return welcomed(identity, **more)[0]
