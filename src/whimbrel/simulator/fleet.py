"""A fleet from first call to summary: enrol the devices, let each live, watch until there is an end."""

from __future__ import annotations

import asyncio
import math
import random
import ssl
from collections.abc import Callable, Coroutine
from typing import Any, Final, NamedTuple

from whimbrel.simulator.device import Site, Spawn, VirtualDevice
from whimbrel.simulator.enrolment import Caller, EnrolledDevice, EnrolledProduct, enrol_devices, enrol_product
from whimbrel.simulator.fate import Shares, draw_fates
from whimbrel.simulator.tally import DeviceState, Tally

FIRST_VERSION: Final = "1.0.0"
CONNECTING_MAX: Final = 128
DOWNLOADING_MAX: Final = 32
WATCH_EVERY_SECONDS: Final = 0.2


class FleetPlan(NamedTuple):
    """What to simulate. `version` None: what each device reported last, FIRST_VERSION before its first report.

    `seconds_max` None: no end by the clock. `until_done`: end when every device has succeeded, failed or fallen silent.
    """

    product: str
    devices: int
    prefix: str
    version: str | None
    shares: Shares
    seed: int
    seconds_max: float | None
    until_done: bool


class MqttDoor(NamedTuple):
    """Where the devices connect; `tls` None: in plain text."""

    host: str
    port: int
    tls: ssl.SSLContext | None


class Watch(NamedTuple):
    """Whoever follows: `found` hears of the product once, `moved` of the counts several times a second."""

    found: Callable[[EnrolledProduct], None]
    moved: Callable[[Tally], None]


class Summary(NamedTuple):
    """How a simulation ended."""

    product: EnrolledProduct
    seconds: float
    tally: Tally

    def as_json(self) -> dict[str, Any]:
        """The summary for machines."""
        tally = self.tally
        return {
            "product_key": self.product.key,
            "product_name": self.product.name,
            "devices": tally.devices,
            "is_done": tally.is_done,
            "seconds": round(self.seconds, 3),
            "states": {state.value: tally.by_state[state] for state in DeviceState},
            "versions": {version: count for version, count in sorted(tally.by_version.items()) if count},
            "reports": tally.reports,
            "reconnects": tally.reconnects,
            "refused_connects": tally.refused_connects,
            "downloaded_bytes": tally.downloaded_bytes,
        }


class Simulation:
    """One run of a plan."""

    def __init__(self, plan: FleetPlan, door: MqttDoor, open_caller: Callable[[], Caller], watch: Watch) -> None:
        """Raises ValueError for shares that cannot be."""
        self._plan = plan
        self._door = door
        self._open_caller = open_caller
        self._watch = watch
        self._fates = draw_fates(plan.devices, plan.shares, plan.seed)
        self._tally = Tally(plan.devices)

    async def run(self, stop: asyncio.Event) -> Summary:
        """Until the plan's end or `stop`. Raises EnrolmentError, ConnectionError."""
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        product = await enrol_product(self._open_caller(), self._plan.product)
        self._watch.found(product)
        try:
            # A group, so that a fault in any task ends the run instead of passing unseen.
            async with asyncio.TaskGroup() as group:
                tasks: list[asyncio.Task[None]] = []

                def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
                    task = group.create_task(work)
                    tasks.append(task)
                    return task

                spawn(self._enrol(product, self._site(spawn)))
                await self._follow(stop)
                for task in tasks:
                    task.cancel()
        except BaseExceptionGroup as faults:
            raise _first(faults) from None
        self._watch.moved(self._tally)
        return Summary(product, loop.time() - started_s, self._tally)

    def _site(self, spawn: Spawn) -> Site:
        return Site(
            *self._door,
            connecting=asyncio.Semaphore(CONNECTING_MAX),
            downloading=asyncio.Semaphore(DOWNLOADING_MAX),
            tally=self._tally,
            dice=random.Random(self._plan.seed),  # noqa: S311  (spreads retries, hides nothing)
            spawn=spawn,
        )

    async def _enrol(self, product: EnrolledProduct, site: Site) -> None:
        plan = self._plan

        def welcome(place: int, enrolled: EnrolledDevice) -> None:
            version = plan.version or enrolled.version or FIRST_VERSION
            site.spawn(VirtualDevice(enrolled.badge, version, self._fates[place], site).live())

        names = [f"{plan.prefix}{number:04d}" for number in range(1, plan.devices + 1)]
        await enrol_devices(self._open_caller, product.key, names, welcome)

    async def _follow(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        end_s = math.inf if self._plan.seconds_max is None else loop.time() + self._plan.seconds_max
        while not stop.is_set() and loop.time() < end_s and not (self._plan.until_done and self._tally.is_done):
            self._watch.moved(self._tally)
            try:
                async with asyncio.timeout(min(WATCH_EVERY_SECONDS, end_s - loop.time())):
                    await stop.wait()
            except TimeoutError:
                continue


def _first(faults: BaseExceptionGroup[BaseException]) -> BaseException:
    fault = faults.exceptions[0]
    return _first(fault) if isinstance(fault, BaseExceptionGroup) else fault
