"""The cast of the session tests: a device, its neighbour, a topic table, and ways to feed and read a session."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from whimbrel.domain.device_credential import DeviceIdentity, SignMethod, connect_fields
from whimbrel.gateway.commands import Close, CloseReason, Command, Send
from whimbrel.gateway.packets import (
    ConnAck,
    ConnackCode,
    Connect,
    EncodablePacket,
    Packet,
    PacketReader,
    PingReq,
    Publish,
    encode,
)
from whimbrel.gateway.session import Message, Session
from whimbrel.gateway.topics import TopicTable, topic_of

INFORM, UPGRADE = "/ota/device/inform/{pk}/{dn}", "/ota/device/upgrade/{pk}/{dn}"
GET, GET_REPLY = "/sys/{pk}/{dn}/thing/ota/firmware/get", "/sys/{pk}/{dn}/thing/ota/firmware/get_reply"
TOPICS = TopicTable({INFORM: "inform", GET: "get"}, [UPGRADE, GET_REPLY])

ME = DeviceIdentity("a19mzPZ0001", "dev-0001")
OTHER = DeviceIdentity("a19mzPZ0001", "dev-0002")
FIELDS = connect_fields(*ME, "secret", SignMethod.HMACSHA256)
CONNECT = Connect(FIELDS.client_id, FIELDS.username, FIELDS.password.encode(), 60)
ACCEPTED = Send(encode(ConnAck(ConnackCode.ACCEPTED)))

MY_INFORM, MY_UPGRADE, MY_REPLY = (topic_of(template, ME) for template in (INFORM, UPGRADE, GET_REPLY))

identities = st.builds(
    DeviceIdentity,
    product_key=st.from_regex(r"[A-Za-z0-9]{1,30}", fullmatch=True),
    device_name=st.from_regex(r"[A-Za-z0-9\-_@.:]{1,32}", fullmatch=True),
)


def feed(session: Session, *packets: EncodablePacket, now_s: float = 1.0) -> list[Command]:
    return session.received(b"".join(map(encode, packets)), now_s)


def opened(identity: DeviceIdentity = ME, topics: TopicTable = TOPICS) -> Session:
    """A session that the device has just got through."""
    session = Session(topics, now_s=0.0)
    fields = connect_fields(*identity, "secret")
    feed(session, Connect(fields.client_id, fields.username, fields.password.encode(), 60), now_s=0.0)
    assert session.authenticated(identity) == [ACCEPTED]
    return session


def typed(commands: Sequence[Command]) -> list[tuple[type, Command]]:
    """Commands with their types, since NamedTuples of equal fields are equal."""
    return [(type(command), command) for command in commands]


def sent(commands: Sequence[Command]) -> list[Packet]:
    """What the device reads; every command must be a Send."""
    reader = PacketReader()
    packets: list[Packet] = []
    for command in commands:
        assert isinstance(command, Send), command
        packets += reader.feed(command.data)
    return packets


def refusal(code: ConnackCode) -> list[Command]:
    return [Send(encode(ConnAck(code))), Close(CloseReason.CONNECT_REFUSED)]


def assert_closed(session: Session, commands: list[Command], reason: CloseReason) -> None:
    """The session closed for this reason, and says nothing afterwards, whatever happens."""
    assert typed(commands[-1:]) == [(Close, Close(reason))]
    assert feed(session, PingReq(), Publish(MY_INFORM, b"", 1), CONNECT) == []
    assert session.authenticated(ME) == session.refused(ConnackCode.BAD_CREDENTIAL) == []
    assert session.deliver(Message(MY_UPGRADE, b"")) == session.tick(1e9) == []
    assert session.close(CloseReason.SERVER_STOPPING) == []
