"""One MQTT connection of a virtual device."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol, cast

from whimbrel.domain.device_credential import ConnectFields
from whimbrel.gateway.packets import Connect, Disconnect, PingReq, ProtocolViolationError, PubAck, Publish
from whimbrel.simulator.dialect import Dialect, Spoken
from whimbrel.simulator.packets5 import Farewell, Outcome, Said
from whimbrel.simulator.wheel import Wheel

KEEP_ALIVE_S: Final = 300
PING_EVERY_S: Final = KEEP_ALIVE_S / 2


class LinkOwner(Protocol):
    """The device behind a connection."""

    def received(self, topic: str, payload: bytes) -> None: ...

    def acknowledged(self, packet_id: int, reason: int) -> None: ...

    def lost(self, link: Link) -> None: ...


class RefusedConnectError(Exception):
    """The server did not accept a CONNECT. Internal to the simulator."""


class Link(asyncio.Protocol):
    """`accepted` ends with the CONNACK; then the owner hears of everything, and of the end of the connection."""

    __slots__ = ("_dialect", "_fields", "_owner", "_transport", "_was_heard", "_wheel", "accepted")

    def __init__(self, owner: LinkOwner, fields: ConnectFields, wheel: Wheel, dialect: Dialect) -> None:
        self._owner = owner
        self._fields: ConnectFields | None = fields
        self._wheel = wheel
        self._dialect = dialect
        self._transport: asyncio.Transport | None = None
        self._was_heard = True
        self.accepted: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()

    @property
    def is_open(self) -> bool:
        """Whether what is sent may arrive."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, packet: Spoken) -> None:
        """Onto the wire, or nowhere when the connection is gone: what must arrive is sent again on the next one."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._dialect.encode(packet))

    def say_goodbye(self) -> None:
        """Close as a device does that is switched off properly."""
        self.send(Disconnect())
        if self._transport is not None:
            self._transport.close()

    def break_off(self) -> None:
        """Close as a device does that loses its power."""
        if self._transport is not None:
            self._transport.abort()

    async def wait_until_accepted(self) -> None:
        """Raises RefusedConnectError, ConnectionError."""
        assert self.accepted is not None, "nobody waits twice"
        try:
            await self.accepted
        finally:
            self.accepted = None

    # ---- asyncio.Protocol ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert self._fields is not None, "a link connects once"
        self._transport = cast(asyncio.Transport, transport)
        client_id, username, password = self._fields
        self._fields = None
        self.send(Connect(client_id, username, password.encode(), KEEP_ALIVE_S))
        self._wheel.after(PING_EVERY_S, self._keep_alive)

    def data_received(self, data: bytes) -> None:
        self._was_heard = True
        try:
            everything = self._dialect.feed(data)
        except ProtocolViolationError:
            self.break_off()
            return
        for said in everything:
            self._take(said)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._settle(ConnectionResetError("the connection ended before its CONNACK"))
        self._owner.lost(self)

    # ---- parts ----

    def _settle(self, error: Exception | None) -> None:
        if self.accepted is None or self.accepted.done():
            return
        if error is None:
            self.accepted.set_result(None)
        else:
            self.accepted.set_exception(error)
            self.accepted.exception()  # looked at, for nobody may be waiting for it any more

    def _take(self, said: Said) -> None:
        match said:
            case Publish(topic, payload, packet_id):
                if packet_id is not None:
                    self.send(PubAck(packet_id))
                self._owner.received(topic, payload)
            case Outcome(reason, None):
                refused = RefusedConnectError(f"the server refused the device with reason 0x{reason:02x}")
                self._settle(refused if said.is_refusal else None)
            case Outcome(reason, packet_id) if packet_id is not None:
                self._owner.acknowledged(packet_id, reason)
            case Farewell():
                self.break_off()

    def _keep_alive(self) -> None:
        if not self.is_open:
            return
        if not self._was_heard:
            self.break_off()
            return
        self._was_heard = False
        self.send(PingReq())
        self._wheel.after(PING_EVERY_S, self._keep_alive)
