"""What became of a message of a DDI device."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    TAKEN = "taken"
    CREATED = "created"  # taken, and it was news
    UNKNOWN = "unknown"  # there is no such thing for this device, or none that it may know of
    CLOSED = "closed"  # the action is active no more
    NOT_CANCELLING = "not cancelling"
    CONFLICT = "conflict"  # it does not fit what is so already
    TOO_MANY = "too many"
    GONE = "gone"  # the device itself was disabled or deleted meanwhile
