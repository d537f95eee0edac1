"""A fleet from first call to summary: enrol the devices, switch each on, watch until there is an end.

For a terminal (`whimbrel simulate`) and for tests, which run a Simulation beside a server and read its Summary.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Coroutine, Mapping
from contextlib import closing
from typing import Any, Final, NamedTuple, TextIO

from whimbrel.domain.ota_module import DEFAULT_MODULE
from whimbrel.simulator.ddi_device import DdiDevice
from whimbrel.simulator.doorstep import CONNECTING_MAX, Doorstep
from whimbrel.simulator.enrolment import Applicant, Caller, EnrolledDevice, EnrolledProduct, Enrolment, enrol_product
from whimbrel.simulator.family import Family
from whimbrel.simulator.fate import Mix, draw_fates
from whimbrel.simulator.http_client import HttpClient, TlsOnce
from whimbrel.simulator.https_device import HttpsDevice
from whimbrel.simulator.journal import Journal
from whimbrel.simulator.mqtt_device import MqttDevice
from whimbrel.simulator.site import DOWNLOADING_MAX, SLOW_DOWNLOADING_MAX, MqttDoor, Site, Spawn
from whimbrel.simulator.summary import Summary
from whimbrel.simulator.tally import Tally
from whimbrel.simulator.unit import Badge, Unit
from whimbrel.simulator.wheel import Wheel
from whimbrel.simulator.witness import Witness

FIRST_VERSION: Final = "1.0.0"
WATCH_EVERY_SECONDS: Final = 0.2

_KINDS: Final[Mapping[Family, type[Unit]]] = {
    Family.MQTT: MqttDevice,
    Family.HTTPS: HttpsDevice,
    Family.DDI: DdiDevice,
}


class FleetPlan(NamedTuple):
    """What to simulate. `version` None: what each device reported last, FIRST_VERSION before its first report.

    `modules`: versions of modules besides `default` that every device has from the start. `seconds_max` None: no end by
    the clock. `until_done`: end when no device has anything left to do. `connects_per_s` None: as fast as the door
    takes them. `poll_s` None: devices ask as often as the server says. `gateway_token`: DDI devices prove themselves
    with it; without one each is given a token of its own.
    """

    product: str
    devices: int
    prefix: str
    mix: Mix = Mix()
    seed: int = 1
    version: str | None = None
    modules: Mapping[str, str] = {}
    seconds_max: float | None = None
    until_done: bool = False
    connects_per_s: float | None = None
    poll_s: float | None = None
    gateway_token: str = ""


class Doors(NamedTuple):
    """Where the devices find the server; `server` is the address of its one HTTP port."""

    mqtt: MqttDoor
    server: str


def _ignore(*_: object) -> None:
    """Nobody watches."""


class Watch(NamedTuple):
    """Whoever follows: `found` hears of the product once, `moved` of the counts several times a second. `record`: where
    a line is written for each thing that happens to a device.
    """

    found: Callable[[EnrolledProduct], None] = _ignore
    moved: Callable[[Tally], None] = _ignore
    record: TextIO | None = None


class Simulation:
    """One run of a plan. `tally` and `witness` may be read, and the witness told of a cancel, while it runs."""

    def __init__(self, plan: FleetPlan, doors: Doors, open_caller: Callable[[], Caller], watch: Watch) -> None:
        """Raises ValueError for shares that cannot be."""
        self._plan = plan
        self._doors = doors
        self._open_caller = open_caller
        self._watch = watch
        self._fates = draw_fates(plan.devices, plan.mix, plan.seed)
        self._units: list[Unit] = []
        self.tally = Tally(self._fates)
        self.witness = Witness(lambda: asyncio.get_running_loop().time())

    async def run(self, stop: asyncio.Event) -> Summary:
        """Until the plan's end or `stop`. Raises EnrolmentError, ConnectionError."""
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        with closing(self._open_caller()) as caller:
            product = await enrol_product(caller, self._plan.product)
        self._watch.found(product)
        try:
            # A group, so that a fault in any task ends the run instead of passing unseen.
            async with asyncio.TaskGroup() as group:
                await self._live(product, group, stop)
        except BaseExceptionGroup as faults:
            raise _first(faults) from None
        self._watch.moved(self.tally)
        return Summary(product, loop.time() - started_s, self.tally, self.witness)

    async def _live(self, product: EnrolledProduct, group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        tasks: set[asyncio.Task[None]] = set()

        def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
            task = group.create_task(work)
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            return task

        site = self._site(spawn)
        try:
            for _ in range(CONNECTING_MAX):
                spawn(site.doorstep.usher())
            spawn(self._enrol(product, site))
            await self._follow(stop)
        finally:
            site.is_over = True
            site.wheel.close()
            for task in tuple(tasks):
                task.cancel()
            for unit in self._units:
                unit.switch_off()
            site.http.close()

    def _site(self, spawn: Spawn) -> Site:
        loop = asyncio.get_running_loop()
        plan, tally = self._plan, self.tally

        def sent() -> None:
            tally.requests += 1

        return Site(
            mqtt=self._doors.mqtt,
            server=self._doors.server.rstrip("/"),
            seed=plan.seed,
            poll_s=plan.poll_s,
            spawn=spawn,
            wheel=Wheel(loop),
            doorstep=Doorstep(plan.connects_per_s, loop.time),
            http=HttpClient(TlsOnce(), sent),
            tally=tally,
            witness=self.witness,
            journal=Journal(self._watch.record, loop.time),
            dice=random.Random(plan.seed),  # noqa: S311  (spreads retries, hides nothing)
            downloading=asyncio.Semaphore(DOWNLOADING_MAX),
            downloading_slowly=asyncio.Semaphore(SLOW_DOWNLOADING_MAX),
        )

    async def _enrol(self, product: EnrolledProduct, site: Site) -> None:
        plan = self._plan

        def welcome(applicant: Applicant, enrolled: EnrolledDevice) -> None:
            fate, badge = self._fates[applicant.place], enrolled.badge
            if fate.family is Family.DDI and plan.gateway_token:
                badge = Badge(*badge[:3], token=f"GatewayToken {plan.gateway_token}")
            unit = _KINDS[fate.family](badge, applicant.place, fate, site)
            unit.install(DEFAULT_MODULE, plan.version or enrolled.version or FIRST_VERSION)
            for module, version in plan.modules.items():
                unit.install(module, version)
            self._units.append(unit)
            unit.begin()

        applicants = [
            Applicant(place, f"{plan.prefix}{place + 1:04d}", fate.family is Family.DDI and not plan.gateway_token)
            for place, fate in enumerate(self._fates)
        ]
        await Enrolment(self._open_caller, product.key, welcome).run(applicants)

    async def _follow(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        end_s = math.inf if self._plan.seconds_max is None else loop.time() + self._plan.seconds_max
        while not stop.is_set() and loop.time() < end_s and not (self._plan.until_done and self.tally.is_done):
            self._watch.moved(self.tally)
            try:
                async with asyncio.timeout(min(WATCH_EVERY_SECONDS, end_s - loop.time())):
                    await stop.wait()
            except TimeoutError:
                continue


def _first(faults: BaseExceptionGroup[BaseException]) -> BaseException:
    fault = faults.exceptions[0]
    return _first(fault) if isinstance(fault, BaseExceptionGroup) else fault
