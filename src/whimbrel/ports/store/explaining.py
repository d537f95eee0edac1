"""What is read to explain one device (domain/explain.py). Part of the port `store`."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from whimbrel.domain.device import Device
from whimbrel.domain.device_case import Case, Contact

JOBS_MAX = 50  # newest unfinished ones of the product, and as many of its newest at all: some 10 us each


class Asked(NamedTuple):
    """What the question is limited to; 0 and '' for no limit."""

    job_id: int = 0
    firmware_id: int = 0
    module_name: str = ""


class Explaining(Protocol):
    """Bounded whatever the fleet and its history are (I17)."""

    async def contact(self, device_id: int) -> Contact: ...
    async def cases(self, device: Device, asked: Asked) -> list[Case]:
        """The jobs that may concern the device, newest first; those with an open task for it are all there."""
        ...
