"""Which address a device's connection comes from, when one address has too few ports for a fleet on one machine."""

from __future__ import annotations

from typing import Final

DEVICES_PER_ADDRESS: Final = 20_000
"""Linux hands out 28,232 ports an address (32768 to 60999), and ports of connections that have ended rest a minute."""


def source_address(host: str, number: int) -> tuple[str, int] | None:
    """An address of 127.0.0.0/8 with any port, for devices beyond the first DEVICES_PER_ADDRESS; None: the usual
    one.
    """
    place = number // DEVICES_PER_ADDRESS
    if not place or not (host == "localhost" or host.startswith("127.")):
        return None
    return f"127.0.0.{1 + place}", 0
