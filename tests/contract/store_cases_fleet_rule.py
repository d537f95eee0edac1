"""Cases of the store contract: every selection as SQL equals the pure rule, on thousands of random fleets (I2, I3).

Each fleet lives in products of its own in one database, which no commit is forced to the disk of. Its jobs are made,
gathered and filled by the statements, in chunks; its devices report, one by one or read ahead; and the rule of
`fleet_rule.py` says which tasks there must be, in which status, in whose place and with which words.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.contract.fleet_rule import FleetRule
from tests.contract.random_fleets import (
    MODULES,
    VERSIONS,
    FleetDevice,
    Target,
    add_late_devices,
    make_fleet,
    make_target,
    occupy,
)
from tests.contract.store_cases_rig import Rig
from tests.engine.world import EVERYTHING, LINKS, NOW_MS, add_place, must_find
from tests.surface.long_run import CI_SEED, fuzz_seed
from whimbrel.adapters.store.consistency import ConsistencyCheck
from whimbrel.adapters.store.consistency_postgresql import PostgresqlConsistencyCheck
from whimbrel.adapters.store.consistency_rules import Finding
from whimbrel.adapters.store.sqlite import SqliteStore
from whimbrel.domain.job import MATCHES_MAX
from whimbrel.domain.task import Task, TaskStatus
from whimbrel.ports.store import Store, Transaction
from whimbrel.reports.declaration import ReportContext
from whimbrel.reports.following import follow

#: Twice GRAY: a share of a small fleet is seldom more than one.
KINDS = ("ALL", "NAMES", "LIST", "GRAY", "GRAY", "GROUP", "VERSIONS", "RULE")
DYNAMIC_KINDS = ("VERSIONS", "RULE")
SQLITE_FLEETS, POSTGRESQL_FLEETS = 10_000, 1_000
FUZZ_TIMES = 20
TIMES_MIN = 5  # that each branch of the rule is taken in the smaller of the two runs; most are taken a hundred times
BIRTHS = ("CONFIRM", "QUEUED", "FAILED", "CANCELED")
SELECTIONS = ("ALL", "SPECIFIC", "GRAY", "GROUP", "DYNAMIC")
BRANCHES = {
    *(
        f"{selection} gives {status}"
        for selection in SELECTIONS
        for status in ("CONFIRM", "QUEUED", "FAILED", "CANCELED")
    ),
    *(f"{selection} passes one at DestVersion" for selection in SELECTIONS),
    *(f"{selection} passes a late one" for selection in SELECTIONS),
    *(f"{selection} passes one that is not there" for selection in SELECTIONS),
    *(f"{selection} passes another version" for selection in SELECTIONS if selection != "GRAY"),
    *(f"{selection} passes mute" for selection in SELECTIONS if selection != "GRAY"),
    *(f"overwrites {status}" for status in ("CONFIRM", "QUEUED", "NOTIFIED")),
    "GRAY takes less than all",
    "GRAY takes all",
    "a share goes around",
    "a job with an order of its own",
    "a rule takes a device",
    "a rule passes a device",
    "another module is no conflict",
    "two hold one device",
    "DYNAMIC has had a task",
    "DYNAMIC follows",
    "DYNAMIC follows already",
    "DYNAMIC was told that it is held",
    "DYNAMIC has matched too often",
    "a report follows nothing",
}


class FleetCase:
    """One fleet from its making to the comparison."""

    def __init__(self, store: Store, seen: Counter[str], dice: random.Random) -> None:
        self.store = store
        self.seen = seen
        self.dice = dice

    async def run(self, account_id: int, number: int) -> None:
        """The fleet of this number."""
        dice = self.dice
        async with self.store.transaction() as transaction:
            fleet = await make_fleet(transaction, account_id, number, dice)
            busy = await occupy(transaction, fleet, dice)
        async with self.store.transaction() as transaction:  # another one: counters are read
            lists = [await transaction.tasks.page(target.job.id, None, EVERYTHING) for target in busy]
            kinds = [*[DYNAMIC_KINDS] * dice.choice((0, 0, 1, 2)), KINDS]
            targets = [*busy, *[await make_target(transaction, fleet, dice, of_kinds) for of_kinds in kinds]]
            frozen = fleet._replace(devices=[d._replace(versions={**d.versions}) for d in fleet.devices])
            fleet = await add_late_devices(transaction, fleet, dice)
        self.rule = FleetRule(frozen, fleet, targets, self.seen)
        for task in sorted((row.task for found in lists for row in found.rows), key=lambda task: task.id):
            self.rule.take(task)
        await self.report(targets, dice.choice((0, 0, 2)))
        for target in dice.sample(targets, len(targets)):
            if not target.job.is_filled:
                await self.fill(target)
        await self.report(targets, dice.choice((0, 2, 4)))
        await self.compare(targets)
        self.seen["fleets"] += 1

    async def fill(self, target: Target) -> None:
        """In chunks, each in a transaction of its own or all in one."""
        chunk, is_one = self.dice.choice((1, 2, 5, 1_000)), self.dice.random() < 0.7
        self.rule.fill(target)
        job = target.job
        while not job.is_filled:
            async with self.store.transaction() as transaction:
                while not job.is_filled:
                    await transaction.fleet.fill(job, chunk, NOW_MS)
                    job = await must_find(transaction, self.rule.fleet.place, job.id)
                    if not is_one:
                        break

    # ---- reports ----

    async def report(self, targets: list[Target], reports: int) -> None:
        """Devices say versions, most of them such as a job waits for, one by one or read ahead."""
        devices = self.rule.fleet.devices
        if not reports or not devices:
            return
        awaited = [target.job for target in targets if target.job.is_dynamic]
        async with self.store.transaction() as transaction:
            if self.dice.random() < 0.5:
                ids = {device.id for device in devices}
                await transaction.read_ahead(ids, ids)
            for device in self.dice.choices(devices, k=reports):
                module, version = self.dice.choice(MODULES), self.dice.choice(VERSIONS)
                if awaited and self.dice.random() < 0.8:
                    job = self.dice.choice(awaited)
                    module, version = job.module_name, self.dice.choice(job.source_versions or VERSIONS)
                await self.repeat(transaction, device, module, version)
            for target in targets:
                if target.job.is_dynamic and self.dice.random() < 0.2:
                    await self.name(transaction, target)

    async def repeat(self, transaction: Transaction, device: FleetDevice, module: str, version: str) -> None:
        """Once or a few times, or until nothing follows from it any more because the device has matched too often."""
        times = self.dice.choices((1, 2, 3, MATCHES_MAX + 2), (4, 4, 2, 1))[0]
        for _ in range(times):
            await self.say(transaction, device, module, version)
            if times > MATCHES_MAX:
                await self.move(transaction, device, TaskStatus.FAILED)
            elif self.dice.random() < 0.5:
                await self.move(transaction, device, self.dice.choice(list(TaskStatus)))

    async def say(self, transaction: Transaction, device: FleetDevice, module: str, version: str) -> None:
        """A deleted device is not listened to (device-protocol 3)."""
        is_heard = await transaction.module_versions.put(device.id, module, version, NOW_MS)
        assert is_heard is not device.is_deleted
        if is_heard:
            device.versions[module] = version
            await follow(ReportContext(device.id, NOW_MS, transaction, LINKS), module, version)
            self.rule.follow(device, module, version)

    async def name(self, transaction: Transaction, target: Target) -> None:
        """A device is given a task of a dynamic job past its report, as two that report at the same time are."""
        device = self.dice.choice(self.rule.fleet.devices)
        await transaction.tasks.add_for(target.job, (device.id,), NOW_MS)
        self.rule.name(target, device)

    async def move(self, transaction: Transaction, device: FleetDevice, status: TaskStatus) -> None:
        """What the device follows comes to be in this status."""
        for task, job in await transaction.tasks.open_of_device(device.id):
            if job.is_dynamic:
                assert await transaction.tasks.change(task, task._replace(status=status), NOW_MS)
        for known in self.rule.tasks:
            if known.device_id == device.id and known.status.is_open and known.target.job.is_dynamic:
                known.status = status

    # ---- what must hold ----

    async def compare(self, targets: list[Target]) -> None:
        """Every task of every job, by device and in the order it was made, and no counter that differs."""
        found: list[Task] = []
        async with self.store.snapshot() as snapshot:
            for target in targets:
                state = await snapshot.jobs.state(target.job.account_id, target.job.id)
                listing = await snapshot.tasks.page(target.job.id, None, EVERYTHING)
                tasks = [row.task for row in listing.rows]
                assert state is not None
                assert state.counts == {status: [t.status for t in tasks].count(status) for status in TaskStatus}
                assert listing.total == len(tasks)
                found += sorted(tasks, key=lambda task: (task.device_id, task.id))
                if not target.job.is_dynamic:
                    places = [self.rule.place(target, task.device_id) for task in tasks[::-1]]
                    assert places == sorted(places)
                    self.seen["a job with an order of its own"] += target.job.order_factor is not None
        tasks_by_job = sorted(self.rule.tasks, key=lambda task: (targets.index(task.target), task.device_id))
        assert [(t.target.job.id, t.device_id) for t in tasks_by_job] == [(t.job_id, t.device_id) for t in found]
        for known, task in zip(tasks_by_job, found, strict=True):
            known.id = task.id
        for known, task in zip(tasks_by_job, found, strict=True):
            expected = (known.status, known.src_version, known.shown_words, None)
            assert (task.status, task.src_version, task.description, task.due_ms) == expected


class TestFleetRule:
    async def test_I2_I3_every_selection_equals_the_pure_rule(self, rig: Rig) -> None:
        """On 10,000 random fleets (fewer on PostgreSQL) statements and rule agree, and each branch was taken."""
        seen = await try_fleets(
            rig, CI_SEED, SQLITE_FLEETS if isinstance(rig.store, SqliteStore) else POSTGRESQL_FLEETS
        )
        rare = {branch: seen[branch] for branch in BRANCHES if seen[branch] < TIMES_MIN}
        assert not rare, rare

    @pytest.mark.fuzz
    async def test_I2_I3_new_fleets(self, rig: Rig) -> None:
        """The same with new fleets each time: FUZZ_SEED repeats a run."""
        await try_fleets(rig, fuzz_seed(), FUZZ_TIMES * POSTGRESQL_FLEETS)


async def try_fleets(rig: Rig, seed: int, fleets: int) -> Counter[str]:
    """What the rule decided on so many fleets; the last fleet's number with the seed makes it anew."""
    seen: Counter[str] = Counter()
    account_id = (await add_place(rig.store)).account_id
    if isinstance(rig.store, SqliteStore):
        rig.store._writer.pragma("synchronous", "OFF")  # no power cut is tried here, and a commit costs a millisecond
    for number in range(1, fleets + 1):
        try:
            await FleetCase(rig.store, seen, random.Random(f"{seed}-{number}")).run(account_id, number)
        except BaseException as error:
            error.add_note(f"fleet {number} of seed {seed}")
            raise
    assert seen["fleets"] == fleets
    broken = [
        finding.rule
        for finding in await findings(rig.place)
        if finding.rule.invariant in ("I2", "I3", "I4") and not finding.holds
    ]
    assert broken == []
    return seen


async def findings(place: str) -> list[Finding]:
    """What `whimbrel check` says of all fleets together."""
    if not place.startswith("postgresql:"):
        check = ConsistencyCheck(Path(place) / "whimbrel.db")
        try:
            return list(check.findings())
        finally:
            check.close()
    other = await PostgresqlConsistencyCheck.open(place)
    try:
        return [finding async for finding in other.findings()]
    finally:
        await other.close()
