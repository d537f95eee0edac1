"""Contract of Store: statuses, counts and deletion of devices and products, and applies (I4, I12, I15)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    NODE,
    NOW_MS,
    Place,
    add_devices,
    add_job,
    add_place,
    device_draft,
    fill,
    presence,
    tasks_of,
)
from whimbrel.domain.device import Device, DeviceCounts, DeviceStatus
from whimbrel.domain.paging import Page
from whimbrel.errors import StoreConflictError
from whimbrel.ports.store import Store, Transaction

UNACTIVE, ONLINE, OFFLINE, DISABLE = DeviceStatus
FIRST = Page(1, 50)


async def row(store: Transaction, place: Place, number: int) -> Device:
    device = await store.devices.by_name(place.account_id, place.product_key, f"dev-{number:04d}")
    assert device is not None
    return device


async def listed(store: Store, place: Place, *, of_product: bool = True) -> dict[DeviceStatus, list[str]]:
    """Status to names, newest first; that totals and counts agree with the rows is checked by the way."""
    product_id = place.product_id if of_product else None
    found: dict[DeviceStatus, list[str]] = {}
    async with store.snapshot() as snapshot:
        for status in DeviceStatus:
            listing = await snapshot.device_states.page(place.account_id, product_id, status, FIRST)
            assert listing.total == len(listing.rows)
            assert all(device.status is status for device in listing.rows)
            found[status] = [device.device_name for device in listing.rows]
        counts = await snapshot.device_states.counts(place.account_id, product_id)
    assert (counts.devices, counts.online) == (sum(map(len, found.values())), len(found[ONLINE]))
    return {status: names for status, names in found.items() if names}


class TestDeviceStates:
    async def test_lists_follow_every_change(self, rig: Rig) -> None:
        """A device is in the one list of its status, of its product and of its account, through all it may become."""
        place, other = await add_place(rig.store, 1), await add_place(rig.store, 2)
        [device_id] = await add_devices(rig.store, place, 1)
        await add_devices(rig.store, other, 1, prefix="other")
        name = "dev-0000"
        assert await listed(rig.store, place) == {UNACTIVE: [name]}
        for step, status in (
            ("connected", ONLINE),
            ("connected", ONLINE),
            ("disconnected", OFFLINE),
            ("connected", ONLINE),
            ("disable", DISABLE),
            ("disconnected", DISABLE),
            ("enable", OFFLINE),
        ):
            async with rig.store.transaction() as store:
                if step in ("disable", "enable"):
                    await getattr(store.device_changes, step)(await row(store, place, 0), NOW_MS)
                else:
                    await getattr(store.presences, step)(presence(device_id), NOW_MS)
            assert await listed(rig.store, place) == {status: [name]}, step
            everywhere = await listed(rig.store, place, of_product=False)
            assert everywhere.get(UNACTIVE, []) in (["other-0000"], ["other-0000", name])
            assert everywhere[status] == ([name] if status is not UNACTIVE else ["other-0000", name])

    async def test_enabled_before_it_ever_connected(self, rig: Rig) -> None:
        """A device that was disabled before its first connection is UNACTIVE again when it is enabled."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            await store.device_changes.disable(await row(store, place, 0), NOW_MS)
            await store.device_changes.enable(await row(store, place, 0), NOW_MS)
            assert (await row(store, place, 0)).status is UNACTIVE

    async def test_a_disabled_or_deleted_device_does_not_connect(self, rig: Rig) -> None:
        """A connection that was let in before the change changes nothing after it."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2)
        async with rig.store.transaction() as store:
            await store.device_changes.disable(await row(store, place, 0), NOW_MS)
            await store.device_changes.delete(await row(store, place, 1), NOW_MS)
            assert [await store.presences.connected(presence(device_id), NOW_MS) for device_id in ids] == [False] * 2
            login = await store.devices.login(place.product_key, "dev-0000")
            assert login is not None
            assert login.is_disabled
        assert await listed(rig.store, place) == {DISABLE: ["dev-0000"]}

    async def test_status_time(self, rig: Rig) -> None:
        """`status_ms` is when the status changed: a session that takes another over changes none."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        seen = []
        async with rig.store.transaction() as store:
            seen.append((await row(store, place, 0)).status_ms)
            await store.presences.connected(presence(device_id, 1), NOW_MS + 1)
            await store.presences.connected(presence(device_id, 2), NOW_MS + 2)
            seen.append((await row(store, place, 0)).status_ms)
            await store.presences.disconnected(presence(device_id, 1), NOW_MS + 3)
            seen.append((await row(store, place, 0)).status_ms)
            await store.presences.disconnected(presence(device_id, 2), NOW_MS + 4)
            seen.append((await row(store, place, 0)).status_ms)
        assert seen == [NOW_MS, NOW_MS + 1, NOW_MS + 1, NOW_MS + 4]

    async def test_counts(self, rig: Rig) -> None:
        """All devices, those online, and those that ever were; a deleted one is in none of them."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 5)
        async with rig.store.transaction() as store:
            for device_id in ids[:4]:
                await store.presences.connected(presence(device_id), NOW_MS)
            await store.presences.disconnected(presence(ids[0]), NOW_MS)
            await store.device_changes.disable(await row(store, place, 1), NOW_MS)
            await store.device_changes.delete(await row(store, place, 2), NOW_MS)
        async with rig.store.snapshot() as store:
            for product_id in (place.product_id, None):
                assert await store.device_states.counts(place.account_id, product_id) == DeviceCounts(4, 1, 3)
            assert await store.device_states.counts(place.account_id + 1, None) == DeviceCounts(0, 0, 0)

    async def test_a_node_starts_with_a_fleet(self, rig: Rig) -> None:
        """What a starting node's devices are counted as is moved in whole blocks, of all their products."""
        places = [await add_place(rig.store, 1), await add_place(rig.store, 2)]
        ids = [await add_devices(rig.store, place, 30) for place in places]
        async with rig.store.transaction() as store:
            for device_id in (*ids[0], *ids[1][:10]):
                await store.presences.connected(presence(device_id), NOW_MS)
            await store.presences.connected(presence(ids[1][10])._replace(node_id="another"), NOW_MS)
            await store.device_changes.disable(await row(store, places[0], 3), NOW_MS)
        for _ in range(2):
            async with rig.store.transaction() as store:
                await store.presences.clear_node(NODE, NOW_MS + 1)
        first, second = [await listed(rig.store, place) for place in places]
        assert {status: len(names) for status, names in first.items()} == {OFFLINE: 29, DISABLE: 1}
        assert {status: len(names) for status, names in second.items()} == {OFFLINE: 10, ONLINE: 1, UNACTIVE: 19}

    async def test_a_stale_view_is_a_conflict(self, rig: Rig) -> None:
        """What an operation read is compared with the row: a status that moved meanwhile is no silent overwrite."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            stale = await row(store, place, 0)
            await store.presences.connected(presence(device_id), NOW_MS)
            for change in (store.device_changes.disable, store.device_changes.delete):
                with pytest.raises(StoreConflictError):
                    await change(stale, NOW_MS)
        assert await listed(rig.store, place) == {ONLINE: ["dev-0000"]}


class TestCalls:
    """Devices that keep no session."""

    async def test_the_first_call_activates(self, rig: Rig) -> None:
        """A device that was never seen is OFFLINE and active then, once, with its address; counts follow."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        for _ in range(2):
            async with rig.store.transaction() as store:
                assert await store.presences.called(device_id, "192.0.2.1", NOW_MS)
        assert await listed(rig.store, place) == {OFFLINE: ["dev-0000"]}
        async with rig.store.snapshot() as snapshot:
            device = await row(snapshot, place, 0)
            counts = await snapshot.device_states.counts(place.account_id, place.product_id)
        assert (device.activated_ms, device.last_online_ms, device.ip_address) == (NOW_MS, NOW_MS, "192.0.2.1")
        assert (counts.online, counts.active) == (0, 1)

    @pytest.mark.parametrize(("later_ms", "seen_ms"), [(60_000, 0), (60_001, 60_001)])
    async def test_later_calls_are_kept_to_the_minute(self, rig: Rig, later_ms: int, seen_ms: int) -> None:
        """A device that calls often writes its row once a minute."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        for now_ms in (NOW_MS, NOW_MS + later_ms):
            async with rig.store.transaction() as store:
                assert await store.presences.called(device_id, "192.0.2.1", now_ms)
        async with rig.store.snapshot() as snapshot:
            assert (await row(snapshot, place, 0)).last_online_ms == NOW_MS + seen_ms

    async def test_a_new_address_is_kept_at_once(self, rig: Rig) -> None:
        """Whoever looks for the device wants to know where it is now."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        for address in ("192.0.2.1", "192.0.2.2"):
            async with rig.store.transaction() as store:
                assert await store.presences.called(device_id, address, NOW_MS)
        async with rig.store.snapshot() as snapshot:
            assert (await row(snapshot, place, 0)).ip_address == "192.0.2.2"

    async def test_a_call_leaves_a_session_alone(self, rig: Rig) -> None:
        """A device that is connected too stays ONLINE."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            await store.presences.connected(presence(device_id), NOW_MS)
            assert await store.presences.called(device_id, "192.0.2.1", NOW_MS + 1)
        assert await listed(rig.store, place) == {ONLINE: ["dev-0000"]}

    @pytest.mark.parametrize("way", ["disable", "delete"])
    @pytest.mark.parametrize("was_active", [True, False])
    async def test_A21_who_may_not_call(self, rig: Rig, way: str, was_active: bool) -> None:
        """A disabled or deleted device is told so, and nothing of it changes."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            if was_active:
                assert await store.presences.called(device_id, "192.0.2.1", NOW_MS)
            await getattr(store.device_changes, way)(await row(store, place, 0), NOW_MS)
        async with rig.store.transaction() as store:
            assert not await store.presences.called(device_id, "192.0.2.2", NOW_MS + 120_000)
        assert await listed(rig.store, place) == ({DISABLE: ["dev-0000"]} if way == "disable" else {})


class TestDeletedDevices:
    async def test_nothing_finds_it(self, rig: Rig) -> None:
        """No lookup, list, login or target set has a deleted device; its row and its tasks stay."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2)
        job = await fill(rig.store, await add_job(rig.store, place))
        async with rig.store.transaction() as store:
            device = await row(store, place, 1)
            await store.device_changes.delete(device, NOW_MS)
        names = ("dev-0000", "dev-0001", f"dev-0001~{device.id}")
        async with rig.store.snapshot() as store:
            for name in names[1:]:
                assert await store.devices.by_name(place.account_id, place.product_key, name) is None
            assert await store.devices.by_iot_id(place.account_id, device.iot_id) is None
            assert await store.devices.login(place.product_key, "dev-0001") is None
            assert await store.devices.login(place.product_key, f"dev-0001~{device.id}") is None
            assert await store.devices.ids_by_names(place.account_id, place.product_id, names) == {"dev-0000": ids[0]}
            assert (await store.devices.page(place.account_id, place.product_id, FIRST)).total == 1
            assert await store.devices.largest_id(place.product_id) == ids[0]
            assert await store.apply_names.taken(place.product_id, names) == {"dev-0000"}
        shown = {task.device_id for task in (await tasks_of(rig.store, job)).values()}
        assert shown == set(ids)
        assert set(await tasks_of(rig.store, await fill(rig.store, await add_job(rig.store, place)))) == {ids[0]}

    async def test_its_name_is_free(self, rig: Rig) -> None:
        """Another device may have the name at once, again and again; task lists show whose task it was."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 1)
        job = await fill(rig.store, await add_job(rig.store, place))
        for _ in range(2):
            async with rig.store.transaction() as store:
                await store.device_changes.delete(await row(store, place, 0), NOW_MS)
                await store.devices.add(device_draft(place, "dev-0000")._replace(iot_id=f"new{_}"))
        async with rig.store.snapshot() as store:
            tasks = await store.tasks.page(job.id, None, FIRST)
            assert [task.device_name for task in tasks.rows] == ["dev-0000"]
            assert (await row(store, place, 0)).iot_id == "new1"

    async def test_it_reports_nothing_any_more(self, rig: Rig) -> None:
        """A report that was under way when the device was deleted stores no version."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            await store.module_versions.put(device_id, "default", "1.0.0", NOW_MS)
            await store.device_changes.delete(await row(store, place, 0), NOW_MS)
            assert not await store.module_versions.put(device_id, "default", "2.0.0", NOW_MS)
            assert await store.module_versions.get(device_id, "default") == "1.0.0"

    async def test_cursor(self, rig: Rig) -> None:
        """A cursor goes on where it was, whatever came or went since."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 5)
        async with rig.store.transaction() as store:
            await store.device_changes.delete(await row(store, place, 2), NOW_MS)
            await add_devices_in(store, place, 3)
            rows = await store.devices.below(place.account_id, place.product_id, ids[3], 2)
            assert [device.id for device in rows] == [ids[1], ids[0]]
            assert await store.devices.below(place.account_id + 1, place.product_id, ids[3], 2) == []


async def add_devices_in(store: Transaction, place: Place, count: int) -> None:
    for number in range(count):
        await store.devices.add(device_draft(place, f"late-{number:04d}"))
