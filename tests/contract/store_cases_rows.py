"""Contract of Store: what each repository keeps, refuses and hides (I3, I4, I15, I17, A07, A13)."""

from __future__ import annotations

import pytest

from tests.contract.store_cases_rig import Rig
from tests.engine.world import (
    MD5,
    NODE,
    NOW_MS,
    SHA256,
    add_devices,
    add_job,
    add_place,
    device_draft,
    fill,
    firmware_draft,
    job_draft,
    presence,
    product_draft,
    secret_of,
    tasks_of,
)
from whimbrel.domain.device import DeviceStatus
from whimbrel.domain.firmware import FirmwareStatus, UploadedFile
from whimbrel.domain.job import JobStatus
from whimbrel.domain.ota_module import MODULES_PER_DEVICE_MAX
from whimbrel.domain.paging import Page
from whimbrel.errors import DeviceNameTakenError, FirmwareExistsError, ProductNameTakenError
from whimbrel.ports.store import DeviceLogin, FirmwareFilter, ProductFilter

FIRST = Page(1, 10)


class TestProducts:
    async def test_round_trip(self, rig: Rig) -> None:
        """A product is found as it was drafted, with the number of its devices."""
        place = await add_place(rig.store)
        await add_devices(rig.store, place, 2)
        async with rig.store.snapshot() as store:
            product = await store.products.by_key(place.account_id, place.product_key)
        assert product is not None
        assert product[2:-1] == product_draft(place.account_id)[1:]
        assert (product.id, product.account_id, product.device_count) == (place.product_id, place.account_id, 2)

    async def test_taken_name(self, rig: Rig) -> None:
        """A name is taken once an account; another account may use it."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            with pytest.raises(ProductNameTakenError):
                await store.products.add(product_draft(place.account_id, product_key="other"))
            other = await store.accounts.add("other", NOW_MS)
            assert await store.products.add(product_draft(other, product_key="other"))

    async def test_pages(self, rig: Rig) -> None:
        """Products are listed newest first, of one commodity code or of all, of one account."""
        async with rig.store.transaction() as store:
            mine, other = [await store.accounts.add(name, NOW_MS) for name in ("mine", "other")]
            for number, (account_id, code) in enumerate([(mine, "a"), (mine, "b"), (mine, "a"), (other, "a")]):
                await store.products.add(product_draft(account_id, number, commodity_code=code))
        listed = {}
        async with rig.store.snapshot() as store:
            for code in (None, "a", "b", "c"):
                listing = await store.products.page(mine, ProductFilter(code), FIRST)
                listed[code] = [product.name for product in listing.rows]
                assert listing.total == len(listing.rows)
        assert listed == {
            None: ["product2", "product1", "product0"],
            "a": ["product2", "product0"],
            "b": ["product1"],
            "c": [],
        }


class TestDevices:
    async def test_round_trip(self, rig: Rig) -> None:
        """A device is found by name and by IotId as it was drafted; its login has its secret."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        draft = device_draft(place, "dev-0000")
        async with (await rig.reopen()).snapshot() as store:
            device = await store.devices.by_name(place.account_id, place.product_key, "dev-0000")
            assert device == await store.devices.by_iot_id(place.account_id, draft.iot_id)
            login = await store.devices.login(place.product_key, "dev-0000")
        assert device is not None
        assert (device.id, device.device_name, device.iot_id) == (device_id, "dev-0000", draft.iot_id)
        assert (device.device_secret, device.created_ms) == (secret_of("dev-0000"), NOW_MS)
        assert (device.status, device.activated_ms) == (DeviceStatus.UNACTIVE, None)
        assert login == DeviceLogin(device_id, place.account_id, secret_of("dev-0000"), is_disabled=False)

    async def test_I15_other_accounts_find_nothing(self, rig: Rig) -> None:
        """An account sees nothing of another's products, devices, firmware, jobs and tasks, whatever it names."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        job = await fill(rig.store, await add_job(rig.store, place))
        task = (await tasks_of(rig.store, job))[device_id]
        async with rig.store.transaction() as store:
            firmware_id = await store.firmware.add(firmware_draft(place))
            other = await store.accounts.add("other", NOW_MS)
            assert await store.products.by_key(other, place.product_key) is None
            assert await store.devices.by_name(other, place.product_key, "dev-0000") is None
            assert await store.devices.by_iot_id(other, device_draft(place, "dev-0000").iot_id) is None
            assert await store.devices.ids_by_names(other, place.product_id, ("dev-0000",)) == {}
            assert (await store.devices.page(other, place.product_id, FIRST)).rows == []
            assert await store.firmware.by_id(other, firmware_id) is None
            assert await store.firmware.page(other, FirmwareFilter(place.product_key), FIRST) == ((), 0)
            assert await store.firmware.page(other, FirmwareFilter(None, "2.0.0"), FIRST) == ((), 0)
            assert await store.jobs.by_id(other, job.id) is None
            assert await store.jobs.state(other, job.id) is None
            assert await store.tasks.by_ids(other, (task.id,)) == []
            assert [found for found, _ in await store.tasks.by_ids(place.account_id, (task.id, 99))] == [task]

    async def test_taken_name(self, rig: Rig) -> None:
        """A device name is taken once a product."""
        first, second = await add_place(rig.store, 1), await add_place(rig.store, 2)
        await add_devices(rig.store, first, 1)
        await add_devices(rig.store, second, 1)
        with pytest.raises(DeviceNameTakenError, match="dev-0000"):
            await add_devices(rig.store, first, 1)

    async def test_ids(self, rig: Rig) -> None:
        """Names that exist give their ids, and the largest id is the product's own."""
        first, second = await add_place(rig.store, 1), await add_place(rig.store, 2)
        ids = await add_devices(rig.store, first, 2)
        await add_devices(rig.store, second, 1, prefix="theirs")
        async with rig.store.snapshot() as store:
            names = ("dev-0001", "theirs-0000", "dev-0000", "nobody")
            found = await store.devices.ids_by_names(first.account_id, first.product_id, names)
            assert found == {"dev-0000": ids[0], "dev-0001": ids[1]}
            assert await store.devices.largest_id(first.product_id) == ids[1]
            assert await store.devices.login(first.product_key, "theirs-0000") is None


class TestPresence:
    async def test_presence(self, rig: Rig) -> None:
        """The newest session holds a device's presence and alone takes it offline; the first activates the device."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        seen = []
        async with rig.store.transaction() as store:
            for step in ("connect 1", "connect 2", "leave 1", "leave 2"):
                word, session_id = step.split()
                if word == "connect":
                    await store.presences.connected(presence(device_id, int(session_id)), NOW_MS + int(session_id))
                else:
                    await store.presences.disconnected(presence(device_id, int(session_id)), NOW_MS + 9)
                device = await store.devices.by_name(place.account_id, place.product_key, "dev-0000")
                assert device is not None
                seen.append((device.status, device.activated_ms, device.last_online_ms, device.ip_address))
        online, offline = DeviceStatus.ONLINE, DeviceStatus.OFFLINE
        assert seen == [
            (online, NOW_MS + 1, NOW_MS + 1, "127.0.0.1"),
            (online, NOW_MS + 1, NOW_MS + 2, "127.0.0.1"),
            (online, NOW_MS + 1, NOW_MS + 2, "127.0.0.1"),
            (offline, NOW_MS + 1, NOW_MS + 2, "127.0.0.1"),
        ]

    async def test_a_node_that_starts(self, rig: Rig) -> None:
        """A starting node's old sessions are gone, another node's stay."""
        place = await add_place(rig.store)
        ids = await add_devices(rig.store, place, 2)
        async with rig.store.transaction() as store:
            await store.presences.connected(presence(ids[0]), NOW_MS)
            await store.presences.connected(presence(ids[1])._replace(node_id="another"), NOW_MS)
            await store.presences.clear_node(NODE, NOW_MS)
            rows = (await store.devices.page(place.account_id, place.product_id, FIRST)).rows
        assert [row.status for row in rows] == [DeviceStatus.ONLINE, DeviceStatus.OFFLINE]

    async def test_I17_modules_are_bounded(self, rig: Rig) -> None:
        """A device may report a bounded number of modules; known ones may change for ever."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            for number in range(MODULES_PER_DEVICE_MAX):
                assert await store.module_versions.put(device_id, f"m{number}", "1", NOW_MS + number)
            assert not await store.module_versions.put(device_id, "one-more", "1", NOW_MS)
            assert await store.module_versions.get(device_id, "one-more") is None
            assert await store.module_versions.put(device_id, "m0", "2", NOW_MS + 999)
            listing = await store.module_versions.page(device_id, Page(1, 2))
        assert listing.total == MODULES_PER_DEVICE_MAX
        assert [row[:2] for row in listing.rows] == [("m0", "2"), (f"m{MODULES_PER_DEVICE_MAX - 1}", "1")]

    async def test_the_default_module_is_listed_first(self, rig: Rig) -> None:
        """The module `default` comes before modules that were reported later."""
        place = await add_place(rig.store)
        [device_id] = await add_devices(rig.store, place, 1)
        async with rig.store.transaction() as store:
            for number, name in enumerate(["default", "a", "z"]):
                await store.module_versions.put(device_id, name, "1", NOW_MS + number)
            rows = (await store.module_versions.page(device_id, FIRST)).rows
        assert [row.module_name for row in rows] == ["default", "z", "a"]


class TestFirmware:
    async def test_round_trip(self, rig: Rig) -> None:
        """Firmware is found as it was drafted, by its account and by a link."""
        place = await add_place(rig.store)
        draft = firmware_draft(place, udi="u" * 4096, description="说明")
        async with rig.store.transaction() as store:
            firmware_id = await store.firmware.add(draft)
            firmware = await store.firmware.by_id(place.account_id, firmware_id)
            assert firmware == await store.firmware.by_link(firmware_id)
        assert firmware is not None
        assert {name: getattr(firmware, name) for name in draft._fields} == draft._asdict()
        assert (firmware.product_key, firmware.product_name, firmware.modified_ms) == (
            place.product_key,
            "product1",
            NOW_MS,
        )

    async def test_taken(self, rig: Rig) -> None:
        """A name is taken once an account, a version once a product's module, type and source version."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            await store.firmware.add(firmware_draft(place))
            with pytest.raises(FirmwareExistsError, match="name"):
                await store.firmware.add(firmware_draft(place, "3.0.0", name="firmware-2.0.0"))
            with pytest.raises(FirmwareExistsError, match=r"version 2\.0\.0"):
                await store.firmware.add(firmware_draft(place, name="another"))
            for number, changes in enumerate(({"module_name": "MCU"}, {"type": 1, "src_version": "1.0.0"})):
                await store.firmware.add(firmware_draft(place, name=f"n{number}", **changes))

    async def test_pages(self, rig: Rig) -> None:
        """Firmware is listed newest first, by product and version as asked for, and leaves the lists when deleted."""
        first, second = await add_place(rig.store, 1), await add_place(rig.store, 2)
        async with rig.store.transaction() as store:
            for number, (place, version) in enumerate([(first, "1"), (first, "2"), (second, "1")]):
                await store.firmware.add(firmware_draft(place, version, name=f"n{number}"))
            gone = await store.firmware.add(firmware_draft(first, "3", name="gone"))
            firmware = await store.firmware.by_id(first.account_id, gone)
            assert firmware is not None
            await store.firmware.delete(firmware)
            await store.firmware.delete(firmware)
        listed = {}
        async with rig.store.snapshot() as store:
            for key in (None, first.product_key, "nothing"):
                for version in (None, "1", "3"):
                    listing = await store.firmware.page(first.account_id, FirmwareFilter(key, version), FIRST)
                    listed[key, version] = [row.name for row in listing.rows]
                    assert listing.total == len(listing.rows)
        assert listed == {
            (None, None): ["n2", "n1", "n0"],
            (None, "1"): ["n2", "n0"],
            (None, "3"): [],
            (first.product_key, None): ["n1", "n0"],
            (first.product_key, "1"): ["n0"],
            (first.product_key, "3"): [],
            ("nothing", None): [],
            ("nothing", "1"): [],
            ("nothing", "3"): [],
        }

    async def test_move(self, rig: Rig) -> None:
        """The verification status moves only from where the caller saw it."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            firmware_id = await store.firmware.add(firmware_draft(place, status=0))
            move = (firmware_id, FirmwareStatus.UNVERIFIED, FirmwareStatus.VERIFYING, NOW_MS + 1)
            assert await store.firmware.move(*move)
            assert not await store.firmware.move(*move)
            firmware = await store.firmware.by_id(place.account_id, firmware_id)
        assert firmware is not None
        assert (firmware.status, firmware.modified_ms) == (FirmwareStatus.VERIFYING, NOW_MS + 1)

    async def test_references(self, rig: Rig) -> None:
        """An object is referenced by firmware, by unfinished jobs and by recent uploads, and by nothing else."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            assert not await store.firmware.is_referenced(SHA256, 0)
            firmware_id = await store.firmware.add(firmware_draft(place))
            assert await store.firmware.is_referenced(SHA256, 0)
            firmware = await store.firmware.by_id(place.account_id, firmware_id)
            assert firmware is not None
            await store.firmware.delete(firmware)
            assert not await store.firmware.is_referenced(SHA256, 0)
            job_id = await store.jobs.add(job_draft(place, 0))
            assert await store.firmware.is_referenced(SHA256, 0)
            await store.jobs.end(job_id, JobStatus.COMPLETED, NOW_MS)
            assert not await store.firmware.is_referenced(SHA256, 0)
            await store.uploads.issue(place.account_id, "key", NOW_MS + 9, NOW_MS)
            await store.uploads.begin("key", NOW_MS)
            await store.uploads.finish("key", UploadedFile("key", SHA256, MD5, 1, NOW_MS, False))
            assert await store.firmware.is_referenced(SHA256, NOW_MS)
            assert not await store.firmware.is_referenced(SHA256, NOW_MS + 1)


class TestUploads:
    @pytest.mark.parametrize(
        ("at_ms", "is_in_time"), [(NOW_MS + 99, True), (NOW_MS + 100, True), (NOW_MS + 101, False)]
    )
    async def test_A13_expiry(self, rig: Rig, at_ms: int, is_in_time: bool) -> None:
        """Upload credentials are good up to and with their last millisecond."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            await store.uploads.issue(place.account_id, "key", NOW_MS + 100, NOW_MS)
            assert await store.uploads.begin("key", at_ms) is is_in_time

    async def test_A13_single_use(self, rig: Rig) -> None:
        """Upload credentials are begun once and finished once, and unknown ones never; only then there is a file."""
        place = await add_place(rig.store)
        file = UploadedFile("key", SHA256, MD5, 7, NOW_MS + 5, False)
        async with rig.store.transaction() as store:
            await store.uploads.issue(place.account_id, "key", NOW_MS + 100, NOW_MS)
            assert not await store.uploads.finish("key", file)
            assert [await store.uploads.begin(key, NOW_MS) for key in ("key", "key", "nothing")] == [True, False, False]
            assert await store.uploads.by_key(place.account_id, "key") is None
            assert [await store.uploads.finish("key", file) for _ in range(2)] == [True, False]
            assert await store.uploads.by_key(place.account_id, "key") == file
            assert await store.uploads.by_key(place.account_id + 1, "key") is None
            await store.uploads.mark_used("key")
            assert await store.uploads.by_key(place.account_id, "key") == file._replace(is_used=True)

    async def test_forget(self, rig: Rig) -> None:
        """Old uploads are forgotten, and only those."""
        place = await add_place(rig.store)
        async with rig.store.transaction() as store:
            for number in range(3):
                await store.uploads.issue(place.account_id, f"key{number}", NOW_MS + 100, NOW_MS + number)
            assert await store.uploads.forget_before(NOW_MS + 2) == 2
            assert [await store.uploads.begin(f"key{number}", NOW_MS) for number in range(3)] == [False, False, True]
