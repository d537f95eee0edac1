"""Contract of reading ahead: a batch of reports ends as the same reports one by one do (I1, I3, I4)."""

from __future__ import annotations

import random

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    EVERYTHING,
    LINKS,
    NOW_MS,
    Place,
    add_devices,
    add_job,
    add_place,
    connect,
    count_errors,
    fill,
    presence,
    rows_of,
    tasks_of,
)
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.job import Job, SelectionType
from whimbrel.domain.ota_module import MODULES_PER_DEVICE_MAX
from whimbrel.domain.task import TaskStatus, moved
from whimbrel.ports.store import Store, Transaction
from whimbrel.reports.declaration import ReportContext
from whimbrel.reports.get_firmware import PullMessage, pull
from whimbrel.reports.inform_version import VersionMessage, VersionParams
from whimbrel.reports.inform_version import handle as _inform
from whimbrel.reports.presence import called, connected, disconnected
from whimbrel.reports.report_progress import ProgressMessage, ProgressParams
from whimbrel.reports.report_progress import handle as _progress

VERSIONS = ("1.0.0", "2.0.0", "2.0.0", "3.0.0", "9.9.9")
DEVICES = 6

Said = tuple[int, str, str, str]
"""Which device, which report, its module, its content."""


def draw(dice: random.Random) -> list[Said]:
    """Some thirty reports of a few devices, with repetitions, in any order."""
    kinds = ("progress", "progress", "progress", "version", "version", "pull", "call", "connect", "disconnect")
    return [
        (
            dice.randrange(DEVICES),
            kind,
            dice.choice(("default", "default", "MCU")),
            dice.choice(VERSIONS) if kind == "version" else dice.choice(("5", "40", "100", "-1", "-3")),
        )
        for kind in dice.choices(kinds, k=30)
    ]


def session_of(content: str) -> int:
    """One of two sessions: an old one may end after a newer one has begun."""
    return 1 if content.startswith("-") else 2


async def say(store: Transaction, device_id: int, said: Said, at_ms: int) -> None:
    context = ReportContext(device_id, at_ms, store, LINKS)
    _, kind, module, content = said
    match kind:
        case "progress":
            message = ProgressMessage(params=ProgressParams(step=content, desc=content, module=module))
            await _progress.handle(message, context)
        case "version":
            await _inform.handle(VersionMessage(params=VersionParams(version=content, module=module)), context)
        case "pull":
            await pull(PullMessage(module=module), context)
        case "call":
            await called("192.0.2.7", context)
        case "connect":
            await connected(presence(device_id, session_of(content)), context)
        case _:
            await disconnected(presence(device_id, session_of(content)), context)


async def furnish(store: Store) -> tuple[Place, list[int], list[Job]]:
    """Devices with tasks of jobs that retry, pace, confirm or follow versions."""
    place = await add_place(store)
    ids = await add_devices(store, place, DEVICES, "1.0.0")
    await connect(store, ids[:2])
    ways = {"retry_minutes": 0, "retry_count": 2, "timeout_minutes": 5, "multi_module_mode": True}
    jobs = [
        await fill(store, await add_job(store, place, **ways)),
        await fill(store, await add_job(store, place, module_name="MCU", maximum_per_minute=10, **ways)),
    ]
    dynamic = {"selection_type": SelectionType.DYNAMIC, "is_filled": True, "dynamic_mode": 2, "dest_version": "3.0.0"}
    followed = await add_job(store, place, firmware_id=2, src_versions=("2.0.0",), **dynamic)
    async with store.transaction() as transaction:
        await transaction.strategies.add(followed)
    return place, ids, [*jobs, followed]


async def state_of(store: Store, place: Place, ids: list[int], jobs: list[Job]) -> list[object]:
    """All that reports change."""
    seen: list[object] = [[row._replace(modified_ms=0) for row in await rows_of(store, job)] for job in jobs]
    async with store.snapshot() as snapshot:
        for device_id in ids:
            versions = (await snapshot.module_versions.page(device_id, EVERYTHING)).rows
            seen.append(sorted((row.module_name, row.version) for row in versions))
        seen += [(await snapshot.device_states.counts(place.account_id, place.product_id))]
        seen += (await snapshot.devices.page(place.account_id, place.product_id, EVERYTHING)).rows
        for job in jobs:
            found = await snapshot.jobs.state(job.account_id, job.id)
            assert found is not None
            seen.append((found.counts, found.has_ready))
    return seen


class TestReadAhead:
    @pytest.mark.parametrize("seed", range(12))
    async def test_I4_a_batch_is_its_reports_one_by_one(self, rig: Rig, seed: int) -> None:
        """Whatever is reported, the store is the same whether it was read ahead or not, and its counts are right."""
        said = draw(random.Random(seed))
        dice = random.Random(seed)
        batched, single = rig.store, rig.fresh()
        try:
            place, ids, jobs = await furnish(batched)
            await furnish(single)
            for number, one in enumerate(said):
                async with single.transaction() as store:
                    await say(store, ids[one[0]], one, NOW_MS + number)
            number = 0
            while number < len(said):
                batch = said[number : number + dice.randint(1, 12)]
                turns = {ids[one[0]] for one in batch if one[1] in ("version", "call", "connect", "disconnect")}
                async with batched.transaction() as store:
                    await store.read_ahead({ids[one[0]] for one in batch}, turns)
                    for place_in_batch, one in enumerate(batch):
                        await say(store, ids[one[0]], one, NOW_MS + number + place_in_batch)
                number += len(batch)
            assert await state_of(batched, place, ids, jobs) == await state_of(single, place, ids, jobs)
            assert await count_errors(batched, jobs) == []
        finally:
            await single.close()

    async def test_what_was_changed_is_read(self, rig: Rig) -> None:
        """Inside the transaction every other read sees what was changed ahead."""
        place = await add_place(rig.store)
        device_id, other_id = await add_devices(rig.store, place, 2)
        job = await fill(rig.store, await add_job(rig.store, place))
        task = (await tasks_of(rig.store, job))[device_id]
        async with rig.store.transaction() as store:
            await store.read_ahead([device_id, other_id], [device_id])
            notified = moved(task, TaskStatus.NOTIFIED)
            assert notified is not None
            assert await store.tasks.change(task, notified, NOW_MS)
            assert await store.module_versions.put(device_id, "default", "1.5.0", NOW_MS)
            found = await store.tasks.with_job(task.id)
            assert found is not None
            assert found[0].status is TaskStatus.NOTIFIED
            assert (await store.module_versions.page(device_id, EVERYTHING)).rows[0].version == "1.5.0"
            assert await store.module_versions.get(device_id, "default") == "1.5.0"

    async def test_I4_a_device_that_calls_and_connects(self, rig: Rig) -> None:
        """Its first call and its connection in one batch count it once: what the call changed is not read ahead."""
        place = await add_place(rig.store)
        (device_id,) = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            await store.read_ahead([device_id], [device_id])
            assert await store.presences.called(device_id, "192.0.2.7", NOW_MS)
            assert await store.presences.connected(presence(device_id, 1), NOW_MS)
        async with rig.store.snapshot() as snapshot:
            counts = await snapshot.device_states.counts(place.account_id, place.product_id)
            (device,) = (await snapshot.devices.page(place.account_id, place.product_id, EVERYTHING)).rows
        assert device.status is DeviceStatus.ONLINE
        assert counts == (1, 1, 1)

    async def test_I4_an_old_view_is_refused(self, rig: Rig) -> None:
        """A change of a task that has moved within the batch is refused, as the statement would refuse it."""
        place = await add_place(rig.store)
        (device_id,) = await add_devices(rig.store, place, 1)
        job = await fill(rig.store, await add_job(rig.store, place))
        task = (await tasks_of(rig.store, job))[device_id]
        failed = moved(task._replace(status=TaskStatus.NOTIFIED), TaskStatus.FAILED, "first")
        canceled = moved(task, TaskStatus.CANCELED, "second")
        assert failed is not None
        assert canceled is not None
        async with rig.store.transaction() as store:
            await store.read_ahead([device_id], [])
            assert await store.tasks.change(task, failed, NOW_MS)
            assert not await store.tasks.change(task, canceled, NOW_MS)
            assert await store.tasks.open_of_device(device_id) == []
        assert (await tasks_of(rig.store, job))[device_id].description == "first"

    async def test_an_undone_batch_leaves_nothing(self, rig: Rig) -> None:
        """What was changed ahead is undone with the transaction (I1)."""
        place = await add_place(rig.store)
        (device_id,) = await add_devices(rig.store, place, 1)
        job = await fill(rig.store, await add_job(rig.store, place))
        task = (await tasks_of(rig.store, job))[device_id]

        async def fail_at_the_end() -> None:
            async with rig.store.transaction() as store:
                await store.read_ahead([device_id], [device_id])
                await store.tasks.change(task, task._replace(status=TaskStatus.CANCELED), NOW_MS)
                await store.module_versions.put(device_id, "default", "1.5.0", NOW_MS)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail_at_the_end()
        assert (await tasks_of(rig.store, job))[device_id] == task
        async with rig.store.snapshot() as snapshot:
            assert await snapshot.module_versions.get(device_id, "default") is None

    async def test_deleted_and_unknown_devices(self, rig: Rig) -> None:
        """A device that is gone has no task and takes no version, read ahead or not."""
        place = await add_place(rig.store)
        (device_id,) = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            device = await store.devices.by_name(place.account_id, place.product_key, "dev-0000")
            assert device is not None
            assert device.status is DeviceStatus.UNACTIVE
            await store.device_changes.delete(device, NOW_MS)
        async with rig.store.transaction() as store:
            await store.read_ahead([device_id, 999_999], [device_id, 999_999])
            for gone in (device_id, 999_999):
                assert await store.tasks.open_of_device(gone) == []
                assert not await store.module_versions.put(gone, "default", "1", NOW_MS)

    @pytest.mark.parametrize("modules", [MODULES_PER_DEVICE_MAX - 1, MODULES_PER_DEVICE_MAX])
    async def test_I17_modules_are_bounded(self, rig: Rig, modules: int) -> None:
        """One module more than a device may report is refused within a batch as it is alone."""
        place = await add_place(rig.store)
        (device_id,) = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            await store.read_ahead([device_id], [device_id])
            for number in range(modules):
                assert await store.module_versions.put(device_id, f"module-{number}", "1", NOW_MS)
            is_taken = await store.module_versions.put(device_id, "last", "1", NOW_MS)
            assert is_taken is (modules < MODULES_PER_DEVICE_MAX)
            assert await store.module_versions.put(device_id, "module-0", "2", NOW_MS)
