"""A place for one or a few virtual devices in a test, and what is left of them afterwards."""

import asyncio
import io
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.simulator.doorstep import Doorstep
from whimbrel.simulator.fate import GOOD, Fate
from whimbrel.simulator.http_client import HttpClient, TlsOnce
from whimbrel.simulator.journal import Journal
from whimbrel.simulator.site import MqttDoor, Site
from whimbrel.simulator.tally import DeviceState, Tally
from whimbrel.simulator.unit import Badge, Unit
from whimbrel.simulator.wheel import Wheel
from whimbrel.simulator.witness import Witness

BADGE = Badge("kabcdefgh01", "lamp-0001", "0123456789abcdefghijklmnopqrstuv", "TargetToken t0ken")

NOWHERE = MqttDoor("127.0.0.1", 1, None)


class Yard(NamedTuple):
    """One site and what its devices write."""

    site: Site
    written: io.StringIO

    @property
    def journal(self) -> list[dict[str, Any]]:
        """The lines so far."""
        return [json.loads(line) for line in self.written.getvalue().splitlines()]


@asynccontextmanager
async def yard(
    mqtt: MqttDoor = NOWHERE,
    server: str = "http://127.0.0.1:1",
    fates: Sequence[Fate] = (GOOD,),
    poll_s: float | None = None,
) -> AsyncIterator[Yard]:
    """A site for as many devices as there are fates; whatever they still do at the end is cancelled."""
    loop = asyncio.get_running_loop()
    written = io.StringIO()
    tally = Tally(fates)

    def sent() -> None:
        tally.requests += 1

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[None]] = []

        def spawn(work: Any) -> asyncio.Task[None]:
            tasks.append(group.create_task(work))
            return tasks[-1]

        site = Site(
            mqtt=mqtt,
            server=server,
            seed=1,
            poll_s=poll_s,
            spawn=spawn,
            wheel=Wheel(loop),
            doorstep=Doorstep(None, loop.time),
            http=HttpClient(TlsOnce(), sent),
            tally=tally,
            witness=Witness(loop.time),
            journal=Journal(written, loop.time),
            dice=random.Random(1),
            downloading=asyncio.Semaphore(1),
            downloading_slowly=asyncio.Semaphore(1),
        )
        spawn(site.doorstep.usher())
        try:
            yield Yard(site, written)
        finally:
            site.is_over = True
            site.wheel.close()
            site.http.close()
            for task in tasks:
                task.cancel()


def switch_on(unit: Unit, version: str = "1.0.0") -> None:
    """The device runs this version, and begins."""
    unit.install(DEFAULT_MODULE, version)
    unit.begin()


async def come_true(fact: Callable[[], bool]) -> None:
    """Wait for something that nobody tells."""
    for _ in range(2_000):
        if fact():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true")


async def until(device: Unit, state: DeviceState) -> None:
    """Wait for a state."""
    await come_true(lambda: device.state is state)
