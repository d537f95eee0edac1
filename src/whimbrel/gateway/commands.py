"""What a session asks its caller to do: the vocabulary between `session.py` (no IO) and `connection.py` (all IO)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from whimbrel.domain.device_credential import DeviceCredential, RegistrationClaim


class Send(NamedTuple):
    data: bytes


class Authenticate(NamedTuple):
    """Prove the claim; while the store is down answer `refused(SERVER_UNAVAILABLE)`, never a bad credential.

    A registration that is proved is answered by `registered`, a login by `authenticated`.
    """

    credential: DeviceCredential | RegistrationClaim
    password: bytes


class Report(NamedTuple):
    """A message on a topic the device may publish to; `packet_id` goes back into `report_done` as it is."""

    kind: str
    payload: bytes
    packet_id: int | None


class DropReason(StrEnum):
    FOREIGN_TOPIC = "foreign_topic"
    UNSERVED_TOPIC = "unserved_topic"
    RETAINED = "retained"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    FOREIGN_SUBSCRIPTION = "foreign_subscription"
    DELIVERIES_FULL = "deliveries_full"


class Dropped(NamedTuple):
    """Something was refused and had no effect: count it."""

    reason: DropReason


class CloseReason(StrEnum):
    DEVICE_DISCONNECTED = "device_disconnected"
    PROTOCOL_VIOLATION = "protocol_violation"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_REFUSED = "connect_refused"
    KEEP_ALIVE_OUT_OF_RANGE = "keep_alive_out_of_range"
    KEEP_ALIVE_TIMEOUT = "keep_alive_timeout"
    REFUSED_PUBLISH = "refused_publish"
    TAKEN_OVER = "taken_over"
    REVOKED = "revoked"
    SERVER_UNAVAILABLE = "server_unavailable"
    SERVER_STOPPING = "server_stopping"


class Close(NamedTuple):
    reason: CloseReason


Command = Send | Authenticate | Report | Dropped | Close
