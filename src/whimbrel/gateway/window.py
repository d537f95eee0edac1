"""What is on its way to a device with QoS 1: packet ids in flight, and the messages that wait for one.

Nothing is repeated within a connection or kept for the next one, and a full window drops: the open tasks are pushed
again when the device reconnects (device-protocol 9).
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from whimbrel.gateway.frames import PACKET_ID_MAX

IN_FLIGHT_MAX: Final = 32
DELIVERIES_WAITING_MAX: Final = 64


class Message(NamedTuple):
    """What the server publishes to a device; `topic` is complete (`topic_of`)."""

    topic: str
    payload: bytes


class Window:
    """See the module. `in_flight_max` is what the device takes, when that is less than we would send."""

    __slots__ = ("_in_flight", "_last_packet_id", "_waiting", "in_flight_max")

    def __init__(self) -> None:
        self.in_flight_max = IN_FLIGHT_MAX
        self._in_flight: list[int] | None = None  # made when needed, as most devices are idle
        self._last_packet_id = 0
        self._waiting: deque[Message] | None = None  # an empty one takes 760 bytes

    def open_for(self, message: Message) -> int | None:
        """The packet id to send the message with; None when it has to wait, or was dropped (`is_full` before)."""
        if self._in_flight is None:
            self._in_flight = []
        if len(self._in_flight) < self.in_flight_max:
            return self._next_packet_id(self._in_flight)
        if self._waiting is None:
            self._waiting = deque()
        if len(self._waiting) < DELIVERIES_WAITING_MAX:
            self._waiting.append(message)
        return None

    @property
    def is_full(self) -> bool:
        """Whether the next message would be dropped."""
        return self._waiting is not None and len(self._waiting) >= DELIVERIES_WAITING_MAX

    def acknowledged(self, packet_id: int) -> tuple[Message, int] | None:
        """The message that may leave now, with its packet id. An id that is not in flight changes nothing."""
        if self._in_flight is None or packet_id not in self._in_flight:
            return None
        self._in_flight.remove(packet_id)
        if not self._waiting:
            return None
        return self._waiting.popleft(), self._next_packet_id(self._in_flight)

    def forget(self) -> None:
        self._waiting = None

    def _next_packet_id(self, in_flight: list[int]) -> int:
        packet_id = self._last_packet_id % PACKET_ID_MAX + 1
        while packet_id in in_flight:
            packet_id = packet_id % PACKET_ID_MAX + 1
        self._last_packet_id = packet_id
        in_flight.append(packet_id)
        return packet_id
