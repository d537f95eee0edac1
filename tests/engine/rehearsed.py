"""A rehearsal's fleet before the real engine: real store, real reports, a steered clock, and what the devices see."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.engine.world import (
    LINKS,
    NOW_MS,
    Place,
    RecordingChannel,
    SteeredClock,
    add_devices,
    add_job,
    add_place,
    connect,
    fill,
    open_store,
    presence,
    read_job,
    rows_of,
)
from whimbrel.adapters.wakeup.in_process import InProcessWakeup
from whimbrel.domain.job import Job
from whimbrel.domain.rollout import Rollout
from whimbrel.engine.execute import Engine
from whimbrel.engine.silence import AWAY_MS_MAX, SilenceWatch
from whimbrel.ports.store import Store, Transaction
from whimbrel.rehearsal.fleet import Happening, Kind, VirtualFleet
from whimbrel.rehearsal.run import Plan, next_look_ms
from whimbrel.reports.declaration import Outcome, ReportContext
from whimbrel.reports.inform_version import VersionMessage, VersionParams
from whimbrel.reports.inform_version import handle as inform_version
from whimbrel.reports.presence import connected, disconnected
from whimbrel.reports.report_progress import ProgressMessage, ProgressParams
from whimbrel.reports.report_progress import handle as report_progress

OLD_VERSION, NEW_VERSION = "1.0.0", "2.0.0"
SEED = 7  # of the order in which devices go out: courses are drawn from the rehearsal's own
QUIET_MS_MAX = AWAY_MS_MAX - 60_000  # an engine that slept for longer would excuse who was silent meanwhile


class Template(NamedTuple):
    """A closed store with a filled job in it. `device_ids` in the order in which the job goes out."""

    folder: Path
    job: Job
    device_ids: list[int]


async def make_template(folder: Path, devices: int, rollout: Rollout) -> Template:
    """All devices are online and run the old version; nobody is told yet."""
    store = open_store(folder)
    place = await add_place(store)
    await connect(store, await add_devices(store, place, devices, OLD_VERSION))
    job = await add_filled_job(store, place, rollout)
    device_ids = [row.task.device_id for row in await rows_of(store, job)]
    await store.close()
    return Template(folder, job, device_ids)


async def add_filled_job(store: Store, place: Place, rollout: Rollout) -> Job:
    ordered = rollout._replace(seed=SEED)
    job = await add_job(store, place, rollout=ordered)
    async with store.transaction() as transaction:
        await transaction.targets.freeze(job)
    return await fill(store, await read_job(store, job))


class Sight(NamedTuple):
    """What the devices saw. `told_ms`: by place; `exposed_max`: how many were at risk at once; `words`: of the halt."""

    told_ms: dict[int, int]
    harmed: int
    exposed_max: int
    halted_ms: int | None
    words: str


class OnTheWay(NamedTuple):
    """What befalls a run. `mixed`: what becomes of reports on their way; `watch` sees after every look how many devices
    are at risk and how many have succeeded. `dies`: a new engine takes over for every look, as if the last was killed.
    """

    mixed: Callable[[list[Happening]], list[Happening]] = list
    watch: Callable[[int, int], None] = lambda exposed, succeeded: None
    dies: bool = False


SMOOTH = OnTheWay()


class RehearsedEngine:
    """One run of a rehearsal's plan."""

    def __init__(self, store: Store, template: Template, plan: Plan, seed: int, on_the_way: OnTheWay) -> None:
        self._store = store
        self._template = template
        self._plan = plan
        self._clock = SteeredClock()
        self._channel = RecordingChannel()
        self._place_of = {device_id: place for place, device_id in enumerate(template.device_ids)}
        self._on_the_way = on_the_way
        self._engine = self._new_engine()
        self._ended: set[int] = set()
        self._succeeded = 0
        self.fleet = VirtualFleet(plan.devices, plan.faults, seed)
        self.told_ms: dict[int, int] = {}
        self.exposed_max = 0

    async def run(self) -> Sight:
        """Until the job is halted or nothing can happen any more."""
        await self._send_away()
        now_ms: int | None = 0
        halted_ms: int | None = None
        while now_ms is not None and halted_ms is None:
            self._clock.pass_ms(NOW_MS + now_ms - self._clock.ms)
            await self._report(self._on_the_way.mixed(self.fleet.until(now_ms)))
            await self._settle(now_ms)
            job = await read_job(self._store, self._template.job)
            halted_ms = job.hold_ms
            now_ms = await self._next_ms(now_ms)
        words = job.hold_reason
        told_ms, harmed = self.told_ms, self.fleet.harmed
        return Sight(told_ms, harmed, self.exposed_max, None if halted_ms is None else halted_ms - NOW_MS, words)

    async def _settle(self, now_ms: int) -> None:
        if self._on_the_way.dies:
            self._engine = self._new_engine()
        await self._engine.settle()
        for notice in self._channel.sent:
            self._told(notice.device_id, now_ms)
        self._channel.sent.clear()
        exposed = len(self.told_ms) - len(self._ended)
        self.exposed_max = max(self.exposed_max, exposed)
        self._on_the_way.watch(exposed, self._succeeded)

    async def _next_ms(self, now_ms: int) -> int | None:
        async with self._store.snapshot() as store:
            due = [await store.silence.next_due_ms(), self._engine._due_ms]
        next_ms = next_look_ms(self._plan, self.fleet.next_ms, *(at and at - NOW_MS for at in due))
        return None if next_ms is None else max(now_ms + 1, min(next_ms, now_ms + QUIET_MS_MAX))

    async def _report(self, happenings: list[Happening]) -> None:
        if not happenings:
            return
        async with self._store.transaction() as transaction:
            for happening in happenings:
                outcome = await self._say(happening, transaction)
                for notice in outcome.notices:
                    self._told(notice.device_id, happening.at_ms)

    async def _say(self, happening: Happening, transaction: Transaction) -> Outcome:
        at_ms, place, kind = happening
        device_id = self._template.device_ids[place]
        context = ReportContext(device_id, NOW_MS + at_ms, transaction, LINKS)
        if kind in (Kind.FAILED, Kind.SUCCEEDED) and place not in self._ended:
            self._ended.add(place)
            self._succeeded += kind is Kind.SUCCEEDED
        match kind:
            case Kind.CONNECTS:
                return await connected(presence(device_id), context)
            case Kind.PROGRESS:
                return await report_progress.handle(ProgressMessage(params=ProgressParams(step=10)), context)
            case Kind.FAILED:
                return await report_progress.handle(ProgressMessage(params=ProgressParams(step=-2)), context)
            case Kind.SUCCEEDED:
                return await inform_version.handle(VersionMessage(params=VersionParams(version=NEW_VERSION)), context)
            case Kind.DISCONNECTS:
                return await disconnected(presence(device_id), context)

    def _told(self, device_id: int, at_ms: int) -> None:
        place = self._place_of[device_id]
        self.told_ms.setdefault(place, at_ms)
        self.fleet.told(place, at_ms)

    async def _send_away(self) -> None:
        async with self._store.transaction() as transaction:
            for place in self.fleet.away:
                await transaction.presences.disconnected(presence(self._template.device_ids[place]), NOW_MS)

    def _new_engine(self) -> Engine:
        engine = Engine(self._store, self._channel, InProcessWakeup(), self._clock, LINKS)
        engine.take_on(SilenceWatch(self._store, self._clock))
        return engine


async def run_engine(template: Template, folder: Path, plan: Plan, seed: int, on_the_way: OnTheWay = SMOOTH) -> Sight:
    """On a copy of the template of its own."""
    copy = folder / f"seed-{seed}"
    shutil.copytree(template.folder, copy)
    store = open_store(copy)
    sight = await RehearsedEngine(store, template, plan, seed, on_the_way).run()
    await store.close()
    shutil.rmtree(copy)
    return sight
