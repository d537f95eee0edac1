"""One device's socket: carries out the commands of its session (`session.py`), with the store behind it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from functools import partial
from typing import Protocol, cast

from prometheus_client import Counter, Gauge

from whimbrel.domain.device_credential import RegistrationClaim
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.errors import WhimbrelError
from whimbrel.gateway.admission import source_of
from whimbrel.gateway.block_frames import REPLY_TOPIC
from whimbrel.gateway.blocks import FILE_DOWNLOAD, BlockLine
from whimbrel.gateway.commands import Authenticate, Close, CloseReason, Command, Dropped, Report, Send
from whimbrel.gateway.doorway import Doorway
from whimbrel.gateway.ingest import Ingest, Item
from whimbrel.gateway.login import turned_away_total
from whimbrel.gateway.packets import ConnackCode
from whimbrel.gateway.registration import registration_message
from whimbrel.gateway.session import Message, Session
from whimbrel.gateway.topics import TopicTable, topic_of
from whimbrel.gateway.vendor_json import UPGRADE_TOPIC, pull_payload, upgrade_payload
from whimbrel.ports.store import DeviceLogin, Presence
from whimbrel.reports.declaration import Outcome
from whimbrel.reports.presence import connected, disconnected

log = logging.getLogger(__name__)

WRITE_BUFFER_BYTES_MAX = 64 * 1024  # a device that does not read is cut off: it gets its tasks again on reconnect
READ_BYTES_PER_TURN = 4 * 1024
"""Of what a device says at once; the rest waits until other work of the loop had its turn. Measured: so many bytes of
pings, the dearest there are, hold the loop for 5 ms; the 250 KiB that come in one read held it for 360 ms."""
LAST_WORDS_SECONDS_MAX = 1.0
FAREWELL_RETRY_SECONDS, FAREWELL_RETRY_SECONDS_MAX = 1.0, 60.0
BLOCK_SECONDS_MAX = 30.0  # for a block of firmware to leave, and a second more for each KiB of it (threat-model 4)
BLOCK_LOOK_SECONDS_MIN, BLOCK_LOOK_SECONDS_MAX = 0.01, 0.5  # between two looks whether it has

connections = Gauge("whimbrel_mqtt_connections", "Open MQTT connections")
closed_total = Counter("whimbrel_mqtt_closed_total", "MQTT sessions closed by this side", ["reason"])
dropped_total = Counter("whimbrel_mqtt_dropped_total", "MQTT messages refused", ["reason"])


class Keeper(Protocol):
    """What a connection needs of the gateway that accepted it."""

    @property
    def doorway(self) -> Doorway: ...
    @property
    def topics(self) -> TopicTable: ...

    def admit(self, connection: DeviceConnection) -> bool:
        """Whether there is room for one more; then it is kept until `forget`."""
        ...

    def is_open(self, connection: DeviceConnection) -> bool: ...
    def watch(self, connection: DeviceConnection) -> None: ...
    def forget(self, connection: DeviceConnection) -> None: ...
    def spawn(self, coroutine: Coroutine[None, None, None]) -> None: ...
    def next_session_id(self) -> int: ...


class DeviceConnection(asyncio.Protocol):
    """One socket: carries out its session's commands. A `DeviceSession` and a `ReportSink`."""

    __slots__ = (
        "_blocks",
        "_gateway",
        "_is_half_open",
        "_is_paused",
        "_login",
        "_presence",
        "_source",
        "_transport",
        "_unread",
        "due_second",
        "session",
    )

    def __init__(self, gateway: Keeper) -> None:
        self._gateway = gateway
        self.session = Session(gateway.topics, gateway.doorway.clock.monotonic_s())
        self._transport: asyncio.Transport | None = None
        self._presence: Presence | None = None
        self._login: DeviceLogin | None = None
        self._source = ""
        self._is_half_open = False
        self._is_paused = False
        self._unread: bytes | None = None  # what came while the ingest was full, or too much to take in one turn
        self._blocks: BlockLine | None = None  # made for a device that downloads over MQTT
        self.due_second = 0

    # ---- the socket ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._source = source_of(_address_of(transport))
        doorway = self._gateway.doorway
        if not doorway.login.admission.may_open(self._source, doorway.clock.monotonic_s()):
            turned_away_total.labels("half_open").inc()
            self._transport.abort()
            return
        self._is_half_open = True
        if not self._gateway.admit(self):
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES_MAX)
        connections.inc()
        self._gateway.watch(self)

    def data_received(self, data: bytes) -> None:
        if self._unread is not None:
            self._unread += data
        else:
            self._take(data)

    def _take(self, data: bytes) -> None:
        doorway = self._gateway.doorway
        if self._presence is not None and doorway.ingest.is_full:
            # The device waits, as it would for a slow link: nothing is lost, and nobody is cut off for others' load.
            # One that has not come in yet is told to come back (`_come_in`).
            self._unread = data
            self._read_or_not()
            doorway.ingest.when_roomy(self._go_on)
            return
        if len(data) > READ_BYTES_PER_TURN:
            data, self._unread = data[:READ_BYTES_PER_TURN], data[READ_BYTES_PER_TURN:]
            asyncio.get_running_loop().call_soon(self._go_on)
        self._do(self.session.received(data, doorway.clock.monotonic_s()))

    def pause_writing(self) -> None:
        # More than the buffer waits for a device that does not read (I17). The session ends first: it writes no more.
        self.session.close(CloseReason.SERVER_UNAVAILABLE)
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        if self._gateway.is_open(self):
            self._gateway.forget(self)
            connections.dec()
        self._settle()
        self._unread = None
        self.session.close(CloseReason.DEVICE_DISCONNECTED)
        if self._login is not None:
            self._gateway.doorway.login.admission.left(self._login.account_id)
        if self._blocks is not None:
            self._blocks.close()
        if self._presence is not None:
            self._gateway.doorway.sessions.leave(self._presence.device_id, self)
            _Farewell(self._gateway.doorway.ingest, self._presence).say()

    def _go_on(self) -> None:
        data, self._unread = self._unread, None
        if data is not None and self._gateway.is_open(self):
            self._take(data)

    def tick(self, now_s: float) -> None:
        if self._is_paused:
            self.session.was_not_read(now_s)
        self._do(self.session.tick(now_s))
        if self._gateway.is_open(self):
            self._gateway.watch(self)

    def end(self, reason: CloseReason) -> None:
        self._do(self.session.close(reason))

    @property
    def node_id(self) -> str | None:
        """The life of this process in which the device came in; None before it has."""
        return self._presence.node_id if self._presence is not None else None

    # ---- DeviceSession ----

    @property
    def session_id(self) -> int:
        return self._presence.session_id if self._presence is not None else 0

    def notify(self, notice: UpgradeNotice) -> None:
        payload = upgrade_payload(notice, self._gateway.doorway.clock.now_ms())
        self._deliver(UPGRADE_TOPIC, payload)

    def take_over(self) -> None:
        self.end(CloseReason.TAKEN_OVER)

    def revoke(self) -> None:
        self.end(CloseReason.REVOKED)

    # ---- ReportSink ----

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        self._do(self.session.report_done(packet_id))
        self._tell(outcome)

    def failed(self) -> None:
        self.end(CloseReason.SERVER_UNAVAILABLE)

    def _tell(self, outcome: Outcome) -> None:
        if outcome.ends_session:
            self.revoke()
        for notice in outcome.notices:
            self.notify(notice)
        if outcome.pull is not None:
            reply_topic = self._gateway.doorway.reports["get_firmware"].reply_topic
            assert reply_topic is not None
            self._deliver(reply_topic, pull_payload(outcome.pull))

    def _deliver(self, template: str, payload: bytes) -> None:
        if self.session.identity is not None:
            self._do(self.session.deliver(Message(topic_of(template, self.session.identity), payload)))

    # ---- commands ----

    def _do(self, commands: list[Command]) -> None:
        assert self._transport is not None
        for command in commands:
            match command:
                case Send(data):
                    self._transport.write(data)
                case Report():
                    self._submit(command)
                case Authenticate():
                    self._gateway.spawn(self._authenticate(command))
                case Dropped(reason):
                    dropped_total.labels(reason).inc()
                case Close(reason):
                    closed_total.labels(reason).inc()
                    self._hang_up()
        self._read_or_not()

    def _hang_up(self) -> None:
        """Close once what was said last has left; a device that does not read it is cut off soon."""
        assert self._transport is not None
        self._transport.close()
        if self._transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(LAST_WORDS_SECONDS_MAX, self._transport.abort)

    def _read_or_not(self) -> None:
        """Stop reading a device that has too much unacknowledged, or that waits for the ingest; else go on."""
        assert self._transport is not None
        should_pause = self.session.is_saturated or self._unread is not None
        if should_pause != self._is_paused and not self._transport.is_closing():
            self._is_paused = should_pause
            (self._transport.pause_reading if should_pause else self._transport.resume_reading)()

    def _submit(self, command: Report) -> None:
        assert self._presence is not None
        if command.kind == FILE_DOWNLOAD:
            self._submit_block_request(command)
            return
        declared = self._gateway.doorway.reports[command.kind]
        try:
            message = declared.read(command.payload)
        except WhimbrelError as error:
            self._drop(command, error)
            return
        item = Item(command.kind, self._presence.device_id, partial(declared.handle, message), self, command.packet_id)
        self._gateway.doorway.ingest.submit(item)

    def _drop(self, command: Report, error: WhimbrelError) -> None:
        """What cannot be read has no effect, and is acknowledged so that it blocks nothing."""
        assert self._presence is not None
        log.debug("device %d: %s", self._presence.device_id, error)
        dropped_total.labels("unreadable").inc()
        self._do(self.session.report_done(command.packet_id))

    def _submit_block_request(self, command: Report) -> None:
        """Nothing of a request has to be durable: it is acknowledged as soon as it is in line."""
        assert self._presence is not None
        if self._blocks is None:
            self._blocks = BlockLine(self._gateway.doorway.blocks, self._presence.device_id, self._send_block)
        try:
            must_start = self._blocks.take(command.payload)
        except WhimbrelError as error:
            self._drop(command, error)
            return
        if must_start:
            self._gateway.spawn(self._blocks.answer())
        self._do(self.session.report_done(command.packet_id))

    async def _send_block(self, payload: bytes) -> None:
        """Send, and wait until the socket has taken it. The write buffer may hold the one block meanwhile."""
        transport = self._transport
        if transport is None or transport.is_closing() or self.session.identity is None:
            return
        topic = topic_of(REPLY_TOPIC, self.session.identity)
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES_MAX + len(payload))
        self._do(self.session.deliver(Message(topic, payload), qos_max=0))
        left_s, look_s = BLOCK_SECONDS_MAX + len(payload) / 1024, BLOCK_LOOK_SECONDS_MIN
        while transport.get_write_buffer_size() and not transport.is_closing():
            if left_s <= 0:
                self.pause_writing()
                return
            await asyncio.sleep(look_s)
            left_s -= look_s
            look_s = min(2 * look_s, BLOCK_LOOK_SECONDS_MAX)
        if not transport.is_closing():
            transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES_MAX)

    async def _authenticate(self, command: Authenticate) -> None:
        desk, clock = self._gateway.doorway.login, self._gateway.doorway.clock
        if not desk.admission.may_ask(self._source, clock.monotonic_s()):
            self._turn_away("address")
        elif isinstance(command.credential, RegistrationClaim):
            await self._register(command)
        else:
            found = await desk.check(command)
            if isinstance(found, ConnackCode):
                self._do(self.session.refused(found))
            elif self._transport is not None and not self._transport.is_closing():
                self._come_in(found, command)

    async def _register(self, command: Authenticate) -> None:
        found = await self._gateway.doorway.login.register(command)
        if isinstance(found, ConnackCode):
            self._do(self.session.refused(found))
        else:
            self._do(self.session.registered(Message(*registration_message(command.credential.identity, found))))

    def _come_in(self, login: DeviceLogin, command: Authenticate) -> None:
        doorway = self._gateway.doorway
        if doorway.ingest.is_full:
            self._turn_away("busy")
        elif not doorway.login.admission.may_enter(login, doorway.clock.monotonic_s()):
            self._turn_away("device_or_account")
        else:
            self._login = login
            self._settle()
            self._enter(login, command)

    def _turn_away(self, reason: str) -> None:
        turned_away_total.labels(reason).inc()
        self._do(self.session.refused(ConnackCode.SERVER_BUSY))

    def _settle(self) -> None:
        if self._is_half_open:
            self._is_half_open = False
            self._gateway.doorway.login.admission.settled(self._source)

    def _enter(self, login: DeviceLogin, command: Authenticate) -> None:
        """Presence is submitted before anything the device says, so that it is stored before it (device-protocol 9)."""
        doorway = self._gateway.doorway
        assert self._transport is not None
        address = _address_of(self._transport)
        self._presence = Presence(login.device_id, doorway.node.id, self._gateway.next_session_id(), address)
        doorway.sessions.enter(login.device_id, self)
        doorway.ingest.submit(Item("connected", login.device_id, partial(connected, self._presence), _Welcome(self)))
        self._do(self.session.authenticated(command.credential.identity))


def _address_of(transport: asyncio.BaseTransport) -> str:
    """The peer's IP address; empty when it has gone already."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""


class _Welcome:
    """Takes the outcome of a connect: no packet waits for it, only the notices leave."""

    __slots__ = ("_connection",)

    def __init__(self, connection: DeviceConnection) -> None:
        self._connection = connection

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        self._connection._tell(outcome)

    def failed(self) -> None:
        self._connection.failed()


class _Farewell:
    """Says that a session ended until the store has taken it: else the device would be shown online for good (I19).

    Said late it harms nothing: a newer session of the device has another id.
    """

    __slots__ = ("_ingest", "_presence", "_wait_s")

    def __init__(self, ingest: Ingest, presence: Presence) -> None:
        self._ingest = ingest
        self._presence = presence
        self._wait_s = FAREWELL_RETRY_SECONDS

    def say(self) -> None:
        apply = partial(disconnected, self._presence)
        self._ingest.submit(Item("disconnected", self._presence.device_id, apply, self))

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        return

    def failed(self) -> None:
        asyncio.get_running_loop().call_later(self._wait_s, self.say)
        self._wait_s = min(2 * self._wait_s, FAREWELL_RETRY_SECONDS_MAX)
