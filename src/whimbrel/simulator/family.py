"""The three families of devices, by the door that they come to."""

from __future__ import annotations

from enum import StrEnum


class Family(StrEnum):
    """How a device speaks to the server."""

    MQTT = "mqtt"  # the vendors' devices (device-protocol 1-9)
    HTTPS = "https"  # the vendors' devices without MQTT (device-protocol 10)
    DDI = "ddi"  # hawkBit's devices (ddi-protocol)
