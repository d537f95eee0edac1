"""One device's MQTT connection without IO: events in, commands out. `connection.py` owns the socket and the store.

Every method returns the commands to carry out, in order. The caller

- sends the bytes of `Send`, closes the connection on `Close` (sends first), counts each `Dropped`;
- answers `Authenticate` by `authenticated` or `refused`, and each `Report` by `report_done` once its effect is durable;
- asks `tick` at or after `deadline_s`, on a clock that never jumps (F16);
- stops reading from the socket while `is_saturated` (I17).

Invariants: a device publishes and subscribes only to topics made from its authenticated identity (A17); a report is
acknowledged by `report_done` only, so after the commit that holds it (I1); after `Close` nothing leaves a session.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from whimbrel.domain.device_credential import CredentialFault, DeviceIdentity, parse_credential
from whimbrel.gateway.commands import Authenticate, Close, CloseReason, Command, Dropped, DropReason, Report, Send
from whimbrel.gateway.dialects import DoorReader
from whimbrel.gateway.frames import (
    CONNECT_BYTES_MAX,
    PACKET_BYTES_MAX,
    PacketTooLargeError,
    ProtocolViolationError,
    QosNotSupportedError,
    TopicAliasInvalidError,
)
from whimbrel.gateway.packets import (
    ConnackCode,
    Connect,
    Disconnect,
    Packet,
    PingReq,
    PingResp,
    PubAck,
    Publish,
    Subscribe,
    Unsubscribe,
    UnsupportedConnect,
    encode,
    encode_puback,
)
from whimbrel.gateway.topics import TopicTable, names_device
from whimbrel.gateway.window import IN_FLIGHT_MAX, Window
from whimbrel.gateway.window import Message as Message

CONNECT_SECONDS_MAX: Final = 10.0
"""From the open connection to the end of authentication (threat-model 4, timeouts)."""

EARLY_BYTES_MAX: Final = 2 * CONNECT_BYTES_MAX
"""Bytes taken before the device is authenticated: a CONNECT and what a hasty device sends right behind it."""

KEEP_ALIVE_SECONDS_MIN: Final = 30
KEEP_ALIVE_SECONDS_MAX: Final = 1200
KEEP_ALIVE_FACTOR: Final = 1.5

PAYLOAD_BYTES_MAX: Final = 64 * 1024

REFUSED_PUBLISHES_MAX: Final = 8
"""Refused messages a session survives; a faulty device is seen in the counts before it is cut off."""

REPORTS_PENDING_MAX: Final = 256
"""Reports without `report_done` from which on the socket is not read; above what vendor SDKs keep in flight (20)."""

SUBSCRIBE_FILTERS_MAX: Final = 100
"""Filters in one SUBSCRIBE, the vendor's own limit, and in one UNSUBSCRIBE; each costs a comparison and an answer."""

_PACKET_BYTES_ALWAYS_TAKEN: Final = 1 << 20
"""Larger than any message of ours: a device that takes this much sets no limit."""

_PINGRESP: Final = encode(PingResp())
_NO_SUBSCRIPTIONS: Final[Mapping[str, int]] = MappingProxyType({})
_CLOSE_REASONS: Final[Mapping[type[ProtocolViolationError], CloseReason]] = {
    ProtocolViolationError: CloseReason.PROTOCOL_VIOLATION,
    PacketTooLargeError: CloseReason.PACKET_TOO_LARGE,
    QosNotSupportedError: CloseReason.QOS_NOT_SUPPORTED,
    TopicAliasInvalidError: CloseReason.TOPIC_ALIAS_INVALID,
}


class _State(Enum):
    CONNECTING = 1
    AUTHENTICATING = 2
    OPEN = 3
    CLOSED = 4
    REGISTERED = 5


class Session:
    """See the module. `now_s` are seconds of one monotonic clock."""

    __slots__ = (
        "_asked_keep_alive_s",
        "_client_packet_bytes_max",
        "_early_bytes",
        "_early_packets",
        "_heard_s",
        "_identity",
        "_keep_alive_s",
        "_opened_s",
        "_qos_by_subscription",
        "_reader",
        "_refused_publishes",
        "_reports_pending",
        "_reports_unacknowledged",
        "_state",
        "_topics",
        "_window",
    )

    def __init__(self, topics: TopicTable, now_s: float) -> None:
        self._topics = topics
        self._opened_s = self._heard_s = now_s
        self._state = _State.CONNECTING
        self._reader = DoorReader()
        self._early_bytes = 0
        self._early_packets: list[Packet] | None = None
        self._identity: DeviceIdentity | None = None
        self._asked_keep_alive_s = self._keep_alive_s = 0
        self._client_packet_bytes_max: int | None = None
        self._qos_by_subscription = _NO_SUBSCRIPTIONS
        self._reports_pending = self._reports_unacknowledged = 0
        self._refused_publishes = 0
        self._window = Window()

    @property
    def identity(self) -> DeviceIdentity | None:
        """Who is connected; None until `authenticated`."""
        return self._identity

    @property
    def is_saturated(self) -> bool:
        """Whether reading should pause until some `report_done` came."""
        return self._reports_pending >= REPORTS_PENDING_MAX

    @property
    def deadline_s(self) -> float:
        """When `tick` has something to say, unless the device is heard before."""
        if self._state is _State.OPEN:
            return self._heard_s + self._keep_alive_s * KEEP_ALIVE_FACTOR
        return self._opened_s + CONNECT_SECONDS_MAX

    # ---- events ----

    def received(self, data: bytes, now_s: float) -> list[Command]:
        """Bytes came from the device."""
        if self._state is _State.CLOSED:
            return []
        if self._state is not _State.OPEN:
            self._early_bytes += len(data)
            if self._early_bytes > EARLY_BYTES_MAX:
                return self.close(CloseReason.PROTOCOL_VIOLATION)
        try:
            packets = self._reader.feed(data)
        except ProtocolViolationError as violation:
            return self.close(_CLOSE_REASONS[type(violation)])
        if packets:
            # Whole packets only: a device that drips bytes is not alive (3.1.2.10).
            self._heard_s = now_s
        return self._take(packets)

    def authenticated(self, identity: DeviceIdentity) -> list[Command]:
        """The claim of `Authenticate` is proved. Nothing happens if the device has gone meanwhile."""
        if self._state is not _State.AUTHENTICATING:
            return []
        self._state = _State.OPEN
        self._identity = identity
        self._reader.remaining_bytes_max = PACKET_BYTES_MAX
        early_packets, self._early_packets = self._early_packets or [], None
        return [Send(self._welcome()), *self._take(early_packets)]

    def refused(self, code: ConnackCode) -> list[Command]:
        """The claim is not proved (BAD_CREDENTIAL), the device is disabled (NOT_AUTHORIZED), or nobody can tell."""
        if self._state is not _State.AUTHENTICATING:
            return []
        return self._refuse(code)

    def registered(self, message: Message) -> list[Command]:
        """The device has its credentials in `message`, which leaves without a subscription; then it disconnects, or is
        cut off at the end of the time that a CONNECT has (device-protocol 11).
        """
        if self._state is not _State.AUTHENTICATING:
            return []
        self._state = _State.REGISTERED
        self._early_packets = None
        return [Send(self._welcome()), self._publish(message, None)]

    def deliver(self, message: Message, qos_max: int = 1) -> list[Command]:
        """Publish to the device, subscribed or not: with the QoS subscribed, else 1 (device-protocol 2).

        With `qos_max` 0 for what the device asks for again by itself: it takes no packet id and waits for none. What
        the device cannot take is dropped (`window.py`; MQTT 5, 3.1.2.11.4).
        """
        if self._state is not _State.OPEN:
            return []
        assert self._identity is not None
        assert self._topics.is_delivery(message.topic, self._identity), "a message for another device (I15)"
        needs_ack = qos_max > 0 and self._qos_by_subscription.get(message.topic, 1) > 0
        if self._client_packet_bytes_max is not None:
            publish = self._reader.dialect.publish(*message, 1 if needs_ack else None)
            if len(publish) > self._client_packet_bytes_max:
                return [Dropped(DropReason.DELIVERY_TOO_LARGE)]
        if not needs_ack:
            return [self._publish(message, None)]
        if self._window.is_full:
            return [Dropped(DropReason.DELIVERIES_FULL)]
        packet_id = self._window.open_for(message)
        return [] if packet_id is None else [self._publish(message, packet_id)]

    def report_done(self, packet_id: int | None) -> list[Command]:
        """The effect of one `Report` is durable, or it was found to have none. Call it once for each, also for QoS 0.

        A device that uses a packet id for two reports at once gets two acknowledgements, each after its own commit.
        """
        assert self._reports_pending > 0, "report_done without a Report"
        self._reports_pending -= 1
        if packet_id is None:
            return []
        self._reports_unacknowledged -= 1
        if self._state is not _State.OPEN:
            return []
        return [Send(encode_puback(packet_id))]

    def was_not_read(self, now_s: float) -> None:
        """Whatever the device has said, nobody took it from its socket: its silence counts from now on."""
        self._heard_s = now_s

    def tick(self, now_s: float) -> list[Command]:
        """Time has passed; before `deadline_s` nothing happens."""
        if self._state is _State.CLOSED or now_s < self.deadline_s:
            return []
        if self._state is _State.OPEN:
            return self.close(CloseReason.KEEP_ALIVE_TIMEOUT)
        if self._state is _State.AUTHENTICATING:
            # The server was too slow, not the device wrong: it shall come again with the same credential.
            refusal = self._reader.dialect.refusal(ConnackCode.SERVER_UNAVAILABLE)
            return [Send(refusal), *self.close(CloseReason.CONNECT_TIMEOUT)]
        return self.close(CloseReason.CONNECT_TIMEOUT)

    def close(self, reason: CloseReason) -> list[Command]:
        """End the session from this side; unfinished reports stay unacknowledged, so the device repeats them."""
        if self._state is _State.CLOSED:
            return []
        farewell = self._reader.dialect.farewell(reason) if self._state is _State.OPEN else b""
        self._state = _State.CLOSED
        self._early_packets = None
        self._window.forget()
        return [Send(farewell), Close(reason)] if farewell else [Close(reason)]

    # ---- packets ----

    def _take(self, packets: list[Packet]) -> list[Command]:
        commands: list[Command] = []
        for packet in packets:
            if self._state is _State.OPEN:
                commands += self._on_packet(packet)
            elif self._state is _State.AUTHENTICATING:
                if self._early_packets is None:
                    self._early_packets = []
                self._early_packets.append(packet)
            elif self._state is _State.CONNECTING:
                commands += self._on_first_packet(packet)
            elif self._state is _State.REGISTERED and isinstance(packet, Disconnect):
                commands += self.close(CloseReason.DEVICE_DISCONNECTED)
        return commands

    def _on_first_packet(self, packet: Packet) -> list[Command]:
        if isinstance(packet, Connect):
            return self._on_connect(packet)
        assert isinstance(packet, UnsupportedConnect), "the reader begins with CONNECT"
        return self._refuse(ConnackCode.PROTOCOL_LEVEL)

    def _on_connect(self, packet: Connect) -> list[Command]:
        # 0 asks never to be dropped (3.1.2.10): the longest is the nearest.
        asked_s = packet.keep_alive_s or KEEP_ALIVE_SECONDS_MAX + 1
        self._keep_alive_s = min(max(asked_s, KEEP_ALIVE_SECONDS_MIN), KEEP_ALIVE_SECONDS_MAX)
        self._asked_keep_alive_s = packet.keep_alive_s
        if self._keep_alive_s != asked_s and not self._reader.dialect.can_tell_limits:
            # No return code says this, so none is sent (3.2.2.3).
            return self.close(CloseReason.KEEP_ALIVE_OUT_OF_RANGE)
        fault = self._reader.dialect.connect_fault(packet)
        if fault is not None:
            return self._refuse(fault)
        if packet.username is None or packet.password is None:
            return self._refuse(ConnackCode.BAD_CREDENTIAL)
        credential = parse_credential(packet.client_id, packet.username)
        if credential is CredentialFault.CLIENT_ID:
            return self._refuse(ConnackCode.IDENTIFIER_REJECTED)
        if credential is CredentialFault.USERNAME:
            return self._refuse(ConnackCode.BAD_CREDENTIAL)
        if packet.will is not None and not names_device(packet.will.topic, credential.identity):
            return self._refuse(ConnackCode.NOT_AUTHORIZED)
        # A will on an own topic is ignored: no report means "I am gone" (device-protocol 1).
        self._window.in_flight_max = min(packet.wishes.receive_max, IN_FLIGHT_MAX)
        if packet.wishes.packet_bytes_max < _PACKET_BYTES_ALWAYS_TAKEN:
            self._client_packet_bytes_max = packet.wishes.packet_bytes_max
        self._state = _State.AUTHENTICATING
        return [Authenticate(credential, packet.password)]

    def _on_packet(self, packet: Packet) -> list[Command]:
        match packet:
            case Publish():
                return self._on_publish(packet)
            case PubAck():
                return self._on_puback(packet)
            case PingReq():
                return [Send(_PINGRESP)]
            case Subscribe():
                return self._on_subscribe(packet)
            case Unsubscribe():
                return self._on_unsubscribe(packet)
            case Disconnect():
                return self.close(CloseReason.DEVICE_DISCONNECTED)
            case _:  # a second CONNECT, or what only a server sends
                return self.close(CloseReason.PROTOCOL_VIOLATION)

    def _on_publish(self, packet: Publish) -> list[Command]:
        assert self._identity is not None
        if packet.is_retained:
            return self._drop(packet, DropReason.RETAINED)
        kind = self._topics.kind_of(packet.topic, self._identity)
        if kind is None:
            is_own = self._owns(packet.topic)
            return self._drop(packet, DropReason.UNSERVED_TOPIC if is_own else DropReason.FOREIGN_TOPIC)
        if len(packet.payload) > PAYLOAD_BYTES_MAX:
            return self._drop(packet, DropReason.PAYLOAD_TOO_LARGE)
        if packet.packet_id is not None:
            if self._reports_unacknowledged >= REPORTS_PENDING_MAX and self._reader.dialect.can_tell_limits:
                return self.close(CloseReason.RECEIVE_MAXIMUM_EXCEEDED)
            self._reports_unacknowledged += 1
        self._reports_pending += 1
        return [Report(kind, packet.payload, packet.packet_id)]

    def _drop(self, packet: Publish, reason: DropReason) -> list[Command]:
        """No delivery, whatever the acknowledgement says (A17). An own topic that nobody serves is no fault."""
        dropped, dialect = Dropped(reason), self._reader.dialect
        if reason is DropReason.RETAINED and dialect.can_tell_limits:
            return [dropped, *self.close(CloseReason.RETAIN_NOT_SUPPORTED)]
        if packet.packet_id is None:
            return [dropped, *self._lose_patience(reason)]
        answer = dialect.puback_without_effect(packet.packet_id, reason)
        if answer is None:
            return [dropped, *self.close(CloseReason.REFUSED_PUBLISH)]
        return [dropped, Send(answer), *self._lose_patience(reason)]

    def _lose_patience(self, reason: DropReason) -> list[Command]:
        if reason is DropReason.UNSERVED_TOPIC:
            return []
        self._refused_publishes += 1
        if self._refused_publishes > REFUSED_PUBLISHES_MAX:
            return self.close(CloseReason.REFUSED_PUBLISH)
        return []

    def _on_subscribe(self, packet: Subscribe) -> list[Command]:
        if len(packet.filters) > SUBSCRIBE_FILTERS_MAX:
            return self.close(CloseReason.TOO_MANY_FILTERS)
        assert self._identity is not None
        verdicts = self._topics.verdicts(packet, self._identity)
        granted = {topic: verdict for (topic, _), verdict in zip(packet.filters, verdicts, strict=True) if verdict <= 1}
        # One entry a topic, and `deliver` sends once: subscribing, even twice, doubles nothing.
        self._qos_by_subscription = {**self._qos_by_subscription, **granted}
        dropped = [Dropped(DropReason.FOREIGN_SUBSCRIPTION) for verdict in verdicts if verdict > 1]
        return [*dropped, Send(self._reader.dialect.suback(packet.packet_id, verdicts))]

    def _on_unsubscribe(self, packet: Unsubscribe) -> list[Command]:
        if len(packet.filters) > SUBSCRIBE_FILTERS_MAX:
            return self.close(CloseReason.TOO_MANY_FILTERS)
        before = self._qos_by_subscription
        self._qos_by_subscription = {topic: qos for topic, qos in before.items() if topic not in packet.filters}
        were_subscribed = [topic in before for topic in packet.filters]
        return [Send(self._reader.dialect.unsuback(packet.packet_id, were_subscribed))]

    def _on_puback(self, packet: PubAck) -> list[Command]:
        follows = self._window.acknowledged(packet.packet_id)
        return [] if follows is None else [self._publish(*follows)]

    # ---- parts ----

    def _welcome(self) -> bytes:
        told_keep_alive_s = self._keep_alive_s if self._keep_alive_s != self._asked_keep_alive_s else None
        return self._reader.dialect.welcome(REPORTS_PENDING_MAX, told_keep_alive_s)

    def _publish(self, message: Message, packet_id: int | None) -> Send:
        return Send(self._reader.dialect.publish(*message, packet_id))

    def _refuse(self, code: ConnackCode) -> list[Command]:
        return [Send(self._reader.dialect.refusal(code)), *self.close(CloseReason.CONNECT_REFUSED)]

    def _owns(self, topic: str) -> bool:
        return self._identity is not None and names_device(topic, self._identity)
