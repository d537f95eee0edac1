"""Processes that accept devices, without sockets: their sessions, reports and orders."""

from __future__ import annotations

from functools import partial

from tests.engine.world import LINKS, SteeredClock
from whimbrel.adapters.device_channel.sessions import SessionChannel
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.notice import UpgradeNotice
from whimbrel.engine.orders import OrderDelivery
from whimbrel.gateway.ingest import Ingest, Item
from whimbrel.gateway.node import Node
from whimbrel.ports.store import Presence, Store
from whimbrel.reports.declaration import Outcome
from whimbrel.reports.presence import connected, disconnected


class Process:
    """One process that accepts devices."""

    def __init__(self, store: Store, name: str) -> None:
        clock = SteeredClock()
        self.node = Node(store, clock, name)
        self.channel = SessionChannel()
        self.ingest = Ingest(store, clock, InProcessWakeup(), LINKS, self.node)
        self.delivery = OrderDelivery(store, self.channel, clock, LINKS, lambda: self.node.id)
        self.open: list[Session] = []
        self.unsaid: list[Item] = []  # ends of sessions that the store could not take
        self.last_session_id = 0

    def connect(self, device_id: int) -> None:
        self.last_session_id += 1
        Session(self, Presence(device_id, self.node.id, self.last_session_id, "127.0.0.1"))

    async def beat(self) -> None:
        if not await self.node.beat():
            for session in list(self.open):
                if session.presence.node_id != self.node.id:
                    session.close()
        for item in self.unsaid:
            self.ingest.submit(item)
        self.unsaid.clear()


class Session:
    """A device's session, as `gateway/connection.py` reports it."""

    def __init__(self, process: Process, presence: Presence) -> None:
        self.process, self.presence = process, presence
        self.session_id = presence.session_id
        self.notices: list[UpgradeNotice] = []
        self.farewell: Item | None = None
        process.open.append(self)
        process.channel.enter(presence.device_id, self)
        process.ingest.submit(Item("connected", presence.device_id, partial(connected, presence), self))

    def close(self) -> None:
        if self not in self.process.open:
            return
        self.process.open.remove(self)
        self.process.channel.leave(self.presence.device_id, self)
        self.farewell = Item("disconnected", self.presence.device_id, partial(disconnected, self.presence), self)
        self.process.ingest.submit(self.farewell)

    def notify(self, notice: UpgradeNotice) -> None:
        self.notices.append(notice)

    take_over = revoke = close

    def done(self, packet_id: int | None, outcome: Outcome) -> None:
        self.notices += outcome.notices
        if outcome.ends_session:
            self.close()

    def failed(self) -> None:
        """Of the connect, which ends the session; of the farewell, which is said again."""
        if self in self.process.open:
            self.close()
        elif self.farewell is not None:
            self.process.unsaid.append(self.farewell)
