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

from collections import deque
from enum import Enum
from typing import Final, NamedTuple

from whimbrel.domain.device_credential import CredentialFault, DeviceIdentity, parse_credential
from whimbrel.gateway.commands import Authenticate, Close, CloseReason, Command, Dropped, DropReason, Report, Send
from whimbrel.gateway.packets import (
    CONNACK_VERSION_5_UNSUPPORTED,
    CONNECT_BYTES_MAX,
    PACKET_BYTES_MAX,
    PACKET_ID_MAX,
    SUBSCRIPTION_REFUSED,
    ConnAck,
    ConnackCode,
    Connect,
    Disconnect,
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
    encode,
    encode_puback,
)
from whimbrel.gateway.topics import TopicTable, names_device

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
"""Filters in one SUBSCRIBE, the vendor's own limit; each costs a comparison with every topic."""

IN_FLIGHT_MAX: Final = 32
DELIVERIES_WAITING_MAX: Final = 64


class Message(NamedTuple):
    """What the server publishes to a device; `topic` is complete (`topic_of`)."""

    topic: str
    payload: bytes


class _State(Enum):
    CONNECTING = 1
    AUTHENTICATING = 2
    OPEN = 3
    CLOSED = 4
    REGISTERED = 5


class Session:
    """See the module. `now_s` are seconds of one monotonic clock."""

    __slots__ = (
        "_deliveries_waiting",
        "_early_bytes",
        "_early_packets",
        "_heard_s",
        "_identity",
        "_in_flight",
        "_keep_alive_s",
        "_kind_by_topic",
        "_last_packet_id",
        "_opened_s",
        "_qos_by_subscription",
        "_reader",
        "_refused_publishes",
        "_reports_pending",
        "_state",
        "_topics",
    )

    def __init__(self, topics: TopicTable, now_s: float) -> None:
        self._topics = topics
        self._opened_s = self._heard_s = now_s
        self._state = _State.CONNECTING
        self._reader = PacketReader(CONNECT_BYTES_MAX)
        self._early_bytes = 0
        self._early_packets: list[Packet] = []
        self._identity: DeviceIdentity | None = None
        self._keep_alive_s = 0
        self._kind_by_topic: dict[str, str] = {}
        self._qos_by_subscription: dict[str, int] = {}
        self._reports_pending = 0
        self._refused_publishes = 0
        self._last_packet_id = 0
        self._in_flight: list[int] = []
        self._deliveries_waiting: deque[Message] | None = None  # made when needed: an empty deque takes 760 bytes

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
        except ProtocolViolationError:
            return self.close(CloseReason.PROTOCOL_VIOLATION)
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
        self._kind_by_topic = self._topics.kind_by_topic(identity)
        self._reader.remaining_bytes_max = PACKET_BYTES_MAX
        early_packets, self._early_packets = self._early_packets, []
        return [Send(encode(ConnAck(ConnackCode.ACCEPTED))), *self._take(early_packets)]

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
        self._early_packets = []
        return [Send(encode(ConnAck(ConnackCode.ACCEPTED)) + encode(Publish(message.topic, message.payload)))]

    def deliver(self, message: Message) -> list[Command]:
        """Publish to the device, subscribed or not: with the QoS subscribed, else 1 (device-protocol 2).

        Nothing is repeated within a connection or kept for the next one, and a full queue drops: the open tasks are
        pushed again when the device reconnects (device-protocol 9).
        """
        if self._state is not _State.OPEN:
            return []
        assert self._owns(message.topic), "a message for another device (I15)"
        if self._qos_by_subscription.get(message.topic, 1) == 0:
            return [Send(encode(Publish(message.topic, message.payload)))]
        if len(self._in_flight) < IN_FLIGHT_MAX:
            return [self._publish(message)]
        if self._deliveries_waiting is None:
            self._deliveries_waiting = deque()
        if len(self._deliveries_waiting) >= DELIVERIES_WAITING_MAX:
            return [Dropped(DropReason.DELIVERIES_FULL)]
        self._deliveries_waiting.append(message)
        return []

    def report_done(self, packet_id: int | None) -> list[Command]:
        """The effect of one `Report` is durable, or it was found to have none. Call it once for each, also for QoS 0.

        A device that uses a packet id for two reports at once gets two acknowledgements, each after its own commit.
        """
        assert self._reports_pending > 0, "report_done without a Report"
        self._reports_pending -= 1
        if packet_id is None or self._state is not _State.OPEN:
            return []
        return [Send(encode_puback(packet_id))]

    def tick(self, now_s: float) -> list[Command]:
        """Time has passed; before `deadline_s` nothing happens."""
        if self._state is _State.CLOSED or now_s < self.deadline_s:
            return []
        if self._state is _State.OPEN:
            return self.close(CloseReason.KEEP_ALIVE_TIMEOUT)
        if self._state is _State.AUTHENTICATING:
            # The server was too slow, not the device wrong: it shall come again with the same credential.
            return [Send(encode(ConnAck(ConnackCode.SERVER_UNAVAILABLE))), *self.close(CloseReason.CONNECT_TIMEOUT)]
        return self.close(CloseReason.CONNECT_TIMEOUT)

    def close(self, reason: CloseReason) -> list[Command]:
        """End the session from this side; unfinished reports stay unacknowledged, so the device repeats them."""
        if self._state is _State.CLOSED:
            return []
        self._state = _State.CLOSED
        self._early_packets = []
        self._deliveries_waiting = None
        return [Close(reason)]

    # ---- packets ----

    def _take(self, packets: list[Packet]) -> list[Command]:
        commands: list[Command] = []
        for packet in packets:
            if self._state is _State.OPEN:
                commands += self._on_packet(packet)
            elif self._state is _State.AUTHENTICATING:
                self._early_packets.append(packet)
            elif self._state is _State.CONNECTING:
                commands += self._on_first_packet(packet)
            elif self._state is _State.REGISTERED and isinstance(packet, Disconnect):
                commands += self.close(CloseReason.DEVICE_DISCONNECTED)
        return commands

    def _on_first_packet(self, packet: Packet) -> list[Command]:
        if isinstance(packet, Connect):
            return self._on_connect(packet)
        if not isinstance(packet, UnsupportedConnect):
            return self.close(CloseReason.PROTOCOL_VIOLATION)
        if packet.level == 5:
            return [Send(CONNACK_VERSION_5_UNSUPPORTED), *self.close(CloseReason.CONNECT_REFUSED)]
        return self._refuse(ConnackCode.PROTOCOL_LEVEL)

    def _on_connect(self, packet: Connect) -> list[Command]:
        if not KEEP_ALIVE_SECONDS_MIN <= packet.keep_alive_s <= KEEP_ALIVE_SECONDS_MAX:
            # No return code says this, so none is sent (3.2.2.3).
            return self.close(CloseReason.KEEP_ALIVE_OUT_OF_RANGE)
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
        self._keep_alive_s = packet.keep_alive_s
        self._state = _State.AUTHENTICATING
        return [Authenticate(credential, packet.password)]

    def _on_packet(self, packet: Packet) -> list[Command]:
        match packet:
            case Publish():
                return self._on_publish(packet)
            case PubAck():
                return self._on_puback(packet)
            case PingReq():
                return [Send(encode(PingResp()))]
            case Subscribe():
                return self._on_subscribe(packet)
            case Unsubscribe():
                for topic in packet.filters:
                    self._qos_by_subscription.pop(topic, None)
                return [Send(encode(UnsubAck(packet.packet_id)))]
            case Disconnect():
                return self.close(CloseReason.DEVICE_DISCONNECTED)
            case _:  # a second CONNECT, or what only a server sends
                return self.close(CloseReason.PROTOCOL_VIOLATION)

    def _on_publish(self, packet: Publish) -> list[Command]:
        kind = self._kind_by_topic.get(packet.topic)
        if packet.is_retained:
            return self._refuse_publish(packet, DropReason.RETAINED)
        if kind is not None and len(packet.payload) <= PAYLOAD_BYTES_MAX:
            self._reports_pending += 1
            return [Report(kind, packet.payload, packet.packet_id)]
        if kind is None and not self._owns(packet.topic):
            return self._refuse_publish(packet, DropReason.FOREIGN_TOPIC)
        return self._discard(packet, DropReason.UNSERVED_TOPIC if kind is None else DropReason.PAYLOAD_TOO_LARGE)

    def _discard(self, packet: Publish, reason: DropReason) -> list[Command]:
        """Drop an own message that nobody serves, acknowledged: else it blocks the device's window for good.

        Vendor devices also send thing-model messages on own topics; 3.1.1 knows no refusal (3.3.5). The effect that
        the acknowledgement promises to be durable is none (I1). Only oversize messages wear out the session's patience.
        """
        commands: list[Command] = [Dropped(reason)]
        if packet.packet_id is not None:
            commands.append(Send(encode_puback(packet.packet_id)))
        if reason is DropReason.PAYLOAD_TOO_LARGE:
            commands += self._lose_patience()
        return commands

    def _refuse_publish(self, packet: Publish, reason: DropReason) -> list[Command]:
        """No delivery and no acknowledgement (A17): with QoS 1 that means to close, as 3.3.5 demands."""
        if packet.packet_id is not None:
            return [Dropped(reason), *self.close(CloseReason.REFUSED_PUBLISH)]
        return [Dropped(reason), *self._lose_patience()]

    def _lose_patience(self) -> list[Command]:
        self._refused_publishes += 1
        if self._refused_publishes > REFUSED_PUBLISHES_MAX:
            return self.close(CloseReason.REFUSED_PUBLISH)
        return []

    def _on_subscribe(self, packet: Subscribe) -> list[Command]:
        assert self._identity is not None
        if len(packet.filters) > SUBSCRIBE_FILTERS_MAX:
            return self.close(CloseReason.PROTOCOL_VIOLATION)
        commands: list[Command] = []
        codes: list[int] = []
        for topic_filter, qos in packet.filters:
            if self._topics.is_delivery(topic_filter, self._identity):
                # One entry a topic, and `deliver` sends once: subscribing, even twice, doubles nothing.
                self._qos_by_subscription[topic_filter] = min(qos, 1)
                codes.append(min(qos, 1))
            else:
                codes.append(SUBSCRIPTION_REFUSED)
                commands.append(Dropped(DropReason.FOREIGN_SUBSCRIPTION))
        commands.append(Send(encode(SubAck(packet.packet_id, tuple(codes)))))
        return commands

    def _on_puback(self, packet: PubAck) -> list[Command]:
        if packet.packet_id not in self._in_flight:
            return []
        self._in_flight.remove(packet.packet_id)
        if not self._deliveries_waiting:
            return []
        return [self._publish(self._deliveries_waiting.popleft())]

    # ---- parts ----

    def _publish(self, message: Message) -> Send:
        packet_id = self._last_packet_id % PACKET_ID_MAX + 1
        while packet_id in self._in_flight:
            packet_id = packet_id % PACKET_ID_MAX + 1
        self._last_packet_id = packet_id
        self._in_flight.append(packet_id)
        return Send(encode(Publish(message.topic, message.payload, packet_id)))

    def _refuse(self, code: ConnackCode) -> list[Command]:
        return [Send(encode(ConnAck(code))), *self.close(CloseReason.CONNECT_REFUSED)]

    def _owns(self, topic: str) -> bool:
        return self._identity is not None and names_device(topic, self._identity)
