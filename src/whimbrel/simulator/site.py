"""What all devices of a fleet share: where the doors are, whom they wait for, and who watches them."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from whimbrel.simulator.doorstep import Doorstep
from whimbrel.simulator.http_client import HttpClient
from whimbrel.simulator.journal import Journal
from whimbrel.simulator.tally import Tally
from whimbrel.simulator.wheel import Wheel
from whimbrel.simulator.witness import Witness

DOWNLOADING_MAX: Final = 32
SLOW_DOWNLOADING_MAX: Final = 512
"""Slow devices do not hold up the others, and are bounded because each download is an open file."""

Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
"""Runs a task beside the others; a fault in it ends them all."""


class MqttDoor(NamedTuple):
    """Where MQTT devices connect; `tls` None: in plain text. `level`: of the protocol; 4 is MQTT 3.1.1, 5 is 5."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    level: int = 4


@dataclass(slots=True)
class Site:
    """See the module. `downloading` and `downloading_slowly` bound how many download at once; `poll_s` None: devices
    that poll do so as often as the server says.
    """

    mqtt: MqttDoor
    server: str
    seed: int
    poll_s: float | None
    spawn: Spawn
    wheel: Wheel
    doorstep: Doorstep
    http: HttpClient
    tally: Tally
    witness: Witness
    journal: Journal
    dice: random.Random
    downloading: asyncio.Semaphore
    downloading_slowly: asyncio.Semaphore
    is_over: bool = False
