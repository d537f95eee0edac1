"""Cases of the store contract: how a fleet does, by samples (F21)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    NOW_MS,
    Place,
    add_devices,
    add_job,
    add_place,
    connect,
    fill,
    firmware_draft,
    presence,
    tasks_of,
)
from tests.reports.mouth import Device
from whimbrel.adapters.store.repositories import health as module
from whimbrel.domain.fleet_health import DAY_MS, HOUR_MS, Upgraded, VersionSample, since
from whimbrel.domain.job import Job
from whimbrel.ports.store import Store

LATER_MS = NOW_MS + 2 * DAY_MS
LOOKED_AT = since(7, 24, LATER_MS)


async def add_release(store: Store, place: Place, device_ids: list[int]) -> Job:
    """A job for all, whose devices have all succeeded."""
    draft = firmware_draft(place)
    async with store.transaction() as transaction:
        firmware_id = await transaction.firmware.add(draft)
    job = await fill(store, await add_job(store, place, firmware_id=firmware_id))
    for device_id in device_ids:
        await Device(store, device_id).version("2.0.0")
    return job


async def leave(store: Store, device_ids: list[int], at_ms: int) -> None:
    async with store.transaction() as transaction:
        for device_id in device_ids:
            await transaction.presences.disconnected(presence(device_id), at_ms)


class TestFleetHealth:
    async def test_F21_who_died_late(self, rig: Rig) -> None:
        """Who succeeded and was not heard for a day is lost, beside those of other versions that were not."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 20, "1.0.0")
        await connect(rig.store, ids)
        job = await add_release(rig.store, place, ids[:8])
        await leave(rig.store, [*ids[:3], ids[10]], NOW_MS + HOUR_MS)
        await leave(rig.store, [ids[4], ids[11]], LATER_MS - HOUR_MS)
        async with rig.store.snapshot() as store:
            upgraded = await store.health.upgraded(place.product_id, "default", LOOKED_AT)
            versions = await store.health.versions(place.product_id, "default", LOOKED_AT)
            counted = await store.health.devices(place.product_id, "default", "2.0.0")
        assert upgraded == [Upgraded(job.id, "2.0.0", 8, 3)]
        assert versions == [VersionSample("1.0.0", 12, 10, 12, 1), VersionSample("2.0.0", 8, 4, 8, 3)]
        assert counted == 8

    @pytest.mark.parametrize(("early_ms", "devices"), [(1, 4), (0, 0)])
    async def test_only_who_had_the_time(self, rig: Rig, early_ms: int, devices: int) -> None:
        """A device that succeeded less than the hours ago cannot have been quiet for so long."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 4, "1.0.0")
        job = await add_release(rig.store, place, ids)
        assert len(await tasks_of(rig.store, job)) == 4
        async with rig.store.snapshot() as store:
            found = await store.health.upgraded(place.product_id, "default", since(7, 24, NOW_MS + DAY_MS + early_ms))
        # They never connected, so nobody can say that they are lost.
        assert [row.devices for row in found] == [0]
        await connect(rig.store, ids)
        async with rig.store.snapshot() as store:
            found = await store.health.upgraded(place.product_id, "default", since(7, 24, NOW_MS + DAY_MS + early_ms))
        assert [row.devices for row in found] == [devices]

    async def test_a_sample(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of many devices so many are looked at, the same each time; counts stay counts."""
        monkeypatch.setattr(module, "SAMPLE_DEVICES", 5)
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 30, "1.0.0")
        await connect(rig.store, ids)
        await add_release(rig.store, place, ids[:12])
        async with rig.store.snapshot() as store:
            samples = [await store.health.versions(place.product_id, "default", LOOKED_AT) for _ in range(2)]
            upgraded = await store.health.upgraded(place.product_id, "default", LOOKED_AT)
        assert samples[0] == samples[1]
        assert sum(sample.devices for sample in samples[0]) == 5
        assert upgraded[0].devices == 5

    async def test_others_are_left_out(self, rig: Rig) -> None:
        """Another product's devices, other modules' jobs, and devices that are disabled."""
        place, other = await add_place(rig.store), await add_place(rig.store, 2)
        ids = await add_devices(rig.store, place, 2, "1.0.0")
        await connect(rig.store, [*ids, *await add_devices(rig.store, other, 3, "1.0.0", "other")])
        await add_release(rig.store, place, ids)
        async with rig.store.snapshot() as store:
            assert await store.health.upgraded(other.product_id, "default", LOOKED_AT) == []
            assert await store.health.upgraded(place.product_id, "mcu", LOOKED_AT) == []
            assert await store.health.versions(place.product_id, "mcu", LOOKED_AT) == [VersionSample("", 2, 2, 2, 0)]
