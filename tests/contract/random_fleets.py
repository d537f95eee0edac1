"""Random small fleets for the fleet rule: devices of two products, what they reported, the groups that hold them, and
the jobs that hold them already. Each is made in products of its own, so that thousands of them share a database.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from tests.engine.world import NOW_MS, Place, device_draft, job_draft, must_find, product_draft
from whimbrel.domain.device_list import DeviceListReader
from whimbrel.domain.device_tag import DeviceTag
from whimbrel.domain.group import Group, GroupDraft, GroupType
from whimbrel.domain.group_expression import EVERY_DEVICE, GroupRule
from whimbrel.domain.job import DynamicMode, Job, OverwriteMode, SelectionType, TargetSelection
from whimbrel.domain.rollout import Rollout
from whimbrel.domain.task import TaskStatus
from whimbrel.ports.store import DeviceList, Transaction

MODULES = ("default", "MCU")
#: Some differ in a case or in a blank only.
VERSIONS = ("1.0.0", "1.5.0", "2.0.0", "2.0.0 ", "v2", "V2")
NAMES = ("lamp", "lamp-1", "lamp-10", "lamp_", "Lamp-1", "lam-p", "pump-1", "pump-2", "0001", "zzzz", "ZZZZ", "@:.-")
TAG_KEY, TAG_VALUES = "ring", ("", "early", "Early")
PERCENTS = ("0.001", "1", "33", "33.333", "50", "66.7", "99.999", "100")
OPEN = [status for status in TaskStatus if status.is_open]


class FleetDevice(NamedTuple):
    """A device as the pure rules see it. `is_late`: registered after the job's target set was frozen."""

    id: int
    name: str
    is_foreign: bool
    is_member: bool
    is_deleted: bool
    is_late: bool
    gray_key: int
    tag: str
    versions: dict[str, str]

    @property
    def is_there(self) -> bool:
        """Whether a job of the fleet's product can be for it at all."""
        return not (self.is_foreign or self.is_deleted)


class Fleet(NamedTuple):
    """Devices in the order of their ids, of the product that jobs are for and of a foreign one."""

    number: int
    place: Place
    foreign: Place
    devices: Sequence[FleetDevice]
    group: Group

    @property
    def key(self) -> str:
        """What is named after the fleet: its groups, its device list."""
        return f"fleet-{self.number}"


class Target(NamedTuple):
    """A job, and whom it was made for besides what it says itself: named devices, the rule of its dynamic group."""

    job: Job
    named: frozenset[int] = frozenset()
    rule: GroupRule = EVERY_DEVICE


# ---- devices ----


async def make_fleet(transaction: Transaction, account_id: int, number: int, dice: random.Random) -> Fleet:
    """Up to 12 devices, most often few. Commit them before a share of them is taken: it is taken of counters."""
    place = await _add_place(transaction, account_id, 2 * number)
    foreign = await _add_place(transaction, account_id, 2 * number + 1)
    draft = GroupDraft(account_id, f"fleet-{number}", f"static{number}", "", "", GroupType.STATIC, NOW_MS)
    await transaction.groups.add(draft)
    group = await transaction.groups.by_group_id(account_id, draft.group_id)
    assert group is not None
    names = dice.sample(NAMES, min(dice.randrange(len(NAMES) + 1), dice.randrange(len(NAMES) + 1)))
    fleet = Fleet(number, place, foreign, (), group)
    fleet = fleet._replace(devices=[await _add_device(transaction, fleet, dice, name) for name in names])
    await transaction.group_members.add(group, [device.id for device in fleet.devices if device.is_member])
    return await _delete_some(transaction, fleet, dice, 0.1)


async def add_late_devices(transaction: Transaction, fleet: Fleet, dice: random.Random) -> Fleet:
    """Devices that come, and some that go, once a job's target set is frozen."""
    late = [await _add_device(transaction, fleet, dice, f"late-{n}") for n in range(dice.randrange(3))]
    late = [device._replace(is_late=True) for device in late]
    await transaction.group_members.add(fleet.group, [device.id for device in late if device.is_member])
    return await _delete_some(transaction, fleet._replace(devices=[*fleet.devices, *late]), dice, 0.05)


async def _delete_some(transaction: Transaction, fleet: Fleet, dice: random.Random, share: float) -> Fleet:
    gone = {device.id for device in fleet.devices if not device.is_deleted and dice.random() < share}
    for device in fleet.devices:
        if device.id in gone:
            product_key = (fleet.foreign if device.is_foreign else fleet.place).product_key
            found = await transaction.devices.by_name(fleet.place.account_id, product_key, device.name)
            assert found is not None
            await transaction.device_changes.delete(found, NOW_MS)
    return fleet._replace(devices=[d._replace(is_deleted=d.is_deleted or d.id in gone) for d in fleet.devices])


async def _add_place(transaction: Transaction, account_id: int, number: int) -> Place:
    draft = product_draft(account_id)._replace(product_key=f"a1{number:09d}", name=f"product{number}")
    return Place(account_id, await transaction.products.add(draft), draft.product_key)


async def _add_device(transaction: Transaction, fleet: Fleet, dice: random.Random, name: str) -> FleetDevice:
    is_foreign = dice.random() < 0.2
    place = fleet.foreign if is_foreign else fleet.place
    draft = device_draft(place, name)
    device_id = await transaction.devices.add(draft)
    versions = {module: dice.choice(VERSIONS) for module in MODULES if dice.random() < 0.75}
    for module, version in versions.items():
        await transaction.module_versions.put(device_id, module, version, NOW_MS)
    tag = dice.choice(TAG_VALUES)
    if tag:
        found = await transaction.devices.by_name(place.account_id, place.product_key, name)
        assert found is not None
        await transaction.tags.put(found, [DeviceTag(TAG_KEY, tag)])
    is_member = dice.random() < 0.6
    return FleetDevice(device_id, name, is_foreign, is_member, False, False, draft.gray_key, tag, versions)


# ---- jobs ----


async def occupy(transaction: Transaction, fleet: Fleet, dice: random.Random) -> list[Target]:
    """Up to three jobs, with and without MultiModuleMode, that hold devices by tasks in every status, as far as they
    do not hold them against each other.
    """
    targets = []
    for number in range(dice.choice((0, 1, 1, 2, 3))):
        named = tuple(device.id for device in fleet.devices if dice.random() < 0.7)
        job = await _add(
            transaction,
            fleet,
            module_name=dice.choice(MODULES),
            dest_version=f"busy-{number}",
            multi_module_mode=dice.random() < 0.6,
            target_selection=TargetSelection.SPECIFIC,
            is_gathered=True,
        )
        await transaction.targets.add(job, named)
        await transaction.fleet.fill(job, 1_000, NOW_MS)
        targets.append(Target(await must_find(transaction, fleet.place, job.id)))
    ids = {target.job.id for target in targets}
    for device in fleet.devices:
        for task, job in await transaction.tasks.open_of_device(device.id):
            if job.id in ids:
                moved = task._replace(status=dice.choice([*OPEN, *OPEN, *TaskStatus]))
                assert await transaction.tasks.change(task, moved, NOW_MS)
    return targets


async def make_target(transaction: Transaction, fleet: Fleet, dice: random.Random, kinds: Sequence[str]) -> Target:
    """A job of one of the kinds, its target set frozen, with a cancel under way now and then. Nothing is filled yet."""
    how = {
        "firmware_id": (fleet.number << 32) + dice.getrandbits(32),  # or dynamic jobs would refuse each other
        "module_name": dice.choice(MODULES),
        "dest_version": dice.choice(VERSIONS),
        "need_confirm": dice.random() < 0.3,
        "overwrite_mode": dice.choice(list(OverwriteMode)),
        "multi_module_mode": dice.random() < 0.4,
        "required_version": dice.choice(["", "", "", *VERSIONS]),
        "rollout": Rollout(seed=dice.choice((None, None, dice.getrandbits(31)))),
    }
    target = await _MAKERS[dice.choice(kinds)](transaction, fleet, dice, how)
    if not target.job.is_filled:
        await transaction.targets.freeze(target.job)
    cancelled = frozenset(dice.sample(OPEN, dice.choice((0, 0, 1, 2))))
    if cancelled:
        await transaction.jobs.cancel_tasks(target.job.id, cancelled, NOW_MS)
    return target._replace(job=await must_find(transaction, fleet.place, target.job.id))


async def _for_all(transaction: Transaction, fleet: Fleet, dice: random.Random, how: dict[str, object]) -> Target:
    return Target(await _add(transaction, fleet, **{**how, **_sources(dice, how)}))


async def _for_names(transaction: Transaction, fleet: Fleet, dice: random.Random, how: dict[str, object]) -> Target:
    job = await _add(transaction, fleet, **{**how, "target_selection": TargetSelection.SPECIFIC})
    named = [device.id for device in fleet.devices if device.is_there and dice.random() < 0.6]
    await transaction.targets.add(job, tuple(named))
    return Target(job, frozenset(named))


async def _for_list(transaction: Transaction, fleet: Fleet, dice: random.Random, how: dict[str, object]) -> Target:
    """Names of devices of both products and of nobody, some of them twice."""
    names = ["nobody-1", "late-0", *(device.name for device in fleet.devices if dice.random() < 0.6)]
    names = dice.choices(names, k=dice.randrange(1, 3 * len(names)))
    reader = DeviceListReader()
    for part in [*reader.take("\n".join(names).encode()), *reader.finish()]:
        await transaction.device_lists.put_part(fleet.key, part)
    await transaction.device_lists.finish(fleet.key, DeviceList(reader.names, ""), NOW_MS)
    kind = {"target_selection": TargetSelection.SPECIFIC, "device_list_key": fleet.key}
    return Target(
        await _add(transaction, fleet, **{**how, **kind}),
        frozenset(device.id for device in fleet.devices if device.name in names and not device.is_foreign),
    )


async def _for_share(transaction: Transaction, fleet: Fleet, dice: random.Random, how: dict[str, object]) -> Target:
    kind = {"target_selection": TargetSelection.GRAY, "gray_percent": dice.choice(PERCENTS)}
    return Target(await _add(transaction, fleet, **{**how, **_sources(dice, how), **kind}))


async def _for_group(transaction: Transaction, fleet: Fleet, dice: random.Random, how: dict[str, object]) -> Target:
    kind = {"target_selection": TargetSelection.GROUP, "group_row_id": fleet.group.id, "group_id": fleet.group.group_id}
    return Target(
        await _add(transaction, fleet, **{**how, **kind}),
        frozenset(device.id for device in fleet.devices if device.is_member and not device.is_deleted),
    )


async def _for_versions(transaction: Transaction, fleet: Fleet, dice: random.Random, how: dict[str, object]) -> Target:
    sources = tuple(dice.sample(VERSIONS, dice.randrange(1, 4)))
    required = str(how["required_version"])
    kind = {**_dynamic(dice), "src_versions": (required,) if required else sources}
    job = await _add(transaction, fleet, **{**how, **kind})
    await transaction.strategies.add(job)
    return Target(job)


async def _for_rule(transaction: Transaction, fleet: Fleet, dice: random.Random, how: dict[str, object]) -> Target:
    place = dice.choice((fleet.place, fleet.place, fleet.place, fleet.foreign))
    tag = dice.choice(TAG_VALUES)
    rule = GroupRule(place.product_key, dice.choice(("", "lam", *NAMES)), True, TAG_KEY if tag else "", tag)
    if rule.name:
        rule = rule._replace(is_prefix=dice.random() < 0.6)
    group_id = f"rule-{fleet.number}-{dice.getrandbits(32)}"
    draft = GroupDraft(place.account_id, group_id, group_id, "", "", GroupType.DYNAMIC, NOW_MS, "", rule)
    kind = {**_dynamic(dice), "group_row_id": await transaction.groups.add(draft), "group_id": group_id}
    job = await _add(transaction, fleet, **{**how, **kind})
    await transaction.strategies.add(job)
    return Target(job, rule=rule)


_MAKERS = {
    "ALL": _for_all,
    "NAMES": _for_names,
    "LIST": _for_list,
    "GRAY": _for_share,
    "GROUP": _for_group,
    "VERSIONS": _for_versions,
    "RULE": _for_rule,
}


def _sources(dice: random.Random, how: dict[str, object]) -> dict[str, object]:
    """SrcVersion, which with a difference can only be its own (api-contract 7.3)."""
    required = str(how["required_version"])
    given = (required,) if required else tuple(dice.sample(VERSIONS, 2))
    return {"src_versions": dice.choice(((), given))}


def _dynamic(dice: random.Random) -> dict[str, object]:
    mode = dice.choice((DynamicMode.NOW_AND_LATER, DynamicMode.NOW_AND_LATER, DynamicMode.LATER))
    is_filled = mode is DynamicMode.LATER
    return {"selection_type": SelectionType.DYNAMIC, "dynamic_mode": mode, "is_gathered": True, "is_filled": is_filled}


async def _add(transaction: Transaction, fleet: Fleet, **changes: object) -> Job:
    given = {"is_gathered": False, **changes}
    newest = await transaction.devices.largest_id(fleet.place.product_id)
    job_id = await transaction.jobs.add(job_draft(fleet.place, newest, **given))
    return await must_find(transaction, fleet.place, job_id)
